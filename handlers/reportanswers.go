package handlers

import (
	"context"
	"strings"
	"unicode/utf8"

	"saqbol/fraud"
	"saqbol/locales"
)

// reportTyped takes what is typed or sent while a report is open. A label, its
// number, a common word for it in either language all count as the button. What
// is named in it is checked as if no report were open.
func (r *Router) reportTyped(ctx context.Context, t Turn) (Reply, error) {
	d, err := readDraft(t.Session.Draft)
	if err != nil {
		return lostDraft(t), nil
	}
	step := current(d, t.Session.Step)
	if step != stepSummary && !d.Editing {
		d.Offered = nil
	}
	if d.Pending != nil {
		if drop, ok := r.dropAnswer(t.Text); ok {
			return r.dropDecided(ctx, t, d, drop)
		}
		d.Pending = nil // an answer to the step: the person goes on
	}
	reply, err := r.takeTyped(ctx, t, d, step)
	if err != nil {
		return Reply{}, err
	}
	r.guarded(t, &reply)
	verdict, err := r.verdictFirst(ctx, t, d, step)
	reply.Messages = append(verdict, reply.Messages...)
	return reply, err
}

func (r *Router) takeTyped(ctx context.Context, t Turn, d *reportDraft, step string) (Reply, error) {
	if t.Kind == KindMedia && t.File.ID != "" {
		return r.takeFile(ctx, t, d, step)
	}
	return r.typedAnswer(ctx, t, d, step)
}

