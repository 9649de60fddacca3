package handlers

import (
	"context"
	"strings"
	"time"

	"saqbol/fraud"
	"saqbol/locales"
)

// maxBlocks is how many subjects one answer shows.
const maxBlocks = 10

// maxReportButtons is how many subjects of one answer get a button to report them.
const maxReportButtons = 5

// finding is a subject with what is known of it.
type finding struct {
	subject fraud.Subject
	ref     fraud.Ref // zero where the kind can't be reported
	verdict fraud.Verdict
}

// slipped reports whether a number that can't exist has too few digits or too many,
// and nobody reported exactly that: most likely it was typed so.
func (f *finding) slipped() bool {
	return f.verdict.Level == fraud.LevelImpossible && f.verdict.Standing.Reporters == 0 && f.subject.Miscounted()
}

// notAfter shows no report as of tomorrow: the clock was ahead when it was filed.
func (f *finding) notAfter(now time.Time) {
	if last := &f.verdict.Standing.Last; last.After(now) {
		*last = now
	}
}

// checkCommand answers /check: what stands behind it and the message it answers;
// without either it asks for something to check.
func (r *Router) checkCommand(ctx context.Context, t Turn) (Reply, error) {
	if strings.TrimSpace(t.Text) == "" && t.Quoted == "" && len(t.Contacts) == 0 && len(t.Links) == 0 {
		m := Message{Text: []locales.Msg{locales.M("check.ask")}}
		if t.Private {
			m.Contact = locales.M("check.share")
		}
		return Reply{Messages: []Message{m}}, nil
	}
	return r.answer(ctx, t, r.subjects(t.Text, t.Contacts, t.Links, t.Quoted))
}

// check answers any text, contact, forwarded message or caption. The message it
// answers counts only where it holds no subject of its own.
func (r *Router) check(ctx context.Context, t Turn) (Reply, error) {
	subjects := r.subjects(t.Text, t.Contacts, t.Links, "")
	if len(subjects) == 0 && t.Quoted != "" {
		subjects = r.subjects("", nil, nil, t.Quoted)
	}
	return r.answer(ctx, t, subjects)
}

// recheck answers an edited message that holds subjects, and no other.
func (r *Router) recheck(ctx context.Context, t Turn) (Reply, error) {
	subjects := r.subjects(t.Text, t.Contacts, t.Links, "")
	if len(subjects) == 0 {
		return Reply{}, nil
	}
	return r.answer(ctx, t, subjects)
}

// subjects finds what stands in a message and around it, each once. Parts are
// read apart, so that two numbers never grow together.
func (r *Router) subjects(text string, contacts, links []string, quoted string) []fraud.Subject {
	parts := []string{text}
	for _, number := range contacts {
		parts = append(parts, abroad(number))
	}
	for _, link := range links {
		if number, ok := dialled(link); ok {
			parts = append(parts, number)
		}
	}
	parts = append(parts, quoted)
	var out []fraud.Subject
	seen := map[string]bool{}
	for _, part := range parts {
		if part == "" {
			continue
		}
		for _, s := range r.deps.Recognise.Find(part) {
			if key := string(s.Kind) + s.Value; !seen[key] {
				seen[key] = true
				out = append(out, s)
			}
		}
	}
	return out
}

// abroad puts + before the number of a shared contact that is international:
// Telegram gives 998901234567 for +998901234567.
func abroad(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
	trunk := len(digits) == 11 && digits[0] == '8'
	if len(digits) < 11 || trunk || digits[0] == '0' || strings.HasPrefix(digits, "810") {
		return number
	}
	return "+" + digits
}

// dialled is the number behind a hidden link that calls or writes to one.
func dialled(link string) (string, bool) {
	if number, ok := strings.CutPrefix(strings.ToLower(link), "tel:"); ok {
		return strings.NewReplacer("%20", " ", "%2b", "+").Replace(number), true
	}
	for _, host := range []string{"wa.me/", "api.whatsapp.com/send"} {
		if _, rest, ok := strings.Cut(link, host); ok {
			_, number, found := strings.Cut(rest, "phone=")
			if !found {
				number = rest
			}
			number, _, _ = strings.Cut(number, "&")
			number, _, _ = strings.Cut(number, "?")
			return abroad(strings.Replace(number, "%2B", "+", 1)), true
		}
	}
	return "", false
}

// answer is the one answer to a message: a block for each subject, then the next step.
func (r *Router) answer(ctx context.Context, t Turn, subjects []fraud.Subject) (Reply, error) {
	if len(subjects) == 0 || onlyBadCards(subjects) && foreignAccount(t.Text) {
		return r.nothingFound(t), nil
	}
	left := max(0, len(subjects)-maxBlocks)
	findings, refused, err := r.ask(ctx, t, subjects[:len(subjects)-left])
	switch {
	case err != nil:
		return Reply{}, err
	case refused.given():
		return r.notNow(t, refused), nil
	}
	m := Message{}
	var verdicts fraud.Verdicts
	for _, f := range findings {
		verdicts[f.verdict.Level]++
		m.Text = append(append(m.Text, block(f, t.Lang, len(findings) > 1)...), locales.Msg{})
	}
	if left > 0 {
		m.Text = append(m.Text, locales.M("check.more", "Max", maxBlocks).N(left), locales.Msg{})
	}
	if foreign(findings) {
		m.Text = append(m.Text, locales.M("check.note.abroad"), locales.Msg{})
	}
	if m.Buttons, err = r.checkButtons(ctx, t, findings); err != nil {
		return Reply{}, err
	}
	if !r.addClue(&m, t.Text) {
		addTip(&m, findings)
	}
	r.addSecret(&m, t, onlyUnknownShorts(findings))
	if c := r.cry(t); c.lost() || c == cryLife { // the answer begins with its verdict all the same
		m.Text = append(m.Text, c.care()...)
	} else {
		m.Text = append(m.Text, next(findings))
	}
	return Reply{Messages: []Message{m}, Verdicts: verdicts}, nil
}

// look judges subjects with one question to the store, on behalf of somebody.
func (r *Router) look(ctx context.Context, asker fraud.Person, subjects []fraud.Subject) ([]finding, error) {
	findings := make([]finding, len(subjects))
	keys := make([]fraud.Key, 0, len(subjects))
	for i, s := range subjects {
		findings[i].subject = s
		if s.Kind.Reportable() {
			findings[i].ref = r.deps.Tokens.Identify(s)
			keys = append(keys, findings[i].ref.Key)
		}
	}
	var standings []fraud.Standing
	if len(keys) > 0 {
		var err error
		if standings, err = r.deps.Store.StandingsFor(ctx, asker, keys); err != nil {
			return nil, unavailable("check.unavailable", "reading what was reported", err)
		}
	}
	for i, s := range subjects {
		var standing fraud.Standing
		if s.Kind.Reportable() {
			standing, standings = standings[0], standings[1:]
		}
		findings[i].verdict = fraud.Judge(s.Kind, standing, r.deps.Official.Find(s.Kind, s.Value))
	}
	return findings, nil
}
