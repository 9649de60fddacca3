package handlers

import (
	"context"

	"saqbol/fraud"
	"saqbol/locales"
)

// cancel answers /cancel: it closes whatever is open, at once.
func (r *Router) cancel(_ context.Context, t Turn) (Reply, error) {
	if !t.Session.Open() {
		return Say(locales.M("cancel.nothing")), nil
	}
	return cancelled(t), nil
}

// cancelled closes the conversation and says that nothing was filed.
func cancelled(t Turn) Reply {
	return Reply{
		Messages: []Message{{Text: []locales.Msg{locales.M("cancel.done")}, Edit: place(t)}},
		Delete:   leftover(t), // its buttons would only mislead now
		Change:   fraud.Change{Session: &fraud.Session{}},
	}
}
