package handlers

import (
	"context"

	"saqbol/locales"
)

// emergency answers /emergency: the first steps after money or data was given,
// at once and whatever else is open.
func (r *Router) emergency(_ context.Context, _ Turn) (Reply, error) {
	m := Message{Text: []locales.Msg{
		locales.M("emergency.head"), {},
		locales.M("emergency.bank"),
		locales.M("emergency.keep"),
		locales.M("emergency.police"), {},
		locales.M("emergency.later"),
		locales.M("emergency.victim"),
		locales.M("emergency.lender"),
		locales.M("emergency.loan"), {},
		locales.M("emergency.operator"),
		locales.M("emergency.again"), {},
		locales.M("emergency.next"),
	}}
	return Reply{Messages: []Message{m}}, nil
}

// emergencyButton answers now: in a message of its own, so that the check it
// stands under stays in sight.
func (r *Router) emergencyButton(ctx context.Context, t Turn) (Reply, error) {
	return r.emergency(ctx, t)
}
