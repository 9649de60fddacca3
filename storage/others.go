package storage

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// othersMark says how often others wrote to the database, as the writer's
// connection sees it: SQLite's data_version stands still for what that connection
// itself commits, and moves with everybody else's. It means something on one
// connection only.
type othersMark struct {
	conn    any
	version int64
}

// othersMark asks the writer's connection, and so waits for what it is doing.
func (s *Store) othersMark(ctx context.Context) (m othersMark, err error) {
	conn, err := s.write.db.Conn(ctx)
	if err != nil {
		return m, fmt.Errorf("waiting for the writer: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := conn.Raw(func(driver any) error { m.conn = driver; return nil }); err != nil {
		return m, fmt.Errorf("telling the writer's connection: %w", err)
	}
	if err := conn.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&m.version); err != nil {
		return m, fmt.Errorf("asking whether others wrote: %w", err)
	}
	return m, nil
}

// othersWrote returns ErrOthersWrote where another program wrote since the mark
// was taken.
func (s *Store) othersWrote(ctx context.Context, since othersMark) error {
	now, err := s.othersMark(ctx)
	if err == nil && now != since {
		err = ErrOthersWrote
	}
	return err
}

// othersStill is othersWrote for a filter that stands. A writer that is busy for
// long may be waiting for another program's lock, and so for what that writes: the
// filter does not answer until it can be known.
func (s *Store) othersStill(ctx context.Context, mark othersMark, b *bloom) error {
	soon, cancel := context.WithTimeout(ctx, othersEvery)
	err := s.othersWrote(soon, mark)
	late := soon.Err() != nil && ctx.Err() == nil
	cancel()
	if err != nil && late && !errors.Is(err, ErrOthersWrote) {
		s.filter.answers.Store(nil)
		err = s.othersWrote(ctx, mark)
	}
	if err == nil {
		s.filter.answers.Store(b)
	}
	return err
}

// awaitCalm waits until others have not written for a while.
func (s *Store) awaitCalm(ctx context.Context) error {
	var seen othersMark
	for since := time.Now(); time.Since(since) < calm; {
		now, err := s.othersMark(ctx)
		if err != nil {
			return err
		}
		if now != seen {
			seen, since = now, time.Now()
		}
		if err := rest(ctx, othersEvery); err != nil {
			return err
		}
	}
	return nil
}
