package storage

import "cmp"

// counting adds up what is stored of a subject: reports of people, what lists say,
// disputes, a confirmation.
type counting struct {
	people    int64 // who have a report that stands
	reporters int64 // these, and those of whom lists speak
	last      int64
	disputes  int64
	confirmed int64
	named     []naming
}

// naming is how often a scenario is named, and when last.
type naming struct {
	scenario  string
	n, latest int64
}

// add counts n more reporters who name a scenario, "" for none.
func (c *counting) add(scenario string, n, latest int64) {
	c.reporters += n
	c.last = max(c.last, latest)
	if scenario == "" {
		return
	}
	for i := range c.named {
		if at := &c.named[i]; at.scenario == scenario {
			at.n, at.latest = at.n+n, max(at.latest, latest)
			return
		}
	}
	c.named = append(c.named, naming{scenario, n, latest})
}

// sums is what the subject's row must say. Of two scenarios named equally often,
// the one named last is the fresher warning.
func (c *counting) sums() sums {
	out := sums{reporters: c.reporters, last: c.last, disputes: c.disputes, confirmed: c.confirmed}
	var top naming
	for _, at := range c.named {
		if cmp.Or(cmp.Compare(at.n, top.n), cmp.Compare(at.latest, top.latest), cmp.Compare(top.scenario, at.scenario)) > 0 {
			top = at
		}
	}
	out.top = top.scenario
	return out
}
