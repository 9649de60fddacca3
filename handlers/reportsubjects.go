package handlers

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"saqbol/fraud"
	"saqbol/locales"
)

// said is what a free answer holds, in the form that a draft may keep.
type said struct {
	found   []fraud.Subject // those of refs and the person's own, in the order of the text, then the mistyped
	refs    []draftRef
	own     bool   // a card or an account that the person calls their own
	badCard bool   // a card whose digits don't add up
	badIBAN bool   // an account whose digits don't add up
	words   string // what stands around the subjects; secrets masked
	masked  bool   // there were secrets
}

// long reports whether a subject is named that can be nothing else; a short number
// may be a bait, a code or a count.
func (s said) long() bool {
	return slices.ContainsFunc(s.refs, func(ref draftRef) bool { return ref.Kind != fraud.KindShort })
}

// ownNote says why what is the person's own is not in the report.
func (s said) ownNote() []locales.Msg {
	if !s.own {
		return nil
	}
	return []locales.Msg{locales.M("report.own")}
}

func (s said) anything() bool {
	return len(s.refs) > 0 || s.own || s.badCard || s.badIBAN || s.words != ""
}

// hear reads an answer. A short number such as 1414 counts only where it is all
// that was named: it is far more often the bait in a story than its subject.
func (r *Router) hear(t Turn) said {
	subjects := r.subjects(t.Text, t.Contacts, t.Links, "")
	if len(subjects) == 0 && strings.TrimSpace(t.Text) == "" {
		subjects = r.subjects("", nil, nil, t.Quoted)
	}
	var s said
	var short, mistyped []fraud.Subject
	for _, subject := range subjects {
		switch subject.Kind {
		case fraud.KindBadCard:
			s.badCard, mistyped = true, append(mistyped, subject)
		case fraud.KindBadIBAN:
			s.badIBAN, mistyped = true, append(mistyped, subject)
		case fraud.KindShort:
			short = append(short, subject)
		default:
			s.found = append(s.found, subject)
		}
	}
	s.words, s.masked = r.withoutSubjects(t.Text, subjects, len(s.found) == 0)
	if len(s.found) == 0 {
		s.found = short
	}
	for _, subject := range s.found {
		if !t.Forwarded && isOwn(t.Text, subject, subjects) {
			s.own = true
			continue
		}
		s.refs = append(s.refs, r.keep(subject))
	}
	s.found = append(s.found, mistyped...)
	if len(subjects) == 0 && unfinishedAccount(t.Text) {
		s.badIBAN, s.words = true, strings.TrimSpace(kazakhAccount().ReplaceAllString(s.words, " "))
	}
	if !strings.ContainsFunc(s.words, unicode.IsLetter) {
		s.words, s.masked = "", false
	}
	return s
}

func (r *Router) keep(s fraud.Subject) draftRef {
	return toDraft([]fraud.Ref{r.deps.Tokens.Identify(s)})[0]
}

const (
	digitShape = `\+?\d(?:[\d\s()\-.]*\d)?`
	ibanShape  = `(?i)KZ(?:\s?[0-9A-Z]){18}`
)

var (
	digitRun  = pattern(digitShape)
	ibanRun   = pattern(ibanShape)
	numberRun = pattern(ibanShape + "|" + digitShape)
	spaceRun  = pattern(`\s+`)
)

// withoutSubjects is a text without the subjects in it, secrets masked; masked tells
// whether there were others than a card that is a subject. It is masked first, for a
// CVV is known by the card before it, and at the end, for parts of a card's number
// may have met.
func (r *Router) withoutSubjects(text string, subjects []fraud.Subject, short bool) (words string, masked bool) {
	words, _ = r.deps.Recognise.Redact(text)
	for _, s := range subjects {
		if digits := s.Value; (s.Kind == fraud.KindCard || s.Kind == fraud.KindBadCard) && len(digits) > 4 {
			words = strings.ReplaceAll(words, maskMark+" "+digits[len(digits)-4:], leftOut)
		}
	}
	words, _ = r.deps.Recognise.Redact(around(words, subjects, short))
	return strings.TrimSpace(words), strings.Contains(words, maskMark)
}

const (
	maskMark = "••••" // what Redact leaves of a secret
	leftOut  = "…"    // stands where a subject stood among the words of a text
)

// around is a text without the subjects in it. What is not surely one of them
// (a sum, a date) stays, and so do short numbers where they are no subject.
func around(text string, subjects []fraud.Subject, short bool) string {
	without := func(found string) string {
		for _, s := range subjects {
			if (short || s.Kind != fraud.KindShort) && sameDigits(bare(found), bare(s.Value)) {
				return leftOut
			}
		}
		return found
	}
	text = ibanRun().ReplaceAllStringFunc(text, without)
	text = digitRun().ReplaceAllStringFunc(text, without)
	text = strings.ReplaceAll(spaceRun().ReplaceAllString(text, " "), leftOut+".", leftOut)
	return strings.Trim(strings.TrimLeft(text, " ,.;:—-"+leftOut), " ,;:—-")
}

// sameDigits tells whether two numbers are one, with or without what is dialled
// before the last ten digits.
func sameDigits(a, b string) bool {
	const national = 10
	return a == b || len(a) >= national && len(b) >= national && a[len(a)-national:] == b[len(b)-national:]
}

// bare leaves the digits and Latin capitals that tell one subject from another.
func bare(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' {
			return c
		}
		return -1
	}, strings.ToUpper(s))
}

