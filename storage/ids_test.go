package storage

import (
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Numbers only grow, whatever the clock does, and lie behind what was seen.
func TestIDs(t *testing.T) {
	now := time.Date(2026, time.November, 22, 9, 30, 0, 0, time.UTC)
	made, err := newIDs(func() time.Time { return now }, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	grows := func(when string, n int) {
		t.Helper()
		for range n {
			id := made.next()
			if id <= last {
				t.Fatalf("%s: %d after %d", when, id, last)
			}
			last = id
		}
	}
	grows("within a millisecond", 5000) // more than its count holds
	now = now.Add(-24 * time.Hour)
	grows("put back", 10)
	now = time.Time{}
	grows("no clock", 10)
	made.seen(last + 1_000_000_007)
	last += 1_000_000_007
	grows("behind another's", 10)
	made.seen(1)
	grows("behind an old one", 10)
	was := made.node
	for made.node == was {
		if err := made.draw(); err != nil {
			t.Fatal(err)
		}
	}
	grows("drawn anew", 10)
	now = time.Date(2088, time.January, 1, 0, 0, 0, 0, time.UTC)
	grows("in sixty years", 10)
}

// What the server says becomes the fault that an operator reads, and what may be
// stored the next time is tried again.
func TestPostgresFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		err   error
		fault Fault
		again bool
	}{
		"serialization":    {&pgconn.PgError{Code: "40001"}, FaultBusy, true},
		"deadlock":         {&pgconn.PgError{Code: "40P01"}, FaultBusy, true},
		"a lock":           {&pgconn.PgError{Code: "55P03"}, FaultBusy, false},
		"no connections":   {&pgconn.PgError{Code: "53300"}, FaultBusy, false},
		"disk full":        {&pgconn.PgError{Code: "53100"}, FaultFull, false},
		"a standby":        {&pgconn.PgError{Code: "25006"}, FaultReadOnly, false},
		"the disk":         {&pgconn.PgError{Code: "58030"}, FaultIO, false},
		"a page":           {&pgconn.PgError{Code: "XX001"}, FaultDamaged, false},
		"shutdown":         {&pgconn.PgError{Code: "57P01"}, FaultLost, true},
		"crash":            {&pgconn.PgError{Code: "57P02"}, FaultLost, true},
		"starting":         {&pgconn.PgError{Code: "57P03"}, FaultLost, true},
		"a connection":     {&pgconn.PgError{Code: "08006"}, FaultLost, true},
		"too long":         {&pgconn.PgError{Code: "57014"}, FaultBusy, false},
		"a mistake":        {&pgconn.PgError{Code: "42601"}, FaultOther, false},
		"a bad connection": {driver.ErrBadConn, FaultLost, true},
		"a closed one":     {sql.ErrConnDone, FaultLost, true},
		"none of its":      {errors.New("a slip"), FaultNone, false},
	} {
		err := fmt.Errorf("doing something: %w", tt.err)
		if got := driverFault(err); got != tt.fault {
			t.Errorf("%s: %s, want %s", name, got, tt.fault)
		}
		if got := passing(err); got != tt.again {
			t.Errorf("%s is tried again: %v, want %v", name, got, tt.again)
		}
	}
	if !drawnTwice(&pgconn.PgError{Code: "23505", TableName: "outbox"}) || drawnTwice(&pgconn.PgError{Code: "23505", TableName: "report_subjects"}) {
		t.Error("a number that was drawn twice is not told from another mistake")
	}
}
