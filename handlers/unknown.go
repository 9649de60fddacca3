package handlers

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"saqbol/locales"
)

// unknownCommand answers a command that does not exist.
func (r *Router) unknownCommand(_ context.Context, t Turn) (Reply, error) {
	return notUnderstood(t, "unknown.command"), nil
}

// strangeCommand reports whether a text is meant as a command in letters that
// Telegram takes for none: /көмек, /стоп. With a number to check it is a text.
func (r *Router) strangeCommand(text string) bool {
	word, ok := strings.CutPrefix(text, "/")
	if !ok {
		return false
	}
	first, _ := utf8.DecodeRuneInString(word)
	return first >= utf8.RuneSelf && unicode.IsLetter(first) && len(r.deps.Recognise.Find(text)) == 0
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
