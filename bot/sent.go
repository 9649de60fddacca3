package bot

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// sentAgain is how long to wait after the store could not be told.
const sentAgain = 5 * time.Second

// lastFlush is how long the flush at the stop may take.
const lastFlush = time.Second

// failuresALine is for how many failures in a row, one every five seconds, there is
// a line in the log: a full disk needs room, not a full log.
const failuresALine = 12

// sentRows takes delivered answers off the outbox, all those at a time that came
// while the last were being taken off.
type sentRows struct {
	outbox  Outbox
	log     *slog.Logger
	timeout time.Duration
	more    chan struct{} // something was added

	failures int // in a row; only flush touches it

	mu   sync.Mutex
	rows []int64
	told chan struct{} // closed when the outbox has been told of rows, or could not be
	ill  bool          // it could not be told last time: nobody waits for the next
}

func newSentRows(outbox Outbox, log *slog.Logger, timeout time.Duration) *sentRows {
	return &sentRows{outbox: outbox, log: log, timeout: timeout, more: make(chan struct{}, 1), told: make(chan struct{})}
}

// add has a row taken off. The channel closes when that is done; nil where the
// store has failed lately, and nobody should wait.
func (s *sentRows) add(row int64) (told <-chan struct{}) {
	s.mu.Lock()
	s.rows = append(s.rows, row)
	if !s.ill {
		told = s.told
	}
	s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
	return told
}

// run flushes until ctx ends, which ends a flush under way too. The caller flushes
// what came last.
func (s *sentRows) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.more:
		}
		if !s.flush(ctx) && !sleep(ctx, sentAgain) {
			return
		}
	}
}

// owing reports whether answers were delivered and the store can't be told now.
func (s *sentRows) owing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ill && len(s.rows) > 0
}

// flush tells the outbox. What it can't be told now is told later; at the worst
// an answer comes twice after a restart.
func (s *sentRows) flush(ctx context.Context) bool {
	s.mu.Lock()
	rows, told := s.rows, s.told
	s.rows, s.told = nil, make(chan struct{})
	s.mu.Unlock()
	defer close(told)
	if len(rows) == 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err := s.outbox.Sent(ctx, rows)
	s.mu.Lock()
	s.ill = err != nil
	s.mu.Unlock()
	if err == nil {
		s.failures = 0
		return true
	}
	stopped := errors.Is(ctx.Err(), context.Canceled) // the last flush takes them
	if !stopped {
		s.failures++
	}
	if !stopped && s.failures%failuresALine == 1 {
		s.log.Error("delivered answers still stand in the outbox; it is tried again until they don't", "count", len(rows), "error", err)
	}
	for _, row := range rows {
		s.add(row)
	}
	return false
}
