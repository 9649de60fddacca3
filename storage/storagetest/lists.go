package storagetest

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"saqbol/fraud"
	"saqbol/storage"
)

// Lists holds what lists of reported subjects add to what people report.
func Lists(t *testing.T, open Factory) {
	f := begin(t, open)
	day := Now().Truncate(24 * time.Hour)
	listed := func(n int, reporters uint32, daysAgo int, scenario fraud.Scenario) fraud.Listed {
		l := fraud.Listed{Key: Phone(n).Key, Reporters: reporters, Day: uint32(day.Unix()/(24*60*60)) - uint32(daysAgo)}
		l.Scenario = uint8(slices.Index(fraud.Scenarios(), scenario) + 1)
		return l
	}
	load := func(o storage.Import, want storage.Imported, subjects ...fraud.Listed) {
		t.Helper()
		slices.SortFunc(subjects, func(a, b fraud.Listed) int { return bytes.Compare(a.Key[:], b.Key[:]) })
		if got, err := f.Import(f.ctx, o, subjects); err != nil || got != want {
			t.Fatalf("Import: %+v, %v; want %+v", got, err, want)
		}
	}
	stands := func(what string, n int, want fraud.Standing) {
		t.Helper()
		if got := f.standing(Phone(n)); got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	f.commit(fraud.Change{Person: 1, File: About(Code(1), fraud.ScenarioCode, Now(), Phone(1))})
	f.commit(fraud.Change{Person: 2, File: About(Code(2), fraud.ScenarioCode, Now(), Phone(9))})
	bank := storage.Import{Name: "bank", File: fraud.Key{1}}
	load(bank, storage.Imported{Stored: 3}, listed(1, 3, 1, fraud.ScenarioLoan), listed(2, 2, 5, ""), listed(3, 1, 0, fraud.ScenarioLoan))
	stands("reported and listed", 1, fraud.Standing{Reporters: 4, Top: fraud.ScenarioLoan, Last: Now()})
	stands("listed", 2, fraud.Standing{Reporters: 2, Last: day.AddDate(0, 0, -5)})
	stands("reported", 9, fraud.Standing{Reporters: 1, Top: fraud.ScenarioCode, Last: Now()})
	stands("neither", 8, fraud.Standing{})
	if got, err := f.Totals(f.ctx, Now()); err != nil || got.Reports != 2 || got.Subjects != 2 {
		t.Errorf("Totals: %+v, %v; lists are not what people reported", got, err)
	}
	load(bank, storage.Imported{Same: 1}, listed(3, 1, 0, fraud.ScenarioLoan))

	load(storage.Import{Name: "operator", File: fraud.Key{2}}, storage.Imported{Stored: 2}, listed(1, 1, 0, fraud.ScenarioCode), listed(4, 1, 0, ""))
	stands("on two lists", 1, fraud.Standing{Reporters: 5, Top: fraud.ScenarioLoan, Last: Now()})
	f.commit(fraud.Change{Person: 3, File: About(Code(3), fraud.ScenarioCode, Now().Add(time.Hour), Phone(1), Phone(4))})
	stands("reported again", 1, fraud.Standing{Reporters: 6, Top: fraud.ScenarioCode, Last: Now().Add(time.Hour)})
	f.commit(fraud.Change{Person: 3, Withdraw: Code(3)})
	stands("that withdrawn", 4, fraud.Standing{Reporters: 1, Last: day})

	// A list that comes again replaces what it said; with Replace all of it.
	load(storage.Import{Name: "bank", File: fraud.Key{3}, Replace: true}, storage.Imported{Stored: 1, Same: 1, Removed: 1}, listed(1, 7, 2, ""), listed(3, 1, 0, fraud.ScenarioLoan))
	stands("replaced", 1, fraud.Standing{Reporters: 9, Top: fraud.ScenarioCode, Last: Now()})
	stands("replaced, and gone", 2, fraud.Standing{})

	if err := f.Confirm(f.ctx, Phone(3), "dispatcher"); err != nil {
		t.Fatal(err)
	}
	f.commit(fraud.Change{Person: 4, Dispute: &fraud.Dispute{Subject: Phone(4), On: true}})
	load(storage.Import{Name: "police"}, storage.Imported{Stored: 1}, fraud.Listed{Key: Phone(5).Key, Reporters: 1})
	lists, err := f.Lists(f.ctx)
	if err != nil || len(lists) != 3 {
		t.Fatalf("Lists: %+v, %v", lists, err)
	}
	stands("listed without a day", 5, fraud.Standing{Reporters: 1, Last: lists[2].Begun.Truncate(24 * time.Hour)})
	if did, err := f.Unlist(f.ctx, "police", nil); err != nil || did != (storage.Imported{Removed: 1}) {
		t.Errorf("Unlist police: %+v, %v", did, err)
	}
	lists, err = f.Lists(f.ctx)
	if err != nil || len(lists) != 2 || lists[0].Name != "bank" || lists[0].Done.IsZero() || lists[1].Name != "operator" {
		t.Errorf("Lists: %+v, %v", lists, err)
	}
	for _, name := range []string{"bank", "operator"} {
		if did, err := f.Unlist(f.ctx, name, nil); err != nil || did != (storage.Imported{Removed: 2}) {
			t.Errorf("Unlist %s: %+v, %v", name, did, err)
		}
	}
	stands("taken out", 1, fraud.Standing{Reporters: 1, Top: fraud.ScenarioCode, Last: Now()})
	stands("taken out, and confirmed", 3, fraud.Standing{Confirmed: true})
	stands("taken out, and disputed", 4, fraud.Standing{Disputes: 1})
	if lists, err := f.Lists(f.ctx); err != nil || !cmp.Equal(lists, []fraud.List(nil)) {
		t.Errorf("Lists: %+v, %v; want none", lists, err)
	}
	if _, err := f.Unlist(f.ctx, "bank", nil); !errors.Is(err, storage.ErrNoList) {
		t.Errorf("taking out a list that is not there: %v", err)
	}
	if _, err := f.Import(f.ctx, bank, []fraud.Listed{listed(1, 1, 0, ""), listed(1, 1, 0, "")}); !errors.Is(err, storage.ErrListOrder) {
		t.Errorf("a subject twice: %v", err)
	}
}
