package handlers

import (
	"context"

	"saqbol/locales"
)

// help answers /help: the simplest way first, then every command.
func (r *Router) help(_ context.Context, _ Turn) (Reply, error) {
	text := []locales.Msg{locales.M("help.head"), {}}
	for _, name := range commandNames() {
		text = append(text, locales.M("help.line", "Command", "/"+name, "What", locales.M("command."+name)))
	}
	return Say(append(text, locales.Msg{}, locales.M("help.next"))...), nil
}

// commandNames lists the commands in the order in which they matter.
func commandNames() []string {
	return []string{"check", "report", "emergency", "tips", "my", "stats", "settings", "language", "privacy", "help", "cancel"}
}
