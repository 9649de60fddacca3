package storage

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"saqbol/storage/seal"
)

// What meta holds of the keys:
//
//	fingerprint  of the set; no rotation changes it
//	probe        sealed under the oldest key that a value may still be under
//	sealing      sealed under the key that everybody must seal under
//	known        the names of the keys that the running instance holds
//	rekeyed      when the last rotation was finished
//
// So a set fits if it opens probe and sealing, and a rotation is finished when
// both are made under its newest key.
const (
	metaFingerprint = "fingerprint"
	metaProbe       = "probe"
	metaSealing     = "sealing"
	metaKnown       = "known"
	metaRekeyed     = "rekeyed"
)

// probe is what is sealed to see whether the keys still fit: the fingerprint
// alone would let a key file from before a rotation pass.
const probe = "saqbol"

func metaPlace() seal.Place { return seal.Place{Table: "meta", Column: "value"} }

// keyRows are the rows of meta about the keys; nil where there is none.
type keyRows map[string][]byte

func (r keyRows) scan(rows *sql.Rows) error {
	var name string
	var value []byte
	err := rows.Scan(&name, &value)
	r[name] = value
	return err
}

const keyRowsQuery = `SELECT name, value FROM meta WHERE name IN ('fingerprint', 'probe', 'sealing', 'known', 'rekeyed', 'closed', 'moved')`

func (s *Store) keyRows(ctx context.Context) (keyRows, error) {
	rows := keyRows{}
	if err := s.read.query(ctx, rows.scan, keyRowsQuery); err != nil {
		return nil, fmt.Errorf("reading what the database knows of its keys: %w", err)
	}
	return rows, nil
}

// fit returns ErrWrongKey for keys that can't open everything in the database.
func (r keyRows) fit(keys *seal.Keys) error {
	fingerprint := keys.Fingerprint()
	if !bytes.Equal(r[metaFingerprint], fingerprint[:]) {
		return ErrWrongKey
	}
	for _, name := range []string{metaProbe, metaSealing} {
		if r[name] == nil {
			continue
		}
		if _, err := keys.Open(r[name], metaPlace()); err != nil {
			return ErrWrongKey
		}
	}
	return nil
}

