package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/locales"
)

// fakeStore keeps in memory what a store keeps, and applies a Change as a store
// does: all of it once, and nothing of an update that was applied before.
type fakeStore struct {
	seen      map[int64]bool
	people    map[int64]fraud.Person
	sessions  map[int64]fraud.Session
	reports   []ownedReport
	disputes  map[int64]map[fraud.Key]fraud.Ref
	standings map[fraud.Key]fraud.Standing // set by a test; wins over what the reports add up to
	asked     int                          // how often Standings was called
	down      error                        // every read fails with it
}

type ownedReport struct {
	owner  int64 // 0 or less: the person was forgotten, or the test made the report
	report fraud.Report
}

func newFakeStore() *fakeStore {
	return &fakeStore{
		seen: map[int64]bool{}, people: map[int64]fraud.Person{}, sessions: map[int64]fraud.Session{},
		disputes: map[int64]map[fraud.Key]fraud.Ref{}, standings: map[fraud.Key]fraud.Standing{},
	}
}

// Apply does what storage does in one transaction.
func (s *fakeStore) Apply(c fraud.Change) error {
	if c.Update != 0 && s.seen[c.Update] {
		return fraud.ErrSeen
	}
	if c.Empty() {
		return nil
	}
	s.seen[c.Update] = true
	if c.Erase {
		s.forget(c.Person)
		return nil
	}
	p := s.people[c.Person]
	p.ID, p.Known = c.Person, true
	if c.Lang != "" {
		p.Lang = c.Lang
	}
	if c.Gone != nil {
		p.Gone = *c.Gone
	}
	s.people[c.Person] = p
	if c.Session != nil {
		s.sessions[c.Person] = *c.Session
	}
	if c.File != nil {
		s.file(c.Person, *c.File)
	}
	for i, r := range s.reports {
		if c.Withdraw != "" && r.owner == c.Person && r.report.Code == c.Withdraw {
			s.reports[i].report.Status, s.reports[i].report.Updated = fraud.StatusWithdrawn, c.Now
		}
	}
	if c.Dispute != nil {
		s.dispute(c.Person, *c.Dispute)
	}
	return nil
}

func (s *fakeStore) forget(person int64) {
	delete(s.people, person)
	delete(s.sessions, person)
	delete(s.disputes, person)
	for i := range s.reports {
		if s.reports[i].owner == person {
			s.reports[i].owner = -int64(i) - 1
		}
	}
}

func (s *fakeStore) file(person int64, report fraud.Report) {
	for i, r := range s.reports {
		if r.owner == person && r.report.Code == report.Code {
			s.reports[i].report = report
			return
		}
	}
	s.reports = append(s.reports, ownedReport{person, report})
}

func (s *fakeStore) dispute(person int64, d fraud.Dispute) {
	if !d.On {
		delete(s.disputes[person], d.Subject.Key)
		return
	}
	if s.disputes[person] == nil {
		s.disputes[person] = map[fraud.Key]fraud.Ref{}
	}
	s.disputes[person][d.Subject.Key] = d.Subject
}

func (s *fakeStore) Turn(_ context.Context, person int64) (fraud.Person, fraud.Session, error) {
	p := s.people[person]
	p.ID = person
	return p, s.sessions[person], s.down
}

func (s *fakeStore) Standings(_ context.Context, keys []fraud.Key) ([]fraud.Standing, error) {
	s.asked++
	out := make([]fraud.Standing, len(keys))
	for i, key := range keys {
		out[i] = s.standing(key)
	}
	return out, s.down
}

