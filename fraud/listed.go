package fraud

import "time"

// Listed is what somebody's list says of one subject, in a form of which millions
// fit into memory.
type Listed struct {
	Key       Key
	Reporters uint32 // different people, 1 or more
	Day       uint32 // of the last report: days since 1970, 0 = not said
	Scenario  uint8  // its place in Scenarios, from 1 on; 0 = none
}

// List is a list of reported subjects that an authority, a bank or an operator gave.
type List struct {
	Name  string    // what the operator calls it
	Begun time.Time // when its loading began
	Done  time.Time // when it was whole; zero: it is loaded by half

	Leaving bool // it is taken out by half
}
