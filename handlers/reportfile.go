package handlers

import (
	"context"
	"fmt"
	"slices"

	"saqbol/fraud"
	"saqbol/locales"
)

// fileReport files the draft. Where this person reported one of its subjects
// before, that report is updated and keeps its code: nobody counts twice.
func (r *Router) fileReport(ctx context.Context, t Turn, d *reportDraft) (Reply, error) {
	if refused := r.deps.Quota.report(ctx, t.Person); refused.given() {
		return r.keepReport(t, d, stepSummary, refused)
	}
	d.notAfter(t.Now)
	refs := fromDraft(d.Subjects)
	keys := make([]fraud.Key, len(refs))
	for i, ref := range refs {
		keys[i] = ref.Key
	}
	earlier, again, err := r.deps.Store.Overlapping(ctx, t.Person, keys)
	if err != nil {
		return Reply{}, fmt.Errorf("looking for an earlier report of the same: %w", err)
	}
	report := fraud.Report{
		Code: d.code(), Subjects: refs, Details: d.details(), Status: fraud.StatusReceived, Created: t.Now, Updated: t.Now,
	}
	r.deps.Quota.filed(t.Person)
	filed := locales.M("report.filed", "Code", report.Code)
	if again {
		report = updated(earlier, report)
		filed = locales.M("report.updated", "Code", report.Code)
	}
	text := []locales.Msg{filed, locales.M("report.sum.subjects", "Value", shown(toDraft(report.Subjects))), {}}
	text = append(text, afterwards(report.Details)...)
	text = append(text, locales.Msg{}, locales.M("report.see_my"))
	return Reply{
		Messages: []Message{{Text: text, Buttons: filedButtons(report.Details.Loss), Edit: place(t)}},
		Delete:   leftover(t),
		Change:   fraud.Change{File: &report, Session: &fraud.Session{}},
	}, nil
}

// updated is an earlier report with what a new one adds: what is said again
// takes the place of what was said, the rest of it stays.
func updated(earlier, report fraud.Report) fraud.Report {
	report.Code, report.Created = earlier.Code, earlier.Created
	for _, ref := range earlier.Subjects {
		known := slices.ContainsFunc(report.Subjects, func(r fraud.Ref) bool { return r.Key == ref.Key })
		if !known && len(report.Subjects) < fraud.MaxSubjects {
			report.Subjects = append(report.Subjects, ref)
		}
	}
	was, is := earlier.Details, &report.Details
	is.Channel = either(is.Channel, was.Channel)
	is.Claim = either(is.Claim, was.Claim)
	is.Scenario = either(is.Scenario, was.Scenario)
	is.Voice = either(is.Voice, was.Voice)
	is.Words = either(is.Words, was.Words)
	if is.When.IsZero() {
		is.When = was.When
	}
	if is.Loss == "" || is.Loss == was.Loss && is.Amount == 0 {
		is.Loss, is.Amount = was.Loss, was.Amount
	}
	for _, f := range was.Files {
		if len(is.Files) < maxFiles && !slices.Contains(is.Files, f) {
			is.Files = append(is.Files, f)
		}
	}
	return report
}

func either[T ~string](now, before T) T {
	if now != "" {
		return now
	}
	return before
}

// afterwards is the next step that fits what was lost.
func afterwards(details fraud.Details) []locales.Msg {
	switch details.Loss {
	case fraud.LossMoney:
		return []locales.Msg{locales.M("report.next.money")}
	case fraud.LossData:
		return []locales.Msg{locales.M("report.next.data")}
	}
	return []locales.Msg{locales.M("report.next.nothing")}
}

func filedButtons(loss fraud.Loss) [][]Button {
	my := []Button{{Label: locales.M("report.btn.my"), Mark: "📋", Data: "my:p:0"}}
	if loss == fraud.LossMoney || loss == fraud.LossData {
		return [][]Button{nowButton(), my}
	}
	return [][]Button{my}
}

// wrapReading says what failed when a person's reports could not be read.
func wrapReading(err error) error { return fmt.Errorf("reading the person's reports: %w", err) }
