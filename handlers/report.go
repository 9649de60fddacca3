package handlers

import (
	"context"
	"slices"
	"strings"
	"time"

	"saqbol/fraud"
	"saqbol/locales"
)

// reportCommand starts a report: /report alone, or /report <subject> <words>,
// which asks only for what is missing.
func (r *Router) reportCommand(ctx context.Context, t Turn) (Reply, error) {
	if refused := r.deps.Quota.report(ctx, t.Person); refused.given() {
		return noReport(t, refused), nil
	}
	d, err := newDraft(r.deps.Random)
	if err != nil {
		return Reply{}, err
	}
	if s := r.hear(t); s.anything() {
		notes, err := r.verdictNotes(ctx, t, s)
		if err != nil {
			return Reply{}, err
		}
		notes = append(notes, r.takeSaid(t.Lang, d, s)...)
		reply, err := r.alarmed(t)(r.show(t, d, firstOpen(d), notes...))
		r.guarded(t, &reply)
		return reply, err
	}
	return r.show(t, d, stepSubjects, locales.M("report.welcome"))
}

// reportFromCheck starts a report of the subject whose check stands above the
// button. The check itself stays as it is.
func (r *Router) reportFromCheck(ctx context.Context, t Turn) (Reply, error) {
	_, token, _ := strings.Cut(t.Button, ":")
	ref, ok := r.deps.Tokens.Open(token)
	if !ok {
		return Reply{Toast: locales.M("common.stale")}, nil
	}
	refs := toDraft([]fraud.Ref{ref})
	t.Message = 0 // the report is a message of its own
	if t.Session.Flow == flowReport {
		open, err := readDraft(t.Session.Draft)
		if err == nil && has(open.Subjects, refs[0]) {
			open.Pending = nil
			return r.show(t, open, current(open, t.Session.Step))
		}
		if refused := r.deps.Quota.report(ctx, t.Person); refused.given() {
			return noReport(t, refused), nil // the open one stays
		}
		if err == nil && !open.empty() {
			return r.askPending(t, open, &pendingCommand{Name: "report", Subjects: refs})
		}
	}
	return r.startReport(ctx, t, refs, "")
}

// startReport opens a report that begins with subjects that are known already.
func (r *Router) startReport(ctx context.Context, t Turn, refs []draftRef, words string) (Reply, error) {
	if refused := r.deps.Quota.report(ctx, t.Person); refused.given() {
		return noReport(t, refused), nil
	}
	d, err := newDraft(r.deps.Random)
	if err != nil {
		return Reply{}, err
	}
	notes := r.takeSaid(t.Lang, d, said{refs: refs, words: words})
	return r.show(t, d, firstOpen(d), notes...)
}

// reportButton answers the buttons under a report's steps. One of an older step
// or draft changes nothing and shows where the report stands.
func (r *Router) reportButton(ctx context.Context, t Turn) (Reply, error) {
	parts := strings.SplitN(t.Button, ":", 4)
	if len(parts) != 4 {
		return Reply{Toast: locales.M("common.stale")}, nil
	}
	id, step, choice := parts[1], parts[2], parts[3]
	if t.Session.Flow != flowReport {
		return r.closedButton(ctx, t, id, choice)
	}
	d, err := readDraft(t.Session.Draft)
	if err != nil {
		return lostDraft(t), nil
	}
	at := current(d, t.Session.Step)
	if d.ID != id || at != step {
		return r.oldButton(ctx, t, d, id)
	}
	d.Pending = nil
	return r.pressed(ctx, t, d, step, choice)
}

func (r *Router) pressed(ctx context.Context, t Turn, d *reportDraft, step, choice string) (Reply, error) {
	s, _ := stepNamed(step)
	switch {
	case choice == choiceAdd:
		offered := d.Offered
		d.Offered = nil
		return r.show(t, d, step, r.takeRefs(t.Lang, d, offered)...)
	case strings.HasPrefix(choice, choiceEdit) && step == stepSummary:
		name := strings.TrimPrefix(choice, choiceEdit)
		if asks(d, name) {
			d.Editing = true
			return r.show(t, d, name)
		}
	case strings.HasPrefix(choice, choiceRemove) && step == stepSubjects:
		d.remove(strings.TrimPrefix(choice, choiceRemove))
		return r.show(t, d, step)
	}
	if o, ok := s.option(choice); ok {
		return r.choose(t, d, s, o.choice)
	}
	return r.move(ctx, t, d, step, choice)
}

