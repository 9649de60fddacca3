package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Meter is told what the store does. It is asked in the middle of the work, by
// many goroutines: it must not block.
type Meter interface {
	// Operation is told of each operation that has ended, how long it took (the
	// wait for the one writer is part of it) and what went wrong.
	Operation(op Op, took time.Duration, fault Fault)
}

// WithMeter has the store tell a Meter what it does; without it, or with nil,
// nothing is measured.
func WithMeter(m Meter) Option { return func(c *config) { c.meter = m } }

// Op is an operation of the store, for a Meter.
type Op uint8

// The operations that are measured.
const (
	OpTurn Op = iota
	OpStandings
	OpDisputed
	OpReports
	OpOverlapping
	OpTotals
	OpSeen
	OpCommit
	OpAnchor
	OpUnsent
	OpSent
	OpDeadLetter
	OpConfirm
	OpPrune
	OpCheck
	OpNotify
	OpNotices
	OpLetters
	OpClaim
	opEnd
)

// String is the operation's name in a metric.
func (o Op) String() string {
	return [...]string{"turn", "standings", "disputed", "reports", "overlapping", "totals", "seen", "commit",
		"anchor", "unsent", "sent", "dead_letter", "confirm", "prune", "check",
		"notify", "notices", "letters", "claim"}[o]
}

// Ops are all operations.
func Ops() []Op {
	all := make([]Op, opEnd)
	for i := range all {
		all[i] = Op(i)
	}
	return all
}

// Fault says what kind of thing kept an operation from working, for a Meter.
type Fault uint8

// The faults.
const (
	FaultNone     Fault = iota
	FaultBusy           // another program holds the lock
	FaultFull           // the disk is full
	FaultReadOnly       // the file can't be written
	FaultIO             // the disk fails
	FaultLost           // the server does not answer, or ended the connection
	FaultDamaged        // the file is not as it should be
	FaultFenced         // another instance has taken over
	FaultCanceled       // the time given was up, or the program stops
	FaultOther
	faultEnd
)

// String is the fault's name in a metric.
func (f Fault) String() string {
	return [...]string{"none", "busy", "full", "readonly", "io", "lost", "damaged", "fenced", "canceled", "other"}[f]
}

// Faults are all faults, FaultNone first.
func Faults() []Fault {
	all := make([]Fault, faultEnd)
	for i := range all {
		all[i] = Fault(i)
	}
	return all
}

// faultOf sorts an error of the store. That an update was handled before, or that
// there is no such letter, is none.
func faultOf(err error) Fault {
	if err == nil || answers(err) {
		return FaultNone
	}
	switch {
	case errors.Is(err, ErrFenced):
		return FaultFenced
	case damaging(err):
		return FaultDamaged
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return FaultCanceled
	}
	if fault := driverFault(err); fault != FaultNone {
		return fault
	}
	return FaultOther
}

// begun is when an operation began; nobody looks at a clock where nothing is
// measured.
func (s *Store) begun() time.Time {
	if s.meter == nil {
		return time.Time{}
	}
	return time.Now() // for a difference only: not the clock that stamps rows
}

// measure tells the meter of an operation that ends with *err. It is deferred:
//
//	defer s.measure(OpTurn, s.begun(), &err)
func (s *Store) measure(op Op, begun time.Time, err *error) {
	if s.meter != nil {
		s.meter.Operation(op, time.Since(begun), faultOf(*err))
	}
}

// Backlog is what waits in the database.
type Backlog struct {
	Unsent  int       // calls to Telegram in the outbox
	Oldest  time.Time // when the oldest of them was stored, zero where there is none
	Notices int       // messages that nobody waits for, due or not
	Letters int       // updates that could not be handled
	Aside   int       // what can't be read of all these
}

// Backlog counts what waits in the database, in milliseconds even where that is
// much.
func (s *Store) Backlog(ctx context.Context) (Backlog, error) {
	var b Backlog
	var oldest sql.NullInt64
	row, err := s.read.row(ctx, `SELECT (SELECT COUNT(*) FROM outbox WHERE aside = 0), (SELECT MIN(at) FROM outbox WHERE aside = 0),
		(SELECT COUNT(*) FROM notices WHERE aside = 0), (SELECT COUNT(*) FROM dead_letters WHERE aside = 0),
		(SELECT COUNT(*) FROM outbox WHERE aside = 1) + (SELECT COUNT(*) FROM notices WHERE aside = 1) +
		(SELECT COUNT(*) FROM dead_letters WHERE aside = 1)`)
	if err == nil {
		err = row.Scan(&b.Unsent, &oldest, &b.Notices, &b.Letters, &b.Aside)
	}
	if err != nil {
		return Backlog{}, fmt.Errorf("counting what waits: %w", err)
	}
	b.Oldest = moment(oldest.Int64)
	return b, nil
}
