package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/seal"
)

// kept is a database with reports as the program files them.
func kept(t *testing.T, reports ...promise) (*storage.Store, *seal.Keys) {
	t.Helper()
	keys, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "saqbol.db"), keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	for _, p := range reports {
		report := fraud.Report{Code: p.code, Details: p.details}
		for _, number := range p.subjects {
			report.Subjects = append(report.Subjects, keys.Tokens().Identify(fraud.Subject{Kind: fraud.KindPhone, Value: number, Shown: display(number)}))
		}
		commit(t, store, fraud.Change{Person: p.person, File: &report})
		if p.withdrawn == told {
			commit(t, store, fraud.Change{Person: p.person, Withdraw: p.code})
		}
		if p.erased == told {
			commit(t, store, fraud.Change{Person: p.person, Erase: true})
		}
	}
	return store, keys
}

func commit(t *testing.T, store *storage.Store, c fraud.Change) {
	t.Helper()
	c.Now = time.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC)
	if _, err := store.Commit(context.Background(), c); err != nil {
		t.Fatal(err)
	}
}

// TestCompare: the harness sees a report that is lost, doubled or altered, and
// nothing where all is as people were told.
func TestCompare(t *testing.T) {
	report := func(person int64, code, number string, change ...func(*promise)) promise {
		p := promise{person: person, code: code, subjects: []string{number}, filed: told,
			details: fraud.Details{Channel: fraud.ChannelCall, Words: "Сказали, что с картой беда"}}
		for _, f := range change {
			f(&p)
		}
		return p
	}
	withdrawn, erased := func(p *promise) { p.withdrawn = told }, func(p *promise) { p.erased = told }
	pressed := func(p *promise) { p.filed = asked }
	a, b := report(1, "SB-AAAA-AAAA", number(firstNumber)), report(2, "SB-BBBB-BBBB", number(firstNumber))
	for name, tt := range map[string]struct {
		kept, promised []promise
		tally          tally
		wrong          string
	}{
		"as promised":                    {[]promise{a, b}, []promise{a, b}, tally{}, ""},
		"withdrawn":                      {[]promise{a, report(2, "SB-BBBB-BBBB", a.subjects[0], withdrawn)}, []promise{a, report(2, "SB-BBBB-BBBB", a.subjects[0], withdrawn)}, tally{}, ""},
		"forgotten":                      {[]promise{report(1, "SB-AAAA-AAAA", a.subjects[0], erased)}, []promise{report(1, "SB-AAAA-AAAA", a.subjects[0], erased)}, tally{}, ""},
		"asked for, and there":           {[]promise{a}, []promise{report(1, "SB-AAAA-AAAA", a.subjects[0], pressed)}, tally{}, ""},
		"asked for, and not there":       {nil, []promise{report(1, "SB-AAAA-AAAA", a.subjects[0], pressed)}, tally{}, ""},
		"lost":                           {[]promise{a}, []promise{a, b}, tally{lost: 1}, "is lost"},
		"nobody asked for it":            {[]promise{a, report(1, "SB-CCCC-CCCC", number(firstNumber+1))}, []promise{a}, tally{doubled: 1}, "nobody asked"},
		"somebody else's":                {[]promise{a, b}, []promise{a}, tally{}, "1 to 1 were filed"},
		"another subject":                {[]promise{report(1, "SB-AAAA-AAAA", number(firstNumber+1))}, []promise{a}, tally{}, "is about"},
		"other words":                    {[]promise{report(1, "SB-AAAA-AAAA", a.subjects[0], func(p *promise) { p.details.Words = "иначе" })}, []promise{a}, tally{}, "its person said"},
		"the withdrawal is lost":         {[]promise{a}, []promise{report(1, "SB-AAAA-AAAA", a.subjects[0], withdrawn)}, tally{}, "was withdrawn and stands"},
		"withdrawn, and nobody asked":    {[]promise{report(1, "SB-AAAA-AAAA", a.subjects[0], withdrawn)}, []promise{a}, tally{}, "stands and is withdrawn"},
		"forgotten, and yet remembered":  {[]promise{a}, []promise{report(1, "SB-AAAA-AAAA", a.subjects[0], erased)}, tally{}, "was forgotten"},
		"forgotten, and not counted now": {nil, []promise{report(1, "SB-AAAA-AAAA", a.subjects[0], erased)}, tally{}, "0 reports"},
	} {
		t.Run(name, func(t *testing.T) {
			store, keys := kept(t, tt.kept...)
			got, err := compare(t.Context(), store, keys, tt.promised)
			if got != tt.tally {
				t.Errorf("the tally is %+v, want %+v", got, tt.tally)
			}
			if (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("the comparison says %v, want %q", err, tt.wrong)
			}
		})
	}
}
