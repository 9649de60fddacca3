package storage

import "time"

// At has a move tell of its steps; an error ends it there.
func (o MoveOptions) At(step func(name string) error) MoveOptions {
	o.step = step
	return o
}

// CopiedColumns are the columns of the tables that a copy takes over.
func CopiedColumns() map[string][]string {
	out := map[string][]string{}
	for _, t := range copiedTables() {
		out[t.table] = t.all()
	}
	return out
}

// CopiedKeys are their primary keys.
func CopiedKeys() map[string][]string {
	out := map[string][]string{}
	for _, t := range copiedTables() {
		out[t.table] = t.key
	}
	return out
}

// UncopiedTables are those that a copy does not take over as they are, and why.
func UncopiedTables() map[string]string { return uncopiedTables() }

// WithStandbyTerms says how often a standby is looked at, and how far behind it may be.
func WithStandbyTerms(every, lag time.Duration) Option {
	return func(c *config) { c.standbyTerms = standbyTerms{every, lag} }
}

// StandbyLooks is how often the standby was looked at.
func (s *Store) StandbyLooks() int64 { return s.standby.looks.Load() }
