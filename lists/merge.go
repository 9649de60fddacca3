package lists

import (
	"bytes"
	"cmp"
	"slices"

	"saqbol/fraud"
)

// merged puts subjects into the order of their keys, each once. What comes out does
// not depend on the order in which they come.
func merged(all []fraud.Listed) []fraud.Listed {
	slices.SortFunc(all, compare)
	out := all[:0]
	for _, l := range all {
		if n := len(out); n > 0 && out[n-1].Key == l.Key {
			// Two lines may speak of the same people: the sum might be too many.
			out[n-1].Reporters = max(out[n-1].Reporters, l.Reporters)
			out[n-1].Day = max(out[n-1].Day, l.Day)
		} else {
			out = append(out, l)
		}
	}
	return slices.Clip(out)
}

// compare orders by key, and within one so that the first names the scenario.
func compare(a, b fraud.Listed) int {
	if c := bytes.Compare(a.Key[:], b.Key[:]); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(min(b.Scenario, 1), min(a.Scenario, 1)), cmp.Compare(b.Reporters, a.Reporters),
		cmp.Compare(b.Day, a.Day), cmp.Compare(a.Scenario, b.Scenario))
}
