package handlers

import (
	"context"

	"saqbol/locales"
)

// privacy answers /privacy: the policy in short, and the way to one's own data.
// The long form is docs/privacy.md; both say the same.
func (r *Router) privacy(_ context.Context, _ Turn) (Reply, error) {
	return Reply{Messages: []Message{{
		Text: []locales.Msg{
			locales.M("privacy.head"), {},
			locales.M("privacy.not_kept"), {},
			locales.M("privacy.kept"), {},
			locales.M("privacy.how"), {},
			locales.M("privacy.seen"), {},
			locales.M("privacy.consent"), {},
			locales.M("privacy.rights"),
		},
		Buttons: [][]Button{
			{{Label: locales.M("settings.button.export"), Data: "set:export"}},
			{{Label: locales.M("settings.button.erase"), Data: "set:erase"}},
		},
	}}}, nil
}
