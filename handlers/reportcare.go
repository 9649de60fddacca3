package handlers

import (
	"saqbol/fraud"
	"saqbol/locales"
)

// careFirst answers a cry for help inside a report as it is answered without one.
// The step stays open above, and the draft is kept with what the notes tell of.
func careFirst(t Turn, d *reportDraft, c cry, notes ...locales.Msg) (Reply, error) {
	raw, err := d.encode()
	if err != nil {
		return Reply{}, err
	}
	session := t.Session
	session.Draft = raw
	text := append(append(c.care(), locales.Msg{}), notes...)
	return Reply{
		Messages: []Message{{
			Text:    append(text, locales.M("common.draft_kept")),
			Buttons: [][]Button{nowButton(), continueDraft()},
		}},
		Change: fraud.Change{Session: &session},
	}, nil
}

// urgent says above a step what can't wait until the report is filed: somebody
// has just told that money or data are gone.
func urgent(reply Reply, err error) (Reply, error) {
	if err == nil {
		m := &reply.Messages[0]
		m.Text = append([]locales.Msg{locales.M("report.urgent"), {}}, m.Text...)
		m.Buttons = append(m.Buttons, nowButton())
	}
	return reply, err
}

// alarmed is urgent where the answer that led to a step tells of such a loss.
func (r *Router) alarmed(t Turn) func(Reply, error) (Reply, error) {
	if r.cry(t).lost() {
		return urgent
	}
	return func(reply Reply, err error) (Reply, error) { return reply, err }
}
