package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A row says what its tests measured, and fails where one of them is not there.
func TestSuites(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	p := proof{"./testdata/proof", []string{"TestWhole", "TestParts"}}
	got, cases, err := p.run(t.Context(), log, nil)
	if want := []string{"3 of 3", "1 part (and 1 more like it)"}; err != nil || cases != 5 || !slices.Equal(got, want) {
		t.Errorf("measured %q in %d cases, %v, want %q", got, cases, err, want)
	}
	for name, tests := range map[string][]string{"missing": {"TestWhole", "TestGone"}, "failing": {"TestWhole", "TestFailing"}} {
		p.tests = tests
		if _, _, err := p.run(t.Context(), log, nil); err == nil || !strings.Contains(err.Error(), tests[1]) || strings.Contains(err.Error(), "TestWhole") {
			t.Errorf("a %s test: %v", name, err)
		}
	}
	if _, _, err := (proof{"./testdata/nothing", []string{"TestX"}}).run(t.Context(), log, nil); err == nil {
		t.Error("a package that is not there shows something")
	}
}
