package storagetest

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"saqbol/fraud"
)

// errTaken is how the model refuses a code that is another person's.
var errTaken = errors.New("the code is taken")

// model is a store in memory, as simple as can be: nothing is kept that can be
// counted, so its sums are right by construction.
type model struct {
	people    map[int64]*modelPerson
	reports   map[string]*modelReport
	disputes  []modelDispute
	confirmed map[fraud.Key]bool
	handled   map[int64]bool
	outbox    []modelOutgoing
	forgotten int64 // owners of erased rows: -1, -2, …
}

type modelPerson struct {
	fraud.Person
	session fraud.Session
}

type modelReport struct {
	fraud.Report
	owner int64
}

type modelDispute struct {
	ref   fraud.Ref
	owner int64
	at    time.Time
}

type modelOutgoing struct {
	person int64
	fraud.Outgoing
}

func newModel() *model {
	return &model{people: map[int64]*modelPerson{}, reports: map[string]*modelReport{}, confirmed: map[fraud.Key]bool{}, handled: map[int64]bool{}}
}

// apply does what Commit must do; ids are those that the store gave.
func (m *model) apply(c fraud.Change, ids []int64) error {
	if m.handled[c.Update] {
		return fraud.ErrSeen
	}
	if c.File != nil {
		if old := m.reports[c.File.Code]; old != nil && old.owner != c.Person {
			return errTaken
		}
	}
	if c.Update != 0 {
		m.handled[c.Update] = true
	}
	if c.Lang != "" {
		m.person(c.Person).Lang = c.Lang
	}
	if c.Session != nil && c.Session.Open() {
		m.person(c.Person).session = *c.Session
	} else if c.Session != nil && m.people[c.Person] != nil {
		m.people[c.Person].session = fraud.Session{}
	}
	if c.File != nil {
		m.file(c)
	}
	if r := m.reports[c.Withdraw]; r != nil && r.owner == c.Person && r.Status == fraud.StatusReceived {
		r.Status, r.Updated = fraud.StatusWithdrawn, c.Now
		r.Details.Words, r.Details.Files = "", nil
	}
	if c.Dispute != nil {
		m.dispute(c)
	}
	if c.Gone != nil && m.people[c.Person] != nil {
		m.people[c.Person].Gone = *c.Gone
	}
	if c.Session != nil && !c.Session.Open() || c.Dispute != nil && !c.Dispute.On {
		m.forgetIdle(c.Person)
	}
	if c.Erase {
		m.erase(c.Person)
	}
	for i, out := range c.Outgoing {
		out.ID = ids[i]
		m.outbox = append(m.outbox, modelOutgoing{c.Person, out})
	}
	return nil
}

func (m *model) person(id int64) *modelPerson {
	if m.people[id] == nil {
		m.people[id] = &modelPerson{Person: fraud.Person{ID: id, Known: true}}
	}
	return m.people[id]
}

func (m *model) file(c fraud.Change) {
	m.person(c.Person)
	r := *c.File
	r.Subjects = slices.Clone(r.Subjects)
	if old := m.reports[r.Code]; old != nil {
		r.Created = old.Created
	}
	for _, ref := range r.Subjects {
		for _, other := range m.reports {
			if other.owner != c.Person || other.Code == r.Code || other.Status != fraud.StatusReceived || !holds(other.Report, ref.Key) {
				continue
			}
			if len(other.Subjects) == 1 {
				other.Status, other.Updated = fraud.StatusWithdrawn, c.Now
			} else {
				other.Subjects = slices.DeleteFunc(other.Subjects, func(o fraud.Ref) bool { return o.Key == ref.Key })
			}
		}
	}
	m.reports[r.Code] = &modelReport{r, c.Person}
}

func (m *model) dispute(c fraud.Change) {
	same := func(d modelDispute) bool { return d.owner == c.Person && d.ref.Key == c.Dispute.Subject.Key }
	switch {
	case !c.Dispute.On:
		m.disputes = slices.DeleteFunc(m.disputes, same)
	case !slices.ContainsFunc(m.disputes, same):
		m.person(c.Person)
		m.disputes = append(m.disputes, modelDispute{c.Dispute.Subject, c.Person, c.Now})
	}
}

func (m *model) forgetIdle(person int64) {
	p := m.people[person]
	if p == nil || p.Lang != "" || p.session.Open() || len(m.reportsOf(person)) > 0 || len(m.disputesOf(person)) > 0 {
		return
	}
	delete(m.people, person)
}

func (m *model) erase(person int64) {
	delete(m.people, person)
	for _, r := range m.reports {
		if r.owner == person {
			m.forgotten--
			r.owner, r.Details.Words, r.Details.Files = m.forgotten, "", nil
		}
	}
	for i, d := range m.disputes {
		if d.owner == person {
			m.forgotten--
			m.disputes[i].owner = m.forgotten
		}
	}
	m.outbox = slices.DeleteFunc(m.outbox, func(o modelOutgoing) bool { return o.person == person })
}

func holds(r fraud.Report, key fraud.Key) bool {
	return slices.ContainsFunc(r.Subjects, func(ref fraud.Ref) bool { return ref.Key == key })
}

func (m *model) reportsOf(person int64) []fraud.Report {
	var out []fraud.Report
	for _, r := range m.reports {
		if r.owner == person {
			out = append(out, r.Report)
		}
	}
	slices.SortFunc(out, func(a, b fraud.Report) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.Code, b.Code))
	})
	return out
}

func (m *model) disputesOf(person int64) []fraud.Ref {
	var out []fraud.Ref
	for _, d := range m.disputes {
		if d.owner == person {
			out = append(out, d.ref)
		}
	}
	return out
}

// standing counts everything anew.
func (m *model) standing(key fraud.Key) fraud.Standing {
	out := fraud.Standing{Confirmed: m.confirmed[key]}
	people, named, last := map[int64]bool{}, map[fraud.Scenario]int{}, map[fraud.Scenario]time.Time{}
	for _, r := range m.reports {
		if r.Status != fraud.StatusReceived || !holds(r.Report, key) {
			continue
		}
		people[r.owner] = true
		if r.Updated.After(out.Last) {
			out.Last = r.Updated
		}
		if s := r.Details.Scenario; s != "" {
			named[s]++
			if r.Updated.After(last[s]) {
				last[s] = r.Updated
			}
		}
	}
	out.Reporters = len(people)
	for _, s := range slices.Sorted(maps.Keys(named)) {
		if out.Top == "" || named[s] > named[out.Top] || named[s] == named[out.Top] && last[s].After(last[out.Top]) {
			out.Top = s
		}
	}
	for _, d := range m.disputes {
		if d.ref.Key == key {
			out.Disputes++
		}
	}
	return out
}

func (m *model) totals(since time.Time) fraud.Totals {
	var out fraud.Totals
	subjects, named := map[fraud.Key]bool{}, map[fraud.Scenario]int{}
	for _, r := range m.reports {
		if r.Status != fraud.StatusReceived {
			continue
		}
		out.Reports++
		if !r.Created.Before(since) {
			out.Recent++
		}
		for _, ref := range r.Subjects {
			subjects[ref.Key] = true
		}
		named[r.Details.Scenario]++
	}
	out.Subjects = len(subjects)
	for _, s := range fraud.Scenarios() {
		if named[s] > 0 {
			out.Top = append(out.Top, fraud.ScenarioCount{Scenario: s, Count: named[s]})
		}
	}
	slices.SortStableFunc(out.Top, func(a, b fraud.ScenarioCount) int { return b.Count - a.Count })
	return out
}
