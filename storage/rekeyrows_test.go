package storage

import (
	"fmt"
	"testing"

	"saqbol/fraud"
)

// What somebody stores between the reading of a value and its sealing anew stays,
// and what they delete stays deleted.
func TestSealAnewLosesNothing(t *testing.T) {
	store, _ := openForTest(t)
	draft := func(person int64, words string) {
		t.Helper()
		session := &fraud.Session{}
		if words != "" {
			session = &fraud.Session{Flow: "report", Step: "words", Draft: []byte(words)}
		}
		if _, err := store.Commit(t.Context(), fraud.Change{Person: person, Lang: fraud.Kazakh, Session: session}); err != nil {
			t.Fatal(err)
		}
	}
	for person := range int64(3) {
		draft(person+1, "before")
	}
	next, err := store.keys.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.SealUnder(t.Context(), next, nil); err != nil {
		t.Fatal(err)
	}
	column := sealedColumn{"people", "session", []string{"person"}, "person"}
	read, err := store.readWindow(t.Context(), column, nil)
	if err != nil || len(read) != 3 {
		t.Fatalf("%d values, %v", len(read), err)
	}
	draft(1, "changed meanwhile")
	draft(2, "") // dropped meanwhile
	replaced, err := store.sealAnew(t.Context(), column, read)
	if err != nil || replaced != 1 {
		t.Errorf("%d values replaced, %v; only one was still as it had been read", replaced, err)
	}
	for person, want := range map[int64]string{1: "changed meanwhile", 2: "", 3: "before"} {
		_, session, err := store.Turn(t.Context(), person)
		if err != nil || string(session.Draft) != want {
			t.Errorf("person %d has the draft %q, %v; want %q", person, session.Draft, err, want)
		}
	}
}

// The windows of a column run through all its rows once, whatever its key is made of.
func TestWindowsSeeEveryRowOnce(t *testing.T) {
	store, _ := openForTest(t)
	const people = 2*rekeyWindow + 3
	for i := range people {
		subject := fraud.Ref{Kind: fraud.KindShort, Value: "102", Shown: "102", Key: fraud.Key{byte(i / 8)}}
		if _, err := store.Commit(t.Context(), fraud.Change{Person: int64(i + 1), Dispute: &fraud.Dispute{Subject: subject, On: true}}); err != nil {
			t.Fatal(err)
		}
	}
	column := sealedColumn{"disputes", "ref", []string{"subject", "person"}, "subject"}
	seen := map[string]bool{}
	var after []any
	for {
		values, err := store.readWindow(t.Context(), column, after)
		if err != nil {
			t.Fatal(err)
		}
		if len(values) == 0 {
			break
		}
		for _, v := range values {
			seen[fmt.Sprint(v.key)] = true
			if _, err := store.openAt(column, v); err != nil {
				t.Error(err)
			}
		}
		after = values[len(values)-1].key
	}
	if len(seen) != people {
		t.Errorf("%d rows seen, there are %d", len(seen), people)
	}
}
