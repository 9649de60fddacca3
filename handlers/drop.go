package handlers

import (
	"context"
	"strings"

	"saqbol/fraud"
	"saqbol/locales"
)

// askDrop asks whether to drop the open report for a new command. The command
// waits in the draft, so the answer may come after a restart.
func (r *Router) askDrop(ctx context.Context, t Turn) (Reply, error) {
	pending := &pendingCommand{Name: strings.ToLower(t.Command)}
	if pending.Name == "report" {
		if refused := r.deps.Quota.report(ctx, t.Person); refused.given() {
			return noReport(t, refused), nil // the open one stays
		}
		s := r.hear(t)
		pending.Subjects, pending.Text = s.refs, s.words
	} else if masked, found := r.deps.Recognise.Redact(t.Text); !found {
		pending.Text = masked
	}
	d, err := readDraft(t.Session.Draft)
	if err != nil || d.empty() {
		return r.runPending(ctx, t, pending)
	}
	reply, err := r.askPending(t, d, pending)
	r.guarded(t, &reply)
	return reply, err
}

func (r *Router) askPending(t Turn, d *reportDraft, pending *pendingCommand) (Reply, error) {
	d.Pending = pending
	raw, err := d.encode()
	if err != nil {
		return Reply{}, err
	}
	m := Message{
		Text: []locales.Msg{locales.M("drop.ask")},
		Buttons: [][]Button{
			{{Mark: markNext, Label: locales.M("drop.no"), Data: "drop:no"}},
			{{Mark: markRemove, Label: locales.M("drop.yes"), Data: "drop:yes"}},
		},
		Edit: place(t), Anchor: true, // the question stands where the step stood
	}
	session := t.Session
	session.Draft, session.Anchor = raw, m.Edit
	return Reply{
		Messages: []Message{m},
		Delete:   leftover(t),
		Change:   fraud.Change{Session: &session},
	}, nil
}

// continueDraft is the button that leads back to the open report from an answer
// that stays in sight.
func continueDraft() []Button {
	return []Button{{Mark: markNext, Label: locales.M("drop.no"), Data: "drop:on"}}
}

// offerDraft says under an answer given over an open report that the report is kept,
// and leads back to it. What changes the conversation itself says so itself.
func offerDraft(t Turn, reply *Reply) {
	if !t.Private || !t.Session.Open() || reply.Change.Session != nil || reply.Change.Erase || len(reply.Messages) == 0 {
		return
	}
	m := &reply.Messages[len(reply.Messages)-1]
	if m.Document != nil {
		return // the page it was asked for on has the button
	}
	m.Text = append(m.Text, locales.Msg{}, locales.M("common.draft_kept"))
	m.Buttons = append(m.Buttons, continueDraft())
}

// dropDraft answers drop:yes, drop:no and drop:on. Only an open question drops
// anything; to go on is always possible.
func (r *Router) dropDraft(ctx context.Context, t Turn) (Reply, error) {
	if t.Session.Flow != flowReport {
		return Reply{Toast: locales.M("report.closed")}, nil
	}
	d, err := readDraft(t.Session.Draft)
	if err != nil {
		return lostDraft(t), nil
	}
	switch {
	case t.Button == "drop:on", t.Button == "drop:no" && d.Pending == nil:
		if t.Button == "drop:on" || t.Message != t.Session.Anchor {
			t.Message = 0 // what the button stands under stays
		}
		return r.dropDecided(ctx, t, d, false)
	case d.Pending == nil:
		reply, err := r.show(t, d, current(d, t.Session.Step))
		reply.Toast = locales.M("common.stale")
		return reply, err
	}
	return r.dropDecided(ctx, t, d, t.Button == "drop:yes")
}

// dropDecided goes on with the report, or closes it and does what was asked.
func (r *Router) dropDecided(ctx context.Context, t Turn, d *reportDraft, drop bool) (Reply, error) {
	pending := d.Pending
	d.Pending = nil
	switch {
	case !drop:
		return r.show(t, d, current(d, t.Session.Step))
	case pending.Name == "": // answered already
		return cancelled(t), nil
	case pending.Name == "report":
		if refused := r.deps.Quota.report(ctx, t.Person); refused.given() {
			return r.keepReport(t, d, current(d, t.Session.Step), refused)
		}
	}
	reply, err := r.runPending(ctx, t, pending)
	dropped := Message{Text: []locales.Msg{locales.M("drop.done")}, Edit: place(t)}
	reply.Messages = append([]Message{dropped}, reply.Messages...)
	return reply, err
}

// runPending closes the report and answers the command as if it came now.
func (r *Router) runPending(ctx context.Context, t Turn, pending *pendingCommand) (Reply, error) {
	next := t
	next.Session = fraud.Session{}
	next.Kind, next.Button = KindCommand, ""
	next.Command, next.Text = pending.Name, pending.Text
	run := r.help
	if command, ok := r.commands[pending.Name]; ok {
		run = command.run
	}
	if pending.Name == "report" && len(pending.Subjects) > 0 {
		run = func(ctx context.Context, next Turn) (Reply, error) {
			return r.startReport(ctx, next, pending.Subjects, pending.Text)
		}
	}
	reply, err := run(ctx, next)
	if reply.Change.Session == nil {
		reply.Change.Session = &fraud.Session{}
	}
	reply.Delete = leftover(t)
	return reply, err
}

// dropAnswer reads a typed answer to the question whether to drop the draft.
func (r *Router) dropAnswer(text string) (drop, ok bool) {
	typed := foldTight(strings.TrimSpace(text))
	switch {
	case r.isLabel(locales.M("drop.yes"), typed) || isOneOf(typed, "да, удалить, удаляй, иә, ия, жою, тоқтату, yes"):
		return true, true
	case r.isLabel(locales.M("drop.no"), typed) || isOneOf(typed, "нет, продолжить, продолжай, жоқ, жалғастыру, no"):
		return false, true
	}
	return false, false
}
