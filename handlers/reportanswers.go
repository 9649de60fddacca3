package handlers

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"saqbol/fraud"
	"saqbol/locales"
)

// reportTyped takes what is typed or sent while a report is open. A label, its
// number, a common word for it in either language all count as the button.
func (r *Router) reportTyped(ctx context.Context, t Turn) (Reply, error) {
	d, err := readDraft(t.Session.Draft)
	if err != nil {
		return lostDraft(t), nil
	}
	step := current(d, t.Session.Step)
	d.Offered = nil
	if d.Pending != nil {
		if drop, ok := r.dropAnswer(t.Text); ok {
			return r.dropDecided(ctx, t, d, drop)
		}
		d.Pending = nil // an answer to the step: the person goes on
	}
	if t.Kind == KindMedia && t.File.ID != "" {
		return r.takeFile(t, d, step)
	}
	return r.typedAnswer(ctx, t, d, step)
}

func (r *Router) typedAnswer(ctx context.Context, t Turn, d *reportDraft, step string) (Reply, error) {
	s, _ := stepNamed(step)
	if choice, ok := r.matchOption(s, t.Text); ok {
		return r.choose(t, d, s, choice)
	}
	if choice, ok := r.matchWay(step, t.Text); ok {
		return r.move(ctx, t, d, step, choice)
	}
	switch step {
	case stepSubjects:
		return r.typedSubjects(t, d)
	case stepWhen:
		return r.typedWhen(t, d)
	case stepLoss, stepAmount:
		return r.typedAmount(t, d, step)
	case stepWords:
		return r.typedWords(t, d)
	case stepSummary:
		return r.typedSummary(t, d)
	}
	return r.notUnderstood(t, d, step)
}

// typedWhen is a day or an hour in words. A telephone number may look like a
// date, but it is never one.
func (r *Router) typedWhen(t Turn, d *reportDraft) (Reply, error) {
	at, result := parseWhen(t.Text, t.Now)
	long := func(ref draftRef) bool { return ref.Kind != fraud.KindShort }
	if result == whenUnclear || slices.ContainsFunc(r.hear(t).refs, long) {
		if reply, err := r.notUnderstood(t, d, stepWhen); err != nil || len(d.Offered) > 0 {
			return reply, err
		}
	}
	if result != whenFine {
		return r.show(t, d, stepWhen, locales.M("report.when."+string(result)))
	}
	d.Answers[stepWhen], d.When = choiceTyped, at
	return r.show(t, d, stepAfter(d, stepWhen))
}

// typedAmount is a sum. To the question before it, whether anything was lost, a
// sum is an answer too. A code or a card's number is never taken for one.
func (r *Router) typedAmount(t Turn, d *reportDraft, step string) (Reply, error) {
	amount, result := parseAmount(t.Text)
	_, secret := r.deps.Recognise.Redact(t.Text)
	if secret {
		result = amountUnclear
	}
	// A telephone number without its plus has the length of billions; "2 раза"
	// is no answer to whether anything was lost.
	if result != amountFine || amount >= 1e9 || step == stepLoss && amount < 100 {
		reply, err := r.notUnderstood(t, d, step)
		if err != nil || secret || len(d.Offered) > 0 || step == stepLoss {
			return reply, err
		}
	}
	if result != amountFine {
		return r.show(t, d, step, locales.M("report.amount."+string(result)))
	}
	d.Answers[stepLoss], d.Answers[stepAmount], d.Amount = string(fraud.LossMoney), choiceTyped, amount
	return r.show(t, d, stepAfter(d, stepAmount))
}

// typedWords are the person's own words; new ones take the place of old ones.
func (r *Router) typedWords(t Turn, d *reportDraft) (Reply, error) {
	masked, found := r.deps.Recognise.Redact(t.Text)
	notes := d.setWords(masked)
	if found {
		notes = append(notes, locales.M("report.masked"))
	}
	if d.Words == "" {
		return r.show(t, d, stepWords, hint(stepWords))
	}
	d.Answers[stepWords] = ""
	return warned(found, t)(r.show(t, d, stepAfter(d, stepWords), notes...))
}

// typedSummary adds a subject that is named last.
func (r *Router) typedSummary(t Turn, d *reportDraft) (Reply, error) {
	if s := r.hear(t); len(s.refs) > 0 || s.badCard || s.badIBAN {
		s.words = ""
		return r.show(t, d, stepSummary, r.takeSaid(t.Lang, d, s)...)
	}
	return r.show(t, d, stepSummary, hint(stepSummary))
}

// takeFile keeps a photo, a voice message or a document at any step. The files
// of one album come one by one and are answered once.
func (r *Router) takeFile(t Turn, d *reportDraft, step string) (Reply, error) {
	if len(d.Files) >= maxFiles {
		return r.show(t, d, step, locales.M("report.files_full", "Max", maxFiles))
	}
	follows := t.Album != "" && t.Album == d.Album
	d.Album = t.Album
	d.Files = append(d.Files, draftFile(t.File))
	notes := []locales.Msg{locales.M("report.file_kept")}
	if t.Album != "" {
		notes = []locales.Msg{locales.M("report.album_kept")}
	}
	if strings.TrimSpace(t.Text) == "" {
		return r.fileTaken(t, d, step, follows, notes)
	}
	s := r.hear(t)
	if d.Words != "" {
		var found bool // halves of a card's number may meet here
		s.words, found = r.deps.Recognise.Redact(d.Words + "\n" + s.words)
		s.masked = s.masked || found
	}
	if step != stepSubjects && step != stepSummary {
		s.refs = nil // a number in a caption is part of the story
	}
	if !s.anything() {
		return r.fileTaken(t, d, step, follows, notes)
	}
	answered := d.answered(stepWords)
	notes = append(notes, r.takeSaid(t.Lang, d, s)...)
	if step == stepWords && !answered {
		delete(d.Answers, stepWords) // more may follow
	}
	if step == stepSubjects && len(s.refs) > 0 {
		step = stepAfter(d, step)
	}
	return warned(s.masked, t)(r.show(t, d, step, notes...))
}

// fileTaken shows the step again, once for the files of an album.
func (r *Router) fileTaken(t Turn, d *reportDraft, step string, follows bool, notes []locales.Msg) (Reply, error) {
	reply, err := r.show(t, d, step, notes...)
	if follows && step != stepSummary && t.Session.Anchor != 0 {
		reply.Messages = nil
	}
	return reply, err
}

// setWords keeps words, cut to what a report holds, and says so.
func (d *reportDraft) setWords(words string) []locales.Msg {
	d.Words = strings.TrimSpace(strings.ToValidUTF8(words, ""))
	if utf8.RuneCountInString(d.Words) <= maxWords {
		return nil
	}
	d.Words = string([]rune(d.Words)[:maxWords])
	return []locales.Msg{locales.M("report.cut", "Max", maxWords)}
}