func (r *Router) typedAnswer(ctx context.Context, t Turn, d *reportDraft, step string) (Reply, error) {
	s, _ := stepNamed(step)
	if choice, ok := r.matchOption(s, t.Text); ok {
		var named []draftRef
		if heard := r.hear(t); heard.long() {
			named = heard.refs
		}
		reply, err := r.choose(t, d, s, choice, named...)
		if step == stepLoss {
			return reply, err // choose has said what can't wait
		}
		return r.alarmed(t)(reply, err)
	}
	if choice, ok := r.matchWay(step, t.Text); ok {
		return r.move(ctx, t, d, step, choice)
	}
	switch step {
	case stepSubjects:
		return r.typedSubjects(ctx, t, d)
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
// date, but it is never one; nor is the day on which it was not.
func (r *Router) typedWhen(t Turn, d *reportDraft) (Reply, error) {
	at, result := parseWhen(t.Text, t.Now)
	if negated(foldLetters(t.Text)) {
		result = whenUnclear
	}
	if heard := r.hear(t); result == whenUnclear || heard.long() {
		reply, err := r.notUnderstood(t, d, stepWhen)
		again := heard.words == "" && d.holds(heard.refs) // else the day stands in the words around
		if err != nil || result == whenUnclear || again || d.offers(heard.refs) {
			return reply, err
		}
	}
	if result != whenFine {
		return r.hinted(t, d, stepWhen, locales.M("report.when."+string(result)))
	}
	d.Answers[stepWhen], d.When = choiceTyped, at
	return r.alarmed(t)(r.show(t, d, stepAfter(d, stepWhen)))
}

// typedAmount is a sum. To the question before it, whether anything was lost, a
// sum is an answer too. A code or a card's number is never taken for one.
func (r *Router) typedAmount(t Turn, d *reportDraft, step string) (Reply, error) {
	amount, result := parseAmount(t.Text)
	_, secret := r.deps.Recognise.Redact(t.Text)
	if secret || step == stepLoss && negated(foldLetters(t.Text)) {
		result = amountUnclear
	}
	// A telephone number without its plus has the length of billions; "2 раза"
	// is no answer to whether anything was lost.
	sum := result == amountFine && amount < 1e9 && (step == stepAmount || amount >= 100)
	if loss := lossCried(r.cry(t), sum); loss != "" && step == stepLoss {
		s, _ := stepNamed(step)
		return r.choose(t, d, s, string(loss), r.hear(t).refs...)
	}
	if !sum {
		reply, err := r.notUnderstood(t, d, step)
		heard := r.hear(t)
		asked := d.offers(heard.refs) || d.holds(heard.refs) || step == stepLoss
		if err != nil || secret || asked || result == amountUnclear {
			return reply, err
		}
	}
	if result != amountFine {
		return r.hinted(t, d, step, locales.M("report.amount."+string(result)))
	}
	d.Answers[stepLoss], d.Answers[stepAmount], d.Amount = string(fraud.LossMoney), choiceTyped, amount
	reply, err := r.show(t, d, stepAfter(d, stepAmount))
	if step == stepLoss {
		return urgent(reply, err)
	}
	return reply, err
}

// lossCried is the answer to whether anything was lost in the words of somebody
// who cries for help: a code is no sum, and a sum says more than that money is gone.
func lossCried(c cry, sum bool) fraud.Loss {
	switch {
	case c == cryTold:
		return fraud.LossData
	case c == cryMoney && !sum:
		return fraud.LossMoney
	}
	return ""
}

// typedWords are the person's own words; new ones take the place of old ones. A
// number among them stays there and is offered for the report; nothing but a
// number, or a shared contact, is no story.
func (r *Router) typedWords(t Turn, d *reportDraft) (Reply, error) {
	heard := r.hear(t)
	masked, found := r.deps.Recognise.Redact(t.Text)
	if strings.TrimSpace(masked) == "" || heard.words == "" && len(heard.refs) > 0 {
		return r.notUnderstood(t, d, stepWords)
	}
	notes := d.setWords(masked)
	if found {
		notes = append(notes, locales.M("report.masked"))
	}
	d.Answers[stepWords] = ""
	next := d.goOn(stepWords)
	if heard.long() {
		d.offer(heard.refs)
	}
	return r.show(t, d, next, notes...)
}

// typedSummary offers a subject that is named last.
func (r *Router) typedSummary(t Turn, d *reportDraft) (Reply, error) {
	s := r.hear(t)
	switch {
	case len(s.refs) > 0:
	case s.badCard:
		return r.hinted(t, d, stepSummary, locales.M("report.badcard"))
	case s.badIBAN:
		return r.hinted(t, d, stepSummary, locales.M("report.badiban"))
	}
	return r.notUnderstood(t, d, stepSummary)
}

// takeFile keeps a photo, a voice message or a document at any step. The files
// of one album come one by one and are answered once.
func (r *Router) takeFile(ctx context.Context, t Turn, d *reportDraft, step string) (Reply, error) {
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
	s := r.hear(t)
	switch {
	case strings.TrimSpace(t.Text) == "" || !s.anything():
		return r.fileTaken(t, d, step, follows, notes)
	case step == stepSubjects:
		return r.subjectsCaption(ctx, t, d, s, notes)
	}
	return r.caption(t, d, step, s, notes)
}

// subjectsCaption takes what stands under a file at the step for subjects.
func (r *Router) subjectsCaption(ctx context.Context, t Turn, d *reportDraft, s said, notes []locales.Msg) (Reply, error) {
	verdicts, err := r.verdictNotes(ctx, t, s)
	if err != nil {
		return Reply{}, err
	}
	s = r.joined(d, s, s.words)
	notes = append(append(notes, verdicts...), r.takeSaid(t.Lang, d, s)...)
	step := stepSubjects
	if len(s.refs) > 0 {
		step = stepAfter(d, step)
	}
	return r.show(t, d, step, notes...)
}

// caption takes what stands under a file at any other step: it is part of the
// story, and a number in it is offered for the report.
func (r *Router) caption(t Turn, d *reportDraft, step string, s said, notes []locales.Msg) (Reply, error) {
	refs := s.refs
	if s.words != "" {
		s = r.joined(d, s, t.Text)
	}
	answered := d.answered(stepWords)
	notes = append(notes, d.takeWords(s)...)
	d.offer(refs)
	if step == stepWords && !answered {
		delete(d.Answers, stepWords) // more may follow
	}
	return r.show(t, d, step, notes...)
}

// joined has the words so far and those of a caption. They are masked together:
// halves of a card's number may meet where they join.
func (r *Router) joined(d *reportDraft, s said, words string) said {
	if d.Words != "" {
		words = d.Words + "\n" + words
	}
	masked, found := r.deps.Recognise.Redact(words)
	s.words, s.masked = strings.TrimSpace(masked), s.masked || found
	return s
}

// fileTaken shows the step again, once for the files of an album. The summary
// counts the later ones without a word.
func (r *Router) fileTaken(t Turn, d *reportDraft, step string, follows bool, notes []locales.Msg) (Reply, error) {
	reply, err := r.show(t, d, step, notes...)
	if !follows || err != nil {
		return reply, err
	}
	reply.Delete, reply.Change.Session.Anchor = 0, t.Session.Anchor
	if step == stepSummary && t.Session.Anchor != 0 {
		reply.Messages[0].Edit = t.Session.Anchor
	} else {
		reply.Messages = nil
	}
	return reply, nil
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