func setMeta(ctx context.Context, t *tx, name string, value []byte) error {
	if _, err := t.exec(ctx, `INSERT INTO meta (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value); err != nil {
		return fmt.Errorf("keeping what the database knows of its keys: %w", err)
	}
	return nil
}

// checkKey compares the keys with what the database remembers of them, and makes a
// new database remember these; an instance also notes which ones it knows. Which
// of them seals is the database's to say.
// Whether it may be used at all, too: closed lets those in who look after a move.
func (s *Store) checkKey(ctx context.Context, c config) error {
	rows, err := s.keyRows(ctx)
	if err != nil {
		return err
	}
	if err := rows.closed(); err != nil && !c.closed {
		return err
	}
	if c.there && !s.engine.single() && rows[metaFingerprint] == nil {
		return ErrNoDatabase // a first start came no further than the tables: whose keys seal is its to say
	}
	if rows[metaSealing] == nil || s.instance != nil && !bytes.Equal(rows[metaKnown], known(s.keys)) {
		return s.write.transact(ctx, func(ctx context.Context, t *tx) error {
			if err := s.remember(ctx, t); err != nil {
				return err
			}
			return s.firstMarks(ctx, t) // here, so that a new database is made durable once
		})
	}
	return rows.check(s.keys)
}

// check returns ErrWrongKey for keys that do not fit, and makes those that do seal
// under the key that the database says.
func (r keyRows) check(keys *seal.Keys) error {
	if err := r.fit(keys); err != nil {
		return err
	}
	sealing := r[metaSealing]
	if sealing == nil { // written before databases said so
		sealing = r[metaProbe]
	}
	if keys.Follow(sealing) != nil {
		return ErrWrongKey
	}
	return nil
}

func (s *Store) remember(ctx context.Context, t *tx) error {
	rows := keyRows{}
	if err := t.query(ctx, rows.scan, keyRowsQuery); err != nil {
		return err
	}
	write := keyRows{}
	if rows[metaFingerprint] == nil {
		fingerprint := s.keys.Fingerprint()
		write[metaFingerprint] = fingerprint[:]
	} else if err := rows.check(s.keys); err != nil {
		return err
	}
	if rows[metaSealing] == nil {
		sealed, err := s.keys.Seal([]byte(probe), metaPlace())
		if err != nil {
			return err
		}
		write[metaSealing] = sealed
		if rows[metaFingerprint] == nil {
			write[metaProbe] = sealed
		}
	}
	if s.instance != nil {
		write[metaKnown] = known(s.keys)
	}
	for name, value := range write {
		if err := setMeta(ctx, t, name, value); err != nil {
			return err
		}
	}
	return nil
}

// follow makes the keys seal under the key that the database says. It stands at
// the beginning of every transaction that stores sealed values: from the moment a
// rotation says which key seals, nobody can store a value under another; and from
// the moment a move closes the database, nobody can store anything.
func (s *Store) follow(ctx context.Context, t *tx) error {
	var sealing []byte
	var closed int
	if err := t.row(ctx, `SELECT value, (SELECT COUNT(*) FROM meta WHERE name = $2) FROM meta WHERE name = $1`, metaSealing, metaClosed).
		Scan(&sealing, &closed); err != nil {
		return fmt.Errorf("reading which key seals: %w", err)
	}
	switch {
	case closed > 0:
		return ErrMoved
	case s.keys.Newest(sealing):
		return nil
	}
	if err := s.keys.Follow(sealing); err != nil {
		return fmt.Errorf("%w (it is being rekeyed, and these keys lack the new one)", ErrWrongKey)
	}
	return nil
}

// Adopt takes up a set of keys in place of the one the Store holds, for everybody
// who holds that, and notes in the database that its instance knows them. It
// returns ErrWrongKey, and changes nothing, for a set that can't open everything.
func (s *Store) Adopt(ctx context.Context, next *seal.Keys) error {
	return s.updateAlone(ctx, "taking up new keys", func(ctx context.Context, t *tx) error {
		rows := keyRows{}
		if err := t.query(ctx, rows.scan, keyRowsQuery); err != nil {
			return err
		}
		if err := rows.check(next); err != nil {
			return err
		}
		if err := s.keys.Adopt(next); err != nil {
			return err
		}
		if s.instance == nil || bytes.Equal(rows[metaKnown], known(next)) {
			return nil
		}
		return setMeta(ctx, t, metaKnown, known(next))
	})
}

func known(keys *seal.Keys) []byte { return []byte(strings.Join(keys.Known(), " ")) }

// Rekeyed tells how far a rotation to the newest key of next has come.
type Rekeyed struct {
	Seals    bool      // the key seals
	Alone    bool      // no value is under another key any more
	Finished time.Time // when the last rotation was finished; zero if none was
}

// Rekeyed reads how far a rotation has come.
func (s *Store) Rekeyed(ctx context.Context, next *seal.Keys) (Rekeyed, error) {
	rows, err := s.keyRows(ctx)
	if err != nil {
		return Rekeyed{}, err
	}
	ms, err := strconv.ParseInt(string(rows[metaRekeyed]), 10, 64)
	if err != nil {
		ms = 0 // never
	}
	return Rekeyed{
		Seals:    next.Newest(rows[metaSealing]),
		Alone:    next.Newest(rows[metaSealing]) && next.Newest(rows[metaProbe]),
		Finished: moment(ms),
	}, nil
}

// FinishRekey looks at every value, and notes that none is under an older key any
// more: from now on the older keys are not needed. Where some are it notes nothing.
func (s *Store) FinishRekey(ctx context.Context) (Sealed, error) {
	found, err := s.Inspect(ctx)
	if err != nil || found.Outdated > 0 {
		return found, err
	}
	err = s.update(ctx, "finishing the rotation of the keys", func(ctx context.Context, t *tx) error {
		sealed, err := s.keys.Seal([]byte(probe), metaPlace())
		if err != nil {
			return err
		}
		if err := setMeta(ctx, t, metaProbe, sealed); err != nil {
			return err
		}
		return setMeta(ctx, t, metaRekeyed, strconv.AppendInt(nil, millis(s.clock()), 10))
	})
	if err != nil {
		return found, err
	}
	return found, s.engine.scrub(ctx, s.write) // values under the older keys still stand in the log
}

// followNow is follow outside of a transaction, for those who only read.
func (s *Store) followNow(ctx context.Context) error {
	rows, err := s.keyRows(ctx)
	if err != nil {
		return err
	}
	if s.keys.Follow(rows[metaSealing]) != nil {
		return ErrWrongKey
	}
	return nil
}