// choose takes one of the step's options, and offers what was named with it.
func (r *Router) choose(t Turn, d *reportDraft, s reportStep, choice string, named ...draftRef) (Reply, error) {
	d.Answers[s.name] = choice
	switch s.name {
	case stepWhen:
		d.When = whenChosen(choice, t.Now)
	case stepLoss:
		delete(d.Answers, stepAmount)
		d.Amount = 0
	}
	next := d.goOn(s.name)
	d.offer(named)
	if s.name == stepLoss && choice != string(fraud.LossNothing) {
		return urgent(r.show(t, d, next))
	}
	return r.show(t, d, next)
}

// goOn is the step after one that was answered. Who goes on leaves out what was
// offered there; at the end it is offered still.
func (d *reportDraft) goOn(from string) string {
	next := stepAfter(d, from)
	if next != stepSummary && !d.Editing {
		d.Offered = nil
	}
	return next
}

// move follows the buttons that are no answer: back, on, skip, cancel, file.
func (r *Router) move(ctx context.Context, t Turn, d *reportDraft, step, choice string) (Reply, error) {
	s, question := stepNamed(step)
	switch choice {
	case choiceCancel:
		return cancelled(t), nil
	case choiceBack:
		if before := stepBefore(d, step); before != "" {
			d.Editing = false
			return r.show(t, d, before)
		}
	case choiceSkip, choiceNext:
		if question && (s.skips || d.answered(step)) {
			d.pass(step)
			return r.show(t, d, d.goOn(step))
		}
	case choiceFile:
		if step == stepSummary {
			return r.fileReport(ctx, t, d)
		}
	}
	return r.hinted(t, d, step, hint(step))
}

// pass leaves a step without an answer; words and files given before stay.
func (d *reportDraft) pass(step string) {
	if step == stepSubjects {
		return
	}
	d.Answers[step] = ""
	switch step {
	case stepWhen:
		d.When = time.Time{}
	case stepLoss:
		delete(d.Answers, stepAmount)
		d.Amount = 0
	case stepAmount:
		d.Amount = 0
	}
}

// remove takes a subject out again.
func (d *reportDraft) remove(head string) {
	kept := d.Subjects[:0]
	for _, ref := range d.Subjects {
		if keyHead(ref) != head {
			kept = append(kept, ref)
		}
	}
	d.Subjects = kept
}

// current is the step at which a draft stands, whatever program wrote it.
func current(d *reportDraft, step string) string {
	if _, ok := stepNamed(step); ok || step == stepSummary && len(d.Subjects) > 0 {
		return step
	}
	return firstOpen(d)
}

// oldButton answers a button of an older step or of another report: it changes
// nothing and shows where the open one stands. One of the form as it stands was
// pressed twice: the first press has been taken, so there is nothing to say.
func (r *Router) oldButton(ctx context.Context, t Turn, d *reportDraft, id string) (Reply, error) {
	d.Pending = nil // the step takes the place of a question
	reply, err := r.show(t, d, current(d, t.Session.Step))
	if id == d.ID && t.Message != 0 && t.Message == t.Session.Anchor {
		return reply, err
	}
	reply.Toast = locales.M("common.stale")
	if err != nil || id == d.ID {
		return reply, err
	}
	code, filed, err := r.filedAs(ctx, t, id)
	if filed {
		reply.Toast = locales.M("report.already_filed", "Code", code)
	}
	return reply, err
}

// closedButton answers a button of a report that is no longer open: pressed
// twice, pressed on a second device, or pressed after the report was cancelled.
func (r *Router) closedButton(ctx context.Context, t Turn, id, choice string) (Reply, error) {
	code, filed, err := r.filedAs(ctx, t, id)
	switch {
	case err != nil:
		return Reply{}, err
	case filed:
		return Reply{Toast: locales.M("report.already_filed", "Code", code)}, nil
	case code != "" && (choice == choiceFile || choice == choiceCancel):
		return Reply{Toast: locales.M("report.closed")}, nil
	}
	return Reply{Toast: locales.M("common.stale")}, nil
}

// filedAs is the code that a draft's report has, and whether this person has
// filed it. A draft that updated an earlier report left none of its own.
func (r *Router) filedAs(ctx context.Context, t Turn, draft string) (code string, filed bool, err error) {
	code, ok := fraud.ParseCode(draft)
	if !ok {
		return "", false, nil
	}
	reports, err := r.deps.Store.ReportsOf(ctx, t.Person)
	if err != nil {
		return "", false, wrapReading(err)
	}
	same := func(report fraud.Report) bool { return report.Code == code }
	return code, slices.ContainsFunc(reports, same), nil
}

// lostDraft closes a draft that can't be read any more.
func lostDraft(t Turn) Reply {
	return Reply{
		Messages: []Message{{Text: []locales.Msg{locales.M("report.lost")}, Edit: place(t)}},
		Delete:   leftover(t),
		Change:   fraud.Change{Session: &fraud.Session{}},
	}
}
