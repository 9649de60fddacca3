package storage

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

// replicaLease begins the name of the lease by which a replica shows that it lives;
// a name is never used twice. It is declared dead after replicaTerm: people whose
// conversation it held wait for that long.
const (
	replicaLease = "replica:"
	replicaTerm  = 6 * time.Second
)

// join makes the Store one of the replicas that serve people, and has it watch the
// others.
func (s *Store) join(ctx context.Context, c Claim) error {
	var id [8]byte
	if _, err := io.ReadFull(s.random, id[:]); err != nil {
		return fmt.Errorf("reading randomness: %w", err)
	}
	if c.Term <= 0 {
		c.Term = replicaTerm
	}
	var err error
	if s.instance, err = s.lease(ctx, replicaLease+hex.EncodeToString(id[:]), c, nil); err != nil {
		return err
	}
	watching, stop := context.WithCancel(context.Background())
	watched := make(chan struct{})
	s.unwatch = func() { stop(); <-watched }
	go func() {
		defer close(watched)
		s.watchReplicas(watching, c.Term)
	}()
	return nil
}

// part gives back every turn that this replica still holds.
func (s *Store) part(ctx context.Context) error {
	if s.unwatch == nil {
		return nil // no replica
	}
	s.unwatch()
	err := s.write.transactAs(ctx, nil, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `DELETE FROM turns WHERE holder = $1`, s.instance.name)
		return err
	})
	if err != nil {
		return fmt.Errorf("giving the turns back: %w", err)
	}
	return nil
}

// sighting is a replica's lease as it was last seen, and in how many looks, one
// after another, it stood like that.
type sighting struct {
	token, beat int64
	looks       int
}

// watchReplicas looks at the other replicas' leases until ctx ends, and buries those
// that have not changed for a term. Only looks in a row count: where this program
// or the database stood still, nobody else could show that it lives.
func (s *Store) watchReplicas(ctx context.Context, term time.Duration) {
	every := max(term/looksATerm, time.Millisecond)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	seen := map[string]sighting{}
	last := time.Now()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		begun := time.Now()
		if begun.Sub(last) > 3*every {
			clear(seen)
		}
		last = begun
		// What fails is tried with the next look, and whoever needs the database says so.
		if err := s.lookAround(ctx, seen); err != nil {
			clear(seen)
		}
		if n%looksATerm == 0 {
			_ = s.clearTurns(ctx)
		}
	}
}

// lookAround looks once.
func (s *Store) lookAround(ctx context.Context, seen map[string]sighting) error {
	dead := map[string]sighting{}
	there := map[string]bool{}
	err := s.read.query(ctx, func(rows *sql.Rows) error {
		var name, holder string
		var now sighting
		if err := rows.Scan(&name, &holder, &now.token, &now.beat); err != nil {
			return err
		}
		there[name] = true
		if was, known := seen[name]; known && was.token == now.token && was.beat == now.beat {
			now.looks = was.looks + 1
		}
		seen[name] = now
		if name != s.instance.name && (holder == "" || now.looks > looksATerm) {
			dead[name] = now
		}
		return nil
	}, `SELECT name, holder, token, beat FROM leases WHERE name LIKE $1`, replicaLease+"%")
	if err != nil {
		return err
	}
	for name := range seen {
		if !there[name] {
			delete(seen, name)
		}
	}
	for name, at := range dead {
		if err := s.bury(ctx, name, at); err != nil {
			return err
		}
	}
	return nil
}

// bury declares a replica dead, unless it has shown itself since: its chats are
// anybody's from then on. Should it live on, it finds its lease gone, and whatever
// it is about to store is fenced.
func (s *Store) bury(ctx context.Context, name string, at sighting) error {
	return s.update(ctx, "burying a replica", func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `DELETE FROM leases WHERE name = $1 AND token = $2 AND beat = $3`, name, at.token, at.beat)
		if err != nil || n == 0 {
			return err
		}
		_, err = t.exec(ctx, `DELETE FROM turns WHERE holder = $1`, name)
		return err
	})
}

// clearTurns clears away turns of replicas that are no more: one that was buried
// while it was taking a turn.
func (s *Store) clearTurns(ctx context.Context) error {
	n, err := s.count(ctx, `SELECT COUNT(*) FROM turns WHERE holder NOT IN (SELECT name FROM leases)`)
	if err != nil || n == 0 {
		return err
	}
	return s.update(ctx, "clearing turns away", func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `DELETE FROM turns WHERE holder NOT IN (SELECT name FROM leases)`)
		return err
	})
}
