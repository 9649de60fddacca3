package storage

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

// The rows of subjects form a chain in the order of their keys: each row's proof
// says where the next one begins, and marks the row together with that. So a
// lookup trusts what it finds, and what it does not find: the row before the
// place where the key would stand says that there is nothing between it and the
// next. The chain begins with a row of zeros that is always there.
//
// Where many write at once there is no chain: each new row would be written into
// its neighbour's, and neighbours would wait for each other. There a row's proof
// vouches for the row alone, and what is not found is not there (docs/adr/0016).

// ahead is the beginning of the next row's key. Two keys of one database that
// begin alike are not to be expected (n²/2^65 for n subjects), and do no harm: a
// third that is asked for and begins like them would be taken for damage.
type ahead [8]byte

// end stands behind the last row.
const end = "\xff\xff\xff\xff\xff\xff\xff\xff"

func aheadOf(key fraud.Key) ahead { return ahead(key[:len(ahead{})]) }

// sums is what a subject's row holds.
type sums struct {
	reporters, last, disputes, confirmed int64
	top                                  string
}

// link is a row of subjects.
type link struct {
	key  fraud.Key
	sums sums
	next ahead
}

func (l *link) marking() marking {
	return markingOf("subjects").bytes(l.key[:]).number(l.sums.reporters).text(l.sums.top).number(l.sums.last).
		number(l.sums.disputes).number(l.sums.confirmed).bytes(l.next[:])
}

const linkColumns = `subject, reporters, top, last, disputes, confirmed, proof`

// The row of a key, or where there is none the row before its place; the row of a
// key alone; and the row before a key.
const (
	linkAt     = `SELECT ` + linkColumns + ` FROM subjects WHERE subject <= $1 ORDER BY subject DESC LIMIT 1`
	linkOf     = `SELECT ` + linkColumns + ` FROM subjects WHERE subject = $1`
	linkBefore = `SELECT ` + linkColumns + ` FROM subjects WHERE subject < $1 ORDER BY subject DESC LIMIT 1`
)

// scanLink reads a row of linkColumns and holds it against its mark.
func (s *Store) scanLink(scan func(...any) error) (link, error) {
	var l link
	var key, proof []byte
	err := scan(&key, &l.sums.reporters, &l.sums.top, &l.sums.last, &l.sums.disputes, &l.sums.confirmed, &proof)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return l, errMissing
	case err != nil:
		return l, err
	case len(key) != len(l.key) || len(proof) != len(l.next)+seal.MarkSize:
		return l, altered("subjects")
	}
	l.key, l.next = fraud.Key(key), ahead(proof)
	if !s.agrees(l.marking(), proof[len(l.next):]) {
		return l, altered("subjects")
	}
	return l, nil
}

// linkQuery finds the row that says what is known of a key.
func (s *Store) linkQuery() string {
	if s.engine.chained() {
		return linkAt
	}
	return linkOf
}

// scanAbout reads the row that linkQuery finds for a key, and what it says of the key.
func (s *Store) scanAbout(scan func(...any) error, key fraud.Key) (link, sums, error) {
	l, err := s.scanLink(scan)
	switch {
	case err == nil && s.engine.chained():
		of, err := l.about(key)
		return l, of, err
	case err == nil && l.key != key:
		return l, sums{}, altered("subjects")
	case errors.Is(err, errMissing) && !s.engine.chained():
		return link{}, sums{}, nil
	}
	return l, l.sums, err
}

// about is what a row says of a key for which linkAt found it.
func (l *link) about(key fraud.Key) (sums, error) {
	if l.key == key {
		return l.sums, nil
	}
	if here := aheadOf(key); bytes.Compare(here[:], l.next[:]) >= 0 {
		return sums{}, errMissing
	}
	return sums{}, nil
}

// putLink writes a row with its proof.
func (s *Store) putLink(ctx context.Context, t *tx, l *link) error {
	if _, err := t.exec(ctx, `INSERT INTO subjects (`+linkColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (subject) DO UPDATE SET reporters = excluded.reporters, top = excluded.top, last = excluded.last,
			disputes = excluded.disputes, confirmed = excluded.confirmed, proof = excluded.proof`,
		l.key[:], l.sums.reporters, l.sums.top, l.sums.last, l.sums.disputes, l.sums.confirmed, s.linkProof(l)); err != nil {
		return fmt.Errorf("storing a subject's row: %w", err)
	}
	return nil
}

// linkProof makes the proof of a row that is to be written, within the transaction
// that writes it, and tells the filter of the row: as no row is taken for sound
// without its proof, none escapes the filter.
func (s *Store) linkProof(l *link) []byte {
	s.filter.add(l.key)
	return append(l.next[:len(l.next):len(l.next)], s.proofOf(l.marking())...)
}

// setSums makes at, which linkAt found for a key, or a new row behind it hold
// the key's sums; sums of nothing take the row away.
func (s *Store) setSums(ctx context.Context, t *tx, at *link, key fraud.Key, now sums) error {
	if !s.engine.chained() {
		return s.setRow(ctx, t, key, now)
	}
	switch found := at.key == key; {
	case now == (sums{}) && found && key != fraud.Key{}:
		return s.cut(ctx, t, at)
	case now == (sums{}) && !found:
		return nil
	case found:
		at.sums = now
		return s.putLink(ctx, t, at)
	}
	added := link{key: key, sums: now, next: at.next}
	at.next = aheadOf(key)
	if err := s.putLink(ctx, t, at); err != nil {
		return err
	}
	return s.putLink(ctx, t, &added)
}

// setRow is setSums without a chain.
func (s *Store) setRow(ctx context.Context, t *tx, key fraud.Key, now sums) error {
	if now == (sums{}) {
		return remove(ctx, t, key)
	}
	return s.putLink(ctx, t, &link{key: key, sums: now})
}

// cut takes a row out of the chain.
func (s *Store) cut(ctx context.Context, t *tx, l *link) error {
	before, err := s.scanLink(t.row(ctx, linkBefore, l.key[:]).Scan)
	if err != nil {
		return fmt.Errorf("reading the row before a subject's: %w", err)
	}
	if before.next != aheadOf(l.key) {
		return errMissing
	}
	before.next = l.next
	if err := s.putLink(ctx, t, &before); err != nil {
		return err
	}
	return remove(ctx, t, l.key)
}

func remove(ctx context.Context, t *tx, key fraud.Key) error {
	if _, err := t.exec(ctx, `DELETE FROM subjects WHERE subject = $1`, key[:]); err != nil {
		return fmt.Errorf("removing a subject's row: %w", err)
	}
	return nil
}
