package handlers

import (
	"context"
	"slices"
	"strings"

	"saqbol/fraud"
	"saqbol/locales"
)

// verdictFirst is the check of what is named in an answer to a step, the same as
// without a report, to be read before the step: an open report must not keep a
// warning from anybody. At the step for subjects verdictNotes say it.
func (r *Router) verdictFirst(ctx context.Context, t Turn, d *reportDraft, step string) ([]Message, error) {
	if step == stepSubjects {
		return nil, nil
	}
	found := slices.DeleteFunc(r.hear(t).found, func(s fraud.Subject) bool {
		switch s.Kind {
		case fraud.KindShort:
			return !has(d.Offered, r.keep(s)) // part of an answer that was understood
		case fraud.KindBadCard, fraud.KindBadIBAN:
			return step == stepAmount || step == stepLoss // a sum with many digits
		}
		return false
	})
	return r.verdict(ctx, t, found)
}

// verdict is the check's answer about subjects. Of its buttons the first steps of
// help make sense while a report is open.
func (r *Router) verdict(ctx context.Context, t Turn, found []fraud.Subject) ([]Message, error) {
	if len(found) == 0 {
		return nil, nil
	}
	t.Text = "" // of secrets in it the step itself warns
	reply, err := r.answer(ctx, t, found)
	if err != nil {
		return nil, err
	}
	for i := range reply.Messages {
		reply.Messages[i].Buttons = [][]Button{nowButton()}
	}
	return reply.Messages, nil
}

// verdictNotes are the mark and the verdict of what is being reported, where there
// is more to say than that nobody reported it. Official and mistyped numbers have
// notes of their own.
func (r *Router) verdictNotes(ctx context.Context, t Turn, s said) ([]locales.Msg, error) {
	findings, refused, err := r.ask(ctx, t, s.found[:min(len(s.found), fraud.MaxSubjects)])
	switch {
	case err != nil:
		return nil, err
	case refused.given():
		return []locales.Msg{locales.M("quota.unchecked", "Time", clockTimeOf(refused.until))}, nil
	}
	var notes []locales.Msg
	for _, f := range findings {
		switch v := f.verdict; {
		case v.Level == fraud.LevelNone, v.Level == fraud.LevelMistyped, v.Level == fraud.LevelOfficial && !v.Forged:
			continue
		}
		head := locales.M("check.head", "Mark", f.verdict.Level.Mark(), "Subject", f.subject.Shown)
		notes = append(append(notes, head), verdictLines(f, t.Lang)...)
	}
	return notes, nil
}

// reportEdited answers a changed message while a report is open. The report keeps
// what was understood at first; what is named now is checked all the same.
func (r *Router) reportEdited(ctx context.Context, t Turn) (Reply, error) {
	messages, err := r.verdict(ctx, t, r.hear(t).found)
	if err != nil {
		return Reply{}, err
	}
	reply := Reply{Messages: append(messages, Message{Text: []locales.Msg{locales.M("report.edited")}})}
	r.guarded(t, &reply)
	return reply, nil
}

// checkFirst answers /check over an open report at once, and asks below it what
// shall become of the report. Without anything to check it says how to go on.
func (r *Router) checkFirst(ctx context.Context, t Turn) (Reply, error) {
	if len(r.subjects(t.Text, t.Contacts, t.Links, t.Quoted)) == 0 {
		return r.checkNothing(ctx, t)
	}
	checked, err := r.checkCommand(ctx, t)
	if err != nil {
		return Reply{}, err
	}
	below, err := r.askOnly(t)
	below.Messages = append(checked.Messages, below.Messages...)
	return below, err
}

// checkNothing answers /check without a subject over an open report: a number sent
// next would be an answer to that, so the command must hold it. A report that holds
// nothing yet makes way.
func (r *Router) checkNothing(ctx context.Context, t Turn) (Reply, error) {
	if d, err := readDraft(t.Session.Draft); err != nil || d.empty() {
		return r.askDrop(ctx, t)
	}
	reply := Say(locales.M("check.ask_behind"))
	if strings.TrimSpace(t.Text) != "" {
		reply = r.nothingFound(t)
	}
	offerDraft(t, &reply)
	return reply, nil
}

// askOnly asks whether to drop the open report for nothing but its own end; of
// one that holds nothing yet the question is shown again.
func (r *Router) askOnly(t Turn) (Reply, error) {
	d, err := readDraft(t.Session.Draft)
	switch {
	case err != nil:
		return lostDraft(t), nil
	case d.empty():
		return r.show(t, d, current(d, t.Session.Step))
	}
	return r.askPending(t, d, &pendingCommand{})
}
