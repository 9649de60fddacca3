package handlers

import (
	"context"

	"saqbol/fraud"
	"saqbol/locales"
)

// cancel answers /cancel: it closes whatever is open. Of a report that would be lost
// it asks first; said again, it asks no more.
func (r *Router) cancel(_ context.Context, t Turn) (Reply, error) {
	if !t.Session.Open() {
		return Say(locales.M("cancel.nothing")), nil
	}
	d, err := readDraft(t.Session.Draft)
	if err != nil || d.Pending != nil {
		return cancelled(t), nil
	}
	return r.cancelReport(t, d)
}

// cancelReport closes a report, after a question where more than a subject was told.
func (r *Router) cancelReport(t Turn, d *reportDraft) (Reply, error) {
	if !d.told() {
		return cancelled(t), nil
	}
	return r.askPending(t, d, &pendingCommand{Name: pendingCancel})
}

// cancelled closes the conversation and says that nothing was filed.
func cancelled(t Turn) Reply {
	return Reply{
		Messages: []Message{{Text: []locales.Msg{locales.M("cancel.done")}, Edit: place(t)}},
		Delete:   leftover(t), // its buttons would only mislead now
		Change:   fraud.Change{Session: &fraud.Session{}},
	}
}
