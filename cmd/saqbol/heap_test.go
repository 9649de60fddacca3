package main

import (
	"runtime/debug"
	"testing"
)

// TestHeapRoom: the heap may grow by as many bytes with a filter as without, and by
// fewer while every row is read; who sets GOGC has the last word.
func TestHeapRoom(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	percent := func() int {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p
	}
	t.Setenv("GOGC", "")
	h := &heap{}
	for _, step := range []struct {
		name string
		do   func()
		want int
	}{
		{"a start", func() { h.holds(0) }, 400},
		{"with a filter", func() { h.holds(12 << 20) }, 100},
		{"every row is read", func() { h.reads(true) }, 25},
		{"the filter goes meanwhile", func() { h.holds(0) }, 100},
		{"the reading ends", func() { h.reads(false) }, 400},
	} {
		if step.do(); percent() != step.want {
			t.Errorf("%s: %d percent, want %d", step.name, percent(), step.want)
		}
	}
	t.Setenv("GOGC", "50")
	debug.SetGCPercent(50)
	if h.holds(12 << 20); percent() != 50 {
		t.Errorf("GOGC is overruled: %d percent", percent())
	}
}
