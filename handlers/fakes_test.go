package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"saqbol/fraud"
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

func (s *fakeStore) StandingsFor(ctx context.Context, _ fraud.Person, keys []fraud.Key) ([]fraud.Standing, error) {
	return s.Standings(ctx, keys)
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
