package handlers

import (
	"context"
	"time"

	"saqbol/fraud"
	"saqbol/locales"
)

// ask judges subjects, unless a limit is reached: then nobody is asked anything,
// so that the answer and its time say nothing of them.
func (r *Router) ask(ctx context.Context, t Turn, subjects []fraud.Subject) ([]finding, refusal, error) {
	n := 0
	for _, s := range subjects {
		if s.Kind.Reportable() {
			n++
		}
	}
	if refused := r.deps.Quota.check(ctx, t.Person, n); refused.given() {
		return nil, refused, nil
	}
	findings, err := r.look(ctx, t.Known, subjects)
	if err != nil {
		r.deps.Quota.giveBack(t.Person, n)
	}
	for i := range findings {
		findings[i].notAfter(t.Now)
	}
	return findings, refusal{}, err
}

// notNow answers a check beyond a limit: why, until when, and what helps now. It
// says nothing about what was asked; of a call for help and a secret in the
// person's own message it speaks as always.
func (r *Router) notNow(t Turn, refused refusal) Reply {
	cry := r.cry(t).lost()
	if refused.quiet && !cry {
		return Reply{Limited: refused.why} // said a moment ago, more than once
	}
	m := Message{}
	if cry {
		m.Text = append(m.Text, locales.M("check.care"), locales.Msg{})
	}
	m.Text = append(m.Text, locales.M("quota.check."+string(refused.why), "Time", clockTimeOf(refused.until)), locales.Msg{})
	m.Buttons = append(m.Buttons, nowButton())
	r.addSecret(&m, t, false)
	m.Text = append(m.Text, locales.M("quota.next"))
	return Reply{Messages: []Message{m}, Limited: refused.why}
}

// noReport answers a report beyond a limit before anything is typed in. What is
// open stays open.
func noReport(t Turn, refused refusal) Reply {
	m := Message{
		Text: []locales.Msg{
			locales.M("quota.report."+string(refused.why), "Time", clockTimeOf(refused.until)), {},
			locales.M("quota.report_next"),
		},
		Buttons: [][]Button{nowButton(), {{Label: locales.M("report.btn.my"), Mark: "📋", Data: "my:p:0"}}},
	}
	if t.Private && t.Session.Open() {
		m.Text = append(m.Text, locales.Msg{}, locales.M("common.draft_kept"))
		m.Buttons = append(m.Buttons, continueDraft())
	}
	return Reply{Messages: []Message{m}, Limited: refused.why}
}

// keepReport shows the open report again: nothing of it is lost, it can be filed
// when the limit has passed.
func (r *Router) keepReport(t Turn, d *reportDraft, step string, refused refusal) (Reply, error) {
	reply, err := r.show(t, d, step, locales.M("quota.report_kept", "Time", clockTimeOf(refused.until)))
	reply.Limited = refused.why
	return reply, err
}

// disputeUnseen answers a press of "not a scam" beyond a limit, without showing the
// check. An objection is taken back all the same; a new one waits: whether there
// is anything to object to would say what is reported.
func disputeUnseen(ref fraud.Ref, disputed, on bool, refused refusal) Reply {
	switch {
	case on && !disputed:
		return Reply{Toast: locales.M("quota.dispute", "Time", clockTimeOf(refused.until)), Limited: refused.why}
	case on == disputed: // said before
		return Reply{Toast: disputeSaid(on)}
	}
	return Reply{Toast: disputeSaid(on), Change: fraud.Change{Dispute: &fraud.Dispute{Subject: ref}}}
}

// clockTimeOf is a time of the day in Kazakhstan: limits end within a day. In the
// hour after midnight the day is named too: "from 00:00" reads as though it were over.
func clockTimeOf(at time.Time) any {
	at = at.In(almaty())
	clock := at.Format("15:04")
	if at.Hour() == 0 {
		return locales.M("report.when.at", "Day", locales.Day(at), "Time", clock)
	}
	return clock
}