// takeSaid puts a free answer into the draft, with what its words make certain,
// and says what was understood.
func (r *Router) takeSaid(lang fraud.Lang, d *reportDraft, s said) []locales.Msg {
	notes := append(r.takeRefs(lang, d, s.refs), d.takeWords(s)...)
	switch {
	case s.own:
		notes = append(notes, locales.M("report.own"))
	case s.badCard:
		notes = append(notes, locales.M("report.badcard"))
	case s.badIBAN:
		notes = append(notes, locales.M("report.badiban"))
	case len(s.refs) == 0:
		notes = append(notes, locales.M("report.nothing_found"))
	}
	return notes
}

// takeWords keeps the words of a free answer and answers with them what they make
// certain.
func (d *reportDraft) takeWords(s said) []locales.Msg {
	var notes []locales.Msg
	if s.words != "" {
		notes = append(d.setWords(s.words), locales.M("report.words_kept"))
		d.Answers[stepWords] = ""
		guess(d, s.words)
	}
	if s.masked {
		notes = append(notes, locales.M("report.masked"))
	}
	return notes
}

// takeRefs adds subjects to the draft and says which.
func (r *Router) takeRefs(lang fraud.Lang, d *reportDraft, refs []draftRef) []locales.Msg {
	if len(refs) == 0 {
		return nil
	}
	var notes []locales.Msg
	added, full := d.add(refs)
	switch {
	case len(added) > 0:
		notes = append(notes, locales.M("report.recognised", "Subjects", shown(added)))
	case !full:
		notes = append(notes, locales.M("report.in_already", "Subjects", shown(refs)))
	}
	if full {
		notes = append(notes, locales.M("report.full", "Max", fraud.MaxSubjects))
	}
	return append(notes, r.officialNotes(lang, added)...)
}

// typedSubjects is the answer to "what". A word or two around a number say
// nothing; more of them are kept as the person's own words.
func (r *Router) typedSubjects(ctx context.Context, t Turn, d *reportDraft) (Reply, error) {
	s := r.hear(t)
	notes, err := r.verdictNotes(ctx, t, s)
	if err != nil {
		return Reply{}, err
	}
	if len(strings.FieldsFunc(s.words, notLetterOrDigit)) < 3 || d.Words != "" {
		s.words = ""
	}
	if c := r.cry(t); len(s.refs) == 0 && !s.badCard && !s.badIBAN && c != cryNone {
		return careFirst(t, d, c, append(d.takeWords(s), s.ownNote()...)...)
	}
	notes = append(notes, r.takeSaid(t.Lang, d, s)...)
	if len(s.refs) == 0 {
		return r.hinted(t, d, stepSubjects, notes...)
	}
	return r.alarmed(t)(r.show(t, d, stepAfter(d, stepSubjects), notes...))
}

// guarded warns of a card's number, a code or a password in what the person sent, and
// offers to delete it, as under a check. What was taken into the report without it
// has been spoken of already.
func (r *Router) guarded(t Turn, reply *Reply) {
	if len(reply.Messages) == 0 {
		return
	}
	m := &reply.Messages[len(reply.Messages)-1]
	masked := slices.ContainsFunc(m.Text, func(line locales.Msg) bool { return line.Key == "report.masked" })
	if _, found := r.deps.Recognise.Redact(t.Text); !found && !masked {
		return
	}
	if !masked {
		m.Text = append([]locales.Msg{locales.M("check.secret"), {}}, m.Text...)
	}
	m.Buttons = append(m.Buttons, deleteButton(t))
}

// notUnderstood keeps an answer from being lost silently: a subject in it is
// offered for the report, or said to be in it, a cry for help is answered with
// care, anything else is asked for again.
func (r *Router) notUnderstood(t Turn, d *reportDraft, step string) (Reply, error) {
	s := r.hear(t)
	switch {
	case d.offer(s.refs):
		return r.alarmed(t)(r.show(t, d, step))
	case r.cry(t) != cryNone:
		return careFirst(t, d, r.cry(t), s.ownNote()...)
	case d.holds(s.refs):
		notes := []locales.Msg{locales.M("report.in_already", "Subjects", shown(s.refs))}
		if s.words != "" {
			notes = append(notes, hint(step))
		}
		return r.show(t, d, step, notes...)
	case s.own:
		return r.hinted(t, d, step, locales.M("report.own"), hint(step))
	}
	return r.hinted(t, d, step, hint(step))
}

// offer has the next step ask by a button whether subjects belong to the report, and
// says whether there are any to ask about.
func (d *reportDraft) offer(refs []draftRef) bool {
	for _, ref := range refs {
		if !has(d.Subjects, ref) && !has(d.Offered, ref) && len(d.Offered) < fraud.MaxSubjects {
			d.Offered = append(d.Offered, ref)
		}
	}
	return d.offers(refs)
}

// offers reports whether one of refs is being asked about.
func (d *reportDraft) offers(refs []draftRef) bool {
	return slices.ContainsFunc(refs, func(ref draftRef) bool { return has(d.Offered, ref) })
}

// holds reports whether refs are named, and all of them in the report already.
func (d *reportDraft) holds(refs []draftRef) bool {
	return len(refs) > 0 && !slices.ContainsFunc(refs, func(ref draftRef) bool { return !has(d.Subjects, ref) })
}

// hinted shows a step again to somebody who was not understood. They may not want
// to fill in a form at all: the first steps of help are a button away.
func (r *Router) hinted(t Turn, d *reportDraft, step string, notes ...locales.Msg) (Reply, error) {
	reply, err := r.show(t, d, step, notes...)
	if err == nil {
		m := &reply.Messages[0]
		m.Buttons = append(m.Buttons, nowButton())
	}
	return reply, err
}

func hint(step string) locales.Msg {
	switch step {
	case stepSubjects, stepSummary, stepWords:
		return locales.M("report.hint." + step)
	case stepWhen, stepAmount:
		return locales.M("report." + step + ".unclear")
	}
	return locales.M("report.hint.choice")
}