func (s *fakeStore) standing(key fraud.Key) fraud.Standing {
	if standing, ok := s.standings[key]; ok {
		return standing
	}
	var out fraud.Standing
	people, named := map[int64]bool{}, map[fraud.Scenario]int{}
	for _, r := range s.reports {
		if r.report.Status != fraud.StatusReceived || !holds(r.report, key) {
			continue
		}
		people[r.owner] = true
		if sc := r.report.Details.Scenario; sc != "" {
			named[sc]++
			if out.Top == "" || named[sc] > named[out.Top] {
				out.Top = sc
			}
		}
		if r.report.Updated.After(out.Last) {
			out.Last = r.report.Updated
		}
	}
	out.Reporters = len(people)
	for _, of := range s.disputes {
		if _, ok := of[key]; ok {
			out.Disputes++
		}
	}
	return out
}

func holds(r fraud.Report, key fraud.Key) bool {
	return slices.ContainsFunc(r.Subjects, func(ref fraud.Ref) bool { return ref.Key == key })
}

func (s *fakeStore) Disputed(_ context.Context, person int64, key fraud.Key) (bool, error) {
	_, ok := s.disputes[person][key]
	return ok, s.down
}

func (s *fakeStore) ReportsOf(_ context.Context, person int64) ([]fraud.Report, error) {
	var out []fraud.Report
	for _, r := range s.reports {
		if r.owner == person {
			out = append([]fraud.Report{r.report}, out...)
		}
	}
	return out, s.down
}

func (s *fakeStore) Overlapping(_ context.Context, person int64, keys []fraud.Key) (fraud.Report, bool, error) {
	for _, r := range slices.Backward(s.reports) {
		if r.owner != person || r.report.Status != fraud.StatusReceived {
			continue
		}
		for _, key := range keys {
			if holds(r.report, key) {
				return r.report, true, s.down
			}
		}
	}
	return fraud.Report{}, false, s.down
}

func (s *fakeStore) Portrait(ctx context.Context, person int64) (fraud.Portrait, error) {
	p := fraud.Portrait{Person: s.people[person], Session: s.sessions[person]}
	p.Person.ID = person
	p.Reports, _ = s.ReportsOf(ctx, person)
	for _, ref := range s.disputes[person] {
		p.Disputes = append(p.Disputes, ref)
	}
	slices.SortFunc(p.Disputes, func(a, b fraud.Ref) int { return strings.Compare(a.Value, b.Value) })
	return p, s.down
}

func (s *fakeStore) Totals(_ context.Context, since time.Time) (fraud.Totals, error) {
	var out fraud.Totals
	subjects, named := map[fraud.Key]bool{}, map[fraud.Scenario]int{}
	for _, r := range s.reports {
		if r.report.Status != fraud.StatusReceived {
			continue
		}
		out.Reports++
		if !r.report.Created.Before(since) {
			out.Recent++
		}
		for _, ref := range r.report.Subjects {
			subjects[ref.Key] = true
		}
		if sc := r.report.Details.Scenario; sc != "" {
			named[sc]++
		}
	}
	out.Subjects = len(subjects)
	for _, sc := range fraud.Scenarios() {
		if named[sc] > 0 {
			out.Top = append(out.Top, fraud.ScenarioCount{Scenario: sc, Count: named[sc]})
		}
	}
	slices.SortStableFunc(out.Top, func(a, b fraud.ScenarioCount) int { return b.Count - a.Count })
	return out, s.down
}

// fakeTokens hashes without a key and writes a Ref's key and value into the token.
type fakeTokens struct{}

func (fakeTokens) Identify(s fraud.Subject) fraud.Ref {
	ref := fraud.Ref{Kind: s.Kind, Value: s.Value, Shown: s.Shown}
	sum := sha256.Sum256([]byte(string(s.Kind) + ":" + s.Value))
	copy(ref.Key[:], sum[:])
	if s.Kind == fraud.KindCard {
		ref.Value = s.Value[len(s.Value)-4:]
		ref.Shown = "•••• " + ref.Value
	}
	return ref
}

var errTooLong = errors.New("the subject is too long for a token")

