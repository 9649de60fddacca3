package main

import "context"

// scenario is one row of the table: something that goes wrong, and what must hold
// all the same.
type scenario struct {
	name   string // as --only names it
	target string // what must hold
	// run tries it and says what was measured; an error says what did not hold.
	// Both may come: a row that fails shows its figures too.
	run func(ctx context.Context, r *rig) (measured string, err error)
}

// scenarios is every row, in the table's order. A new one is a file with a
// function like kill, and a line here.
func scenarios() []scenario {
	return append([]scenario{
		kill(),
		cut(),
		stop(),
		instances(),
		outbox(),
		storm(),
		replicas(),
	}, suites()...)
}
