package handlers

import (
	"context"
	"fmt"
	"strings"

	"saqbol/fraud"
	"saqbol/locales"
)

// nowButton opens the first steps after money or data was given.
func nowButton() []Button {
	return []Button{{Label: locales.M("check.button.now"), Mark: "🆘", Data: "now:"}}
}

// checkButtons are the buttons under a check: report it, unless it is the person's
// own, what to do now, and where one subject is reported, not a scam.
func (r *Router) checkButtons(ctx context.Context, t Turn, findings []finding) ([][]Button, error) {
	var rows [][]Button
	for _, f := range findings {
		if f.ref.Kind == "" || len(rows) == maxReportButtons || receives(f) && !t.Forwarded && isOwn(t.Text, f.subject, subjectsOf(findings)) {
			continue
		}
		label := locales.M("check.button.report")
		if len(findings) > 1 {
			label = locales.M("check.button.report_one", "Subject", f.subject.Shown)
		}
		button, err := r.reportLink(t, label, f.ref)
		if err != nil {
			return nil, err
		}
		rows = append(rows, []Button{button})
	}
	rows = append(rows, nowButton())
	if len(findings) == 1 && disputable(findings[0].verdict.Level) {
		button, err := r.disputeLink(ctx, t, findings[0].ref)
		if err != nil {
			return nil, err
		}
		rows = append(rows, []Button{button})
	}
	return rows, nil
}

func subjectsOf(findings []finding) []fraud.Subject {
	subjects := make([]fraud.Subject, len(findings))
	for i, f := range findings {
		subjects[i] = f.subject
	}
	return subjects
}

// reportLink starts a report of a subject: here, or from a group in the private
// chat, for a report is nobody else's business.
func (r *Router) reportLink(t Turn, label locales.Msg, ref fraud.Ref) (Button, error) {
	token, err := r.deps.Tokens.Token(ref)
	if err != nil {
		return Button{}, fmt.Errorf("making a button for a report: %w", err)
	}
	if !t.Private {
		return Button{Label: label, URL: r.deepLink(reportPayload + token)}, nil
	}
	return Button{Label: label, Data: "rep:" + token}, nil
}

// deepLink opens the private chat and sends /start with a payload; one that
// Telegram would refuse (64 characters of A-Z, a-z, 0-9, _ and -) starts a report.
func (r *Router) deepLink(payload string) string {
	odd := func(c rune) bool {
		return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", c)
	}
	if len(payload) > 64 || strings.ContainsFunc(payload, odd) {
		payload = "report"
	}
	return "https://t.me/" + r.deps.Username + "?start=" + payload
}

// disputable tells where "not a scam" means something: there must be something
// to object to. A number nobody reported needs no defence, and a defence stored
// in advance would only help whoever plans to misuse it.
func disputable(level fraud.Level) bool {
	return level == fraud.LevelReported || level == fraud.LevelConfirmed
}

func (r *Router) disputeLink(ctx context.Context, t Turn, ref fraud.Ref) (Button, error) {
	token, err := r.deps.Tokens.Token(ref)
	if err != nil {
		return Button{}, fmt.Errorf("making a button for an objection: %w", err)
	}
	// In a group the button is everybody's, so it always offers to object. Of a stranger
	// there is no objection to look for: what is reported takes them no longer to learn
	// than what is not.
	if !t.Private || !t.Known.Known {
		return disputeButtonFor(token, false), nil
	}
	disputed, err := r.deps.Store.Disputed(ctx, t.Person, ref.Key)
	if err != nil {
		return Button{}, unavailable("check.unavailable", "reading whether the person objects", err)
	}
	return disputeButtonFor(token, disputed), nil
}

// disputeButtonFor objects, or takes the objection back.
func disputeButtonFor(token string, disputed bool) Button {
	if disputed {
		return Button{Label: locales.M("check.button.undispute"), Data: "dis:" + disputeOff + token}
	}
	return Button{Label: locales.M("check.button.dispute"), Data: "dis:" + disputeOn + token}
}