func (fakeTokens) Token(ref fraud.Ref) (string, error) {
	if len(ref.Value) > 24 {
		return "", errTooLong
	}
	kinds := map[fraud.Kind]string{fraud.KindPhone: "p", fraud.KindShort: "s", fraud.KindImpossible: "x", fraud.KindCard: "c", fraud.KindIBAN: "i"}
	return base64.RawURLEncoding.EncodeToString(append([]byte(kinds[ref.Kind]+ref.Value+"|"), ref.Key[:]...)), nil
}

func (f fakeTokens) Open(token string) (fraud.Ref, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	kinds := map[byte]fraud.Kind{'p': fraud.KindPhone, 's': fraud.KindShort, 'x': fraud.KindImpossible, 'c': fraud.KindCard, 'i': fraud.KindIBAN}
	if err != nil || len(raw) < 18 || kinds[raw[0]] == "" {
		return fraud.Ref{}, false
	}
	ref := fraud.Ref{Kind: kinds[raw[0]], Value: string(raw[1 : len(raw)-17])}
	copy(ref.Key[:], raw[len(raw)-16:])
	ref.Shown = ref.Value
	if ref.Kind == fraud.KindCard {
		ref.Shown = "•••• " + ref.Value
	}
	return ref, true
}

// testNow is the moment at which every test's conversation happens.
var testNow = time.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC)

// chat is one person's talk with the router over a fake store. Every answer's
// Change is applied, as the edge does.
type chat struct {
	t       *testing.T
	router  *Router
	store   *fakeStore
	deps    Deps
	person  int64
	code    string // language_code
	update  *int64 // shared by all the people of one store
	message int64
	last    Reply
}

func newChat(t *testing.T, languageCode string) *chat {
	t.Helper()
	catalogue, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	official, err := fraud.DefaultDirectory()
	if err != nil {
		t.Fatal(err)
	}
	store := newFakeStore()
	deps := Deps{
		Store: store, Official: official, Recognise: testRecogniser(t), Tokens: fakeTokens{}, Catalogue: catalogue,
		Username: "saqbol_bot", Clock: func() time.Time { return testNow }, Random: rand.New(rand.NewSource(1)),
	}
	return &chat{t: t, router: New(deps), store: store, deps: deps, person: 1001, code: languageCode, update: new(int64), message: 100}
}

// other is another person who talks to the same bot.
func (c *chat) other(person int64, languageCode string) *chat {
	o := *c
	o.person, o.code, o.last = person, languageCode, Reply{}
	return &o
}

// send hands an Input over, filling in who and where, and applies the Change.
func (c *chat) send(in Input) Reply {
	c.t.Helper()
	reply, err := c.try(in)
	if err != nil {
		c.t.Fatalf("handling %+v: %v", in, err)
	}
	return reply
}

func (c *chat) try(in Input) (Reply, error) {
	c.t.Helper()
	*c.update++
	c.message++
	in.Update, in.Person, in.Language = *c.update, c.person, c.code
	if in.Chat == 0 {
		in.Chat, in.Private = c.person, true
	}
	if in.Message == 0 {
		in.Message = c.message
	}
	reply, err := c.router.Handle(c.t.Context(), in)
	if err != nil {
		return reply, err
	}
	if err := c.store.Apply(reply.Change); err != nil {
		c.t.Fatalf("applying %+v: %v", reply.Change, err)
	}
	c.anchor(reply)
	c.checkLimits(reply)
	c.last = reply
	return reply, nil
}

// anchor notes the id of a new message that is to be edited in place, as the
// edge does once Telegram has named it.
func (c *chat) anchor(r Reply) {
	for _, m := range r.Messages {
		c.message++
		session := c.store.sessions[c.person]
		if m.Anchor && m.Edit == 0 && session.Open() {
			session.Anchor = c.message
			c.store.sessions[c.person] = session
		}
	}
}

// say types a text; a leading slash makes it a command.
func (c *chat) say(text string) Reply {
	c.t.Helper()
	if rest, ok := strings.CutPrefix(text, "/"); ok {
		command, args, _ := strings.Cut(rest, " ")
		return c.send(Input{Kind: KindCommand, Command: command, Text: args})
	}
	return c.send(Input{Kind: KindText, Text: text})
}

