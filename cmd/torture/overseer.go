package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// overseer watches, over the replicas' heads, who holds the leases of scheduled
// work: each token has one holder, and none comes back once another was seen.
type overseer struct {
	db   *sql.DB
	stop context.CancelFunc
	done sync.WaitGroup

	seen   map[string]held
	handed int // leases seen going from one holder to another
	missed int // looks that failed
	wrong  error
}

type held struct {
	holder string
	token  int64
}

func newOverseer(ctx context.Context, url string) (*overseer, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	o := &overseer{db: db, stop: stop, seen: map[string]held{}}
	o.done.Go(func() {
		for ctx.Err() == nil {
			if err := o.look(ctx); err != nil && o.wrong == nil {
				o.wrong = err
			}
			pause(ctx, 50*time.Millisecond)
		}
	})
	return o, nil
}

// look reads the leases once. What can't be seen, such as the table before the first
// replica has made it, is no fault.
func (o *overseer) look(ctx context.Context) (wrong error) {
	rows, err := o.db.QueryContext(ctx, `SELECT name, holder, token FROM leases WHERE name NOT LIKE 'replica:%' AND holder <> ''`)
	if err != nil {
		return nil //nolint:nilerr // see above
	}
	defer func() { _ = rows.Close() }() // Err tells
	for rows.Next() {
		var name string
		var now held
		if err := rows.Scan(&name, &now.holder, &now.token); err != nil {
			break
		}
		wrong = errors.Join(wrong, o.note(name, now))
	}
	if rows.Err() != nil {
		o.missed++
	}
	return wrong
}

func (o *overseer) note(name string, now held) error {
	was, known := o.seen[name]
	o.seen[name] = now
	switch {
	case known && now.token < was.token:
		return fmt.Errorf("the token of %q fell from %d to %d", name, was.token, now.token)
	case known && now.token == was.token && now.holder != was.holder:
		return fmt.Errorf("two replicas held %q under token %d", name, now.token)
	case known && now.token > was.token:
		o.handed++
	}
	return nil
}

// buried waits until the others have declared a replica dead.
func (o *overseer) buried(ctx context.Context, pid int) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		var there int
		err := o.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM leases WHERE name LIKE 'replica:%' AND holder LIKE $1`, fmt.Sprintf("%%process %d", pid)).Scan(&there)
		if err != nil {
			return fmt.Errorf("waiting until a silent replica counts as dead: %w", err)
		}
		if there == 0 {
			return nil
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// close ends the watch and gives what was wrong.
func (o *overseer) close() error {
	o.stop()
	o.done.Wait()
	if o.wrong == nil && len(o.seen) == 0 {
		o.wrong = errors.New("no replica held a lease of scheduled work")
	}
	return errors.Join(o.wrong, o.db.Close())
}
