package storage

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"saqbol/fraud"
)

// What Import and Unlist can meet.
var (
	ErrNoList    = errors.New("there is no such list")
	ErrHalf      = errors.New("it is loaded by half from another file: give that file again, or take the list out with `saqbol import --undo`")
	ErrHalfOut   = errors.New("it is taken out by half: `saqbol import --undo` goes on, then it can be loaded")
	ErrListBusy  = errors.New("another import of this list is at work: wait until it has ended, then start again")
	ErrListOrder = errors.New("the subjects are not in the order of their keys, each once")
)

// How many subjects a transaction takes: beside an instance as many as hold the
// writer for some tens of milliseconds, else as many as make its end cheap.
const (
	besideBatch = 1_000
	aloneBatch  = 50_000
)

// Whoever waits for SQLite's lock looks every 100 ms at the latest. An import that
// has the database to itself rests for longer than that now and then, or a bot that
// starts would give up waiting.
const (
	restsEvery = 2 * time.Second
	restFor    = 120 * time.Millisecond
)

// Import is what is to be loaded.
type Import struct {
	Name string    // of the list
	File fraud.Key // recognises the file: an import that broke off goes on only with the same
	// Replace takes out what an earlier file of the list has and this one has not.
	Replace bool
	// Progress is told how many of how many subjects are loaded; nil tells nobody.
	Progress func(done, total int)
}

// Imported is what an import did.
type Imported struct {
	Stored  int // new, or changed
	Same    int // as they were
	Removed int
	Before  int // loaded by an earlier run that broke off
}

// Import loads a list of subjects, which must be in the order of their keys, each
// once. What the list says of them counts beside people's reports. An earlier
// import of this name is replaced where the new one has the same subjects.
//
// It goes by transactions of many subjects, each of them whole, and notes in each
// how far it has come: broken off, it goes on there when it is called again for the
// same file. When it returns, all is on the disk.
func (s *Store) Import(ctx context.Context, o Import, subjects []fraud.Listed) (did Imported, err error) {
	if !slices.IsSortedFunc(subjects, func(a, b fraud.Listed) int {
		if c := bytes.Compare(a.Key[:], b.Key[:]); c != 0 {
			return c
		}
		return -1 // twice
	}) {
		return did, ErrListOrder
	}
	l := &loading{Store: s, Import: o, did: &did}
	if err := l.begin(ctx); err != nil {
		return did, err
	}
	if o.Replace {
		if subjects, err = l.withLeft(ctx, subjects); err != nil {
			return did, err
		}
	}
	return did, l.load(ctx, subjects)
}

// Unlist takes a list out again, all of it, and leaves what people reported. Broken
// off, it is to be called again.
func (s *Store) Unlist(ctx context.Context, name string, progress func(done, total int)) (did Imported, err error) {
	l := &loading{Store: s, Import: Import{Name: name, Progress: progress}, did: &did, undo: true}
	if err := l.begin(ctx); err != nil {
		return did, err
	}
	subjects, err := l.withLeft(ctx, nil)
	if err != nil {
		return did, err
	}
	return did, l.load(ctx, subjects)
}

// loading is an import under way.
type loading struct {
	*Store
	Import
	undo bool
	row  listRow // as this import left it last
	did  *Imported

	lease leaseRow // of the instance, as it was seen
	since time.Time
}

// served reports whether an instance serves people: one that has not renewed its
// lease for a whole term is dead. Where there may be many instances, some do.
func (l *loading) served(ctx context.Context) (bool, error) {
	if !l.engine.single() {
		return true, nil
	}
	row, err := l.leaseRow(ctx, instanceLease)
	if err != nil {
		return false, fmt.Errorf("looking whether a bot runs: %w", err)
	}
	if row != l.lease {
		l.lease, l.since = row, time.Now()
	}
	return row.holder != "" && time.Since(l.since) < leaseTerm, nil
}

