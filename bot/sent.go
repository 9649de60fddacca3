package bot

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const sentEvery = 100 * time.Millisecond

// failuresALine is for how many failures in a row, one every five seconds, there is
// a line in the log: a full disk needs room, not a full log.
const failuresALine = 12

// sentRows takes delivered answers off the outbox, many at a time.
type sentRows struct {
	outbox  Outbox
	log     *slog.Logger
	timeout time.Duration
	more    chan struct{} // something was added

	failures int // in a row; only flush touches it

	mu   sync.Mutex
	rows []int64
}

func newSentRows(outbox Outbox, log *slog.Logger, timeout time.Duration) *sentRows {
	return &sentRows{outbox: outbox, log: log, timeout: timeout, more: make(chan struct{}, 1)}
}

func (s *sentRows) add(row int64) {
	s.mu.Lock()
	s.rows = append(s.rows, row)
	s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// run flushes until ctx ends. The caller flushes what came last.
func (s *sentRows) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.more:
		}
		pause := sentEvery
		if !s.flush() {
			pause = 50 * sentEvery
		}
		select { // what comes meanwhile goes with the next flush
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// flush tells the outbox. What it can't be told now is told later; at the worst
// an answer comes twice after a restart.
func (s *sentRows) flush() bool {
	s.mu.Lock()
	rows := s.rows
	s.rows = nil
	s.mu.Unlock()
	if len(rows) == 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	err := s.outbox.Sent(ctx, rows)
	if err == nil {
		s.failures = 0
		return true
	}
	if s.failures++; s.failures%failuresALine == 1 {
		s.log.Error("delivered answers still stand in the outbox; it is tried again until they don't", "count", len(rows), "error", err)
	}
	for _, row := range rows {
		s.add(row)
	}
	return false
}