// press presses the button of the last answer whose label holds the words; or,
// where there is none, one whose data begins with them.
func (c *chat) press(words string) Reply {
	c.t.Helper()
	for _, byData := range []bool{false, true} {
		for _, m := range c.last.Messages {
			for _, row := range m.Buttons {
				for _, b := range row {
					if !byData && strings.Contains(c.label(c.last.Lang, b), words) || byData && strings.HasPrefix(b.Data, words) {
						return c.send(Input{Kind: KindButton, Button: b.Data})
					}
				}
			}
		}
	}
	c.t.Fatalf("no button %q under:\n%s", words, c.read(c.last))
	return Reply{}
}

func (c *chat) label(lang fraud.Lang, b Button) string {
	return strings.TrimSpace(b.Mark + " " + c.deps.Catalogue.Plain(lang, b.Label))
}

// read renders an answer as a person sees it, markup and button data included.
func (c *chat) read(r Reply) string {
	var out strings.Builder
	for _, m := range r.Messages {
		if m.Edit != 0 {
			out.WriteString("(edited in place)\n")
		}
		out.WriteString(c.deps.Catalogue.HTML(r.Lang, m.Text...) + "\n")
		if m.Document != nil {
			out.WriteString("(file " + m.Document.Name + ")\n" + string(m.Document.Data) + "\n")
		}
		for _, row := range m.Buttons {
			for _, b := range row {
				prefix, rest, _ := strings.Cut(b.Data, ":")
				if prefix == "rep" || prefix == "dis" {
					rest = "…"
				}
				if b.URL != "" {
					prefix, rest, _ = strings.Cut(b.URL, ":")
				}
				out.WriteString("[" + c.label(r.Lang, b) + " | " + prefix + ":" + rest + "]")
			}
			out.WriteString("\n")
		}
		if !m.Contact.Zero() {
			out.WriteString("(keyboard: " + c.deps.Catalogue.Plain(r.Lang, m.Contact) + ")\n")
		}
	}
	if !r.Toast.Zero() {
		out.WriteString("(toast) " + c.deps.Catalogue.Plain(r.Lang, r.Toast) + "\n")
	}
	if r.Delete != 0 {
		out.WriteString("(deletes a message)\n")
	}
	return out.String()
}

// checkLimits holds every answer of every test to Telegram's limits.
func (c *chat) checkLimits(r Reply) {
	c.t.Helper()
	for _, m := range r.Messages {
		limit := 4096
		if m.Document != nil {
			limit = 1024
		}
		if n := utf16Length(c.deps.Catalogue.HTML(r.Lang, m.Text...)); n > limit {
			c.t.Errorf("a message of %d characters, %d is the limit", n, limit)
		}
		for _, row := range m.Buttons {
			for _, b := range row {
				if len(b.Data) > 64 || (b.Data == "") == (b.URL == "") || b.Label.Zero() {
					c.t.Errorf("a button Telegram refuses: %+v", b)
				}
			}
		}
	}
	if n := utf16Length(c.deps.Catalogue.Plain(r.Lang, r.Toast)); n > 200 {
		c.t.Errorf("a toast of %d characters, 200 is the limit", n)
	}
	if draft := r.Change.Session; draft != nil && len(draft.Draft) > 0 && !json.Valid(draft.Draft) {
		c.t.Errorf("a draft that is no JSON: %s", draft.Draft)
	}
}

func utf16Length(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// refusal is what the edge shows of an error that people may read.
func (c *chat) refusal(err error) Reply {
	c.t.Helper()
	var refused *fraud.Error
	if !errors.As(err, &refused) {
		c.t.Fatalf("no words for people in: %v", err)
	}
	reply := Say(locales.M(refused.Key))
	reply.Lang = fraud.Lang(c.code)
	return reply
}