// begin makes the list's row, or finds where an import broke off.
func (l *loading) begin(ctx context.Context) error {
	return l.update(ctx, "beginning an import", func(ctx context.Context, t *tx) error {
		row, err := l.listNamed(ctx, t, l.Name)
		switch half := row.list != 0 && row.done == 0; {
		case err != nil:
			return err
		case row.list == 0 && l.undo:
			return ErrNoList
		case half && !l.undo && row.leaving():
			return fmt.Errorf("the list %q: %w", l.Name, ErrHalfOut)
		case half && !l.undo && row.source != l.File:
			return fmt.Errorf("the list %q: %w", l.Name, ErrHalf)
		case half && !l.undo:
			l.row = row
			return nil
		}
		l.row = listRow{list: row.list, name: l.Name, source: l.File, begun: millis(l.clock())}
		return l.putList(ctx, t, &l.row)
	})
}

// withLeft adds to the subjects, as such without reporters, those that the list has
// from before and that are not among them.
func (l *loading) withLeft(ctx context.Context, subjects []fraud.Listed) ([]fraud.Listed, error) {
	const page = 10_000
	var left []fraud.Listed
	for last, more := l.row.reached, true; more; {
		n := 0
		err := l.write.query(ctx, func(rows *sql.Rows) error { // a replica for reading may be behind
			var key []byte
			if err := rows.Scan(&key); err != nil {
				return err
			}
			if len(key) != len(last) {
				return altered("listed")
			}
			n, last = n+1, fraud.Key(key)
			if _, found := slices.BinarySearchFunc(subjects, last, byKey); !found {
				left = append(left, fraud.Listed{Key: last})
			}
			return nil
		}, `SELECT subject FROM listed WHERE subject > $1 AND list = $2 ORDER BY subject LIMIT $3`, last[:], l.row.list, page)
		if err != nil {
			return nil, l.unreadable("reading what a list has", err)
		}
		more = n == page
	}
	if len(left) == 0 {
		return subjects, nil
	}
	all := append(slices.Clip(subjects), left...)
	slices.SortFunc(all, func(a, b fraud.Listed) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	return all, nil
}

func byKey(l fraud.Listed, key fraud.Key) int { return bytes.Compare(l.Key[:], key[:]) }

// load stores the subjects that are not loaded yet.
func (l *loading) load(ctx context.Context, subjects []fraud.Listed) error {
	at, found := slices.BinarySearchFunc(subjects, l.row.reached, byKey)
	at += int(bit(found))
	l.did.Before = at
	size := besideBatch // the first is small: its statements are not prepared yet
	for rested := time.Now(); ; {
		if l.Progress != nil {
			l.Progress(at, len(subjects))
		}
		to := min(at+size, len(subjects))
		begun := time.Now()
		if err := l.batch(ctx, subjects[at:to], to == len(subjects)); err != nil {
			return err
		}
		if at = to; at == len(subjects) {
			break
		}
		served, err := l.served(ctx)
		if err != nil {
			return err
		}
		size = aloneBatch
		if served {
			size = besideBatch
			err = rest(ctx, 2*time.Since(begun))
		} else if time.Since(rested) > restsEvery {
			err = rest(ctx, restFor)
			rested = time.Now()
		}
		if err != nil {
			return err
		}
	}
	if l.Progress != nil {
		l.Progress(at, len(subjects))
	}
	return nil
}

// batch stores subjects in one transaction, and that they are loaded.
func (l *loading) batch(ctx context.Context, subjects []fraud.Listed, last bool) error {
	next, did := l.row, *l.did
	err := l.update(ctx, "loading a list", func(ctx context.Context, t *tx) error {
		next, did = l.row, *l.did // a transaction that is run again begins anew
		if row, err := l.listNamed(ctx, t, l.Name); err != nil {
			return err
		} else if row != l.row {
			return ErrListBusy
		}
		if err := l.merge(ctx, t, &next, &did, subjects); err != nil {
			return err
		}
		if last && l.undo {
			_, err := t.exec(ctx, `DELETE FROM lists WHERE list = $1`, next.list)
			return err
		}
		if len(subjects) > 0 {
			next.reached = subjects[len(subjects)-1].Key
		}
		if last {
			next.done = millis(l.clock())
		}
		return l.putList(ctx, t, &next)
	})
	if err == nil {
		l.row, *l.did = next, did
	}
	return err
}
