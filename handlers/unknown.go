package handlers

import (
	"context"

	"saqbol/locales"
)

// unknownCommand answers a command that does not exist.
func (r *Router) unknownCommand(_ context.Context, t Turn) (Reply, error) {
	return notUnderstood(t, "unknown.command"), nil
}

// unknownMedia answers a voice message, a photo or a file without words that no
// conversation awaits: nobody here listens to it or reads it.
func (r *Router) unknownMedia(_ context.Context, t Turn) (Reply, error) {
	if t.File.Kind == "voice" || t.File.Kind == "audio" {
		return notUnderstood(t, "unknown.voice"), nil
	}
	return notUnderstood(t, "unknown.media"), nil
}

// unknownThing answers a sticker, a location, a poll.
func (r *Router) unknownThing(_ context.Context, t Turn) (Reply, error) {
	return notUnderstood(t, "unknown.thing"), nil
}

// notUnderstood says in one sentence what was not understood and how to go on. In the
// middle of a draft it says how to finish that.
func notUnderstood(t Turn, key string) Reply {
	if t.Session.Open() {
		return Say(locales.M(key), locales.M("unknown.draft"))
	}
	return Say(locales.M(key), locales.M("unknown.next"))
}
