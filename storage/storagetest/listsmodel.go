package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"saqbol/fraud"
	"saqbol/storage"
)

// How small the world of the lists' model is: the same subjects meet again and again.
const (
	listedSubjects = 12
	listedPeople   = 3
	listNames      = 2
)

// listsModel is what is said of each subject: by lists, by people, against it.
type listsModel struct {
	first    int // of its subjects: each model has subjects and lists of its own in one store
	listed   map[string]map[int]uint32
	reported map[[2]int]bool // subject, person
	disputed map[[2]int]bool
}

// ListsModel holds the standings to a model after lists, reports and objections in
// any order.
func ListsModel(t *testing.T, open Factory) {
	store, runs := begin(t, open), 0
	rapid.Check(t, func(r *rapid.T) {
		runs++
		m := &listsModel{first: runs * listedSubjects, listed: map[string]map[int]uint32{}, reported: map[[2]int]bool{}, disputed: map[[2]int]bool{}}
		for range rapid.IntRange(1, 8).Draw(r, "changes") {
			if rapid.Bool().Draw(r, "a list") {
				m.list(t.Context(), r, store)
			} else {
				m.person(t.Context(), r, store)
			}
			m.compare(t.Context(), r, store)
		}
	})
}

// list loads a list or takes one out.
func (m *listsModel) list(ctx context.Context, r *rapid.T, store Store) {
	name := fmt.Sprint(m.first, " ", rapid.IntRange(1, listNames).Draw(r, "list"))
	before := m.listed[name]
	if rapid.IntRange(0, 3).Draw(r, "take it out") == 0 {
		if did, err := store.Unlist(ctx, name, nil); did.Removed != len(before) || (before == nil) != errors.Is(err, storage.ErrNoList) {
			r.Fatalf("Unlist of %d: %+v, %v", len(before), did, err)
		}
		delete(m.listed, name)
		return
	}
	list, replace := map[int]uint32{}, rapid.Bool().Draw(r, "replace")
	var entries []fraud.Listed
	for _, n := range rapid.SliceOfDistinct(rapid.IntRange(0, listedSubjects-1), rapid.ID[int]).Draw(r, "subjects") {
		list[n] = rapid.Uint32Range(1, 3).Draw(r, "reporters")
		entries = append(entries, fraud.Listed{Key: Phone(m.first + n).Key, Reporters: list[n]})
	}
	slices.SortFunc(entries, func(a, b fraud.Listed) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	did, err := store.Import(ctx, storage.Import{Name: name, Replace: replace}, entries)
	if err != nil || did.Stored+did.Same != len(entries) {
		r.Fatalf("Import of %d: %+v, %v", len(entries), did, err)
	}
	for n, reporters := range before {
		if _, again := list[n]; !again && !replace {
			list[n] = reporters
		}
	}
	m.listed[name] = list
}

// person reports, withdraws or objects.
func (m *listsModel) person(ctx context.Context, r *rapid.T, store Store) {
	n, person := rapid.IntRange(0, listedSubjects-1).Draw(r, "subject"), rapid.IntRange(1, listedPeople).Draw(r, "person")
	at, code := [2]int{n, person}, Code(listedPeople*(m.first+n)+person)
	c := fraud.Change{Person: int64(person), Now: Now()}
	switch rapid.IntRange(0, 2).Draw(r, "what") {
	case 0:
		c.File, m.reported[at] = About(code, "", Now(), Phone(m.first+n)), true
	case 1:
		c.Withdraw, m.reported[at] = code, false
	case 2:
		m.disputed[at] = !m.disputed[at]
		c.Dispute = &fraud.Dispute{Subject: Phone(m.first + n), On: m.disputed[at]}
	}
	if _, err := store.Commit(ctx, c); err != nil {
		r.Fatal(err)
	}
}

func (m *listsModel) compare(ctx context.Context, r *rapid.T, store Store) {
	keys, want := make([]fraud.Key, listedSubjects), make([]fraud.Standing, listedSubjects)
	for n := range keys {
		keys[n] = Phone(m.first + n).Key
		for person := 1; person <= listedPeople; person++ {
			want[n].Reporters += count(m.reported[[2]int{n, person}])
			want[n].Disputes += count(m.disputed[[2]int{n, person}])
		}
		for _, list := range m.listed {
			want[n].Reporters += int(list[n])
		}
	}
	got, err := store.Standings(ctx, keys)
	for i := range got {
		got[i].Last = time.Time{}
	}
	if err != nil || !cmp.Equal(got, want) {
		r.Fatalf("Standings: %s, %v", cmp.Diff(want, got), err)
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
