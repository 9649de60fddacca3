package storage

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

// marking is a row written down for its mark: the table, then each column with
// its length, so that no two rows read the same.
type marking []byte

func markingOf(table string) marking { return append(make(marking, 0, 128), table...) }

func (m marking) bytes(b []byte) marking {
	return append(binary.AppendUvarint(append(m, 0), uint64(len(b))), b...)
}

func (m marking) text(s string) marking {
	return append(binary.AppendUvarint(append(m, 0), uint64(len(s))), s...)
}

func (m marking) number(n int64) marking {
	return binary.BigEndian.AppendUint64(append(m, 1), uint64(n))
}

// agrees compares a row's mark with the one that it should have.
func (s *Store) agrees(m marking, proof []byte) bool {
	mark := s.keys.Mark(m)
	return bytes.Equal(mark[:], proof)
}

func (s *Store) proofOf(m marking) []byte {
	mark := s.keys.Mark(m)
	return mark[:]
}

// personRow is the plain part of a person's row.
type personRow struct {
	lang        string
	gone, since int64
}

func (p personRow) marking(who []byte) marking {
	return markingOf("people").bytes(who).text(p.lang).number(p.gone).number(p.since)
}

// personMarked reads the plain part of a person's row; found is false where there
// is none.
func (s *Store) personMarked(ctx context.Context, t *tx, who fraud.Key) (p personRow, found bool, err error) {
	var proof []byte
	err = t.row(ctx, `SELECT lang, gone, since, proof FROM people WHERE person = $1`, who[:]).Scan(&p.lang, &p.gone, &p.since, &proof)
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	if err != nil {
		return p, false, fmt.Errorf("reading a person: %w", err)
	}
	if !s.agrees(p.marking(who[:]), proof) {
		return p, false, altered("people")
	}
	return p, true, nil
}

// reportRow is the plain part of a report's row.
type reportRow struct {
	code             string
	person           []byte
	status, scenario string
	created, updated int64
}

func (r reportRow) marking() marking {
	return markingOf("reports").text(r.code).bytes(r.person).text(r.status).text(r.scenario).number(r.created).number(r.updated)
}

// disputeRow is the plain part of a dispute's row.
type disputeRow struct {
	subject, person []byte
	at              int64
}

func (d disputeRow) marking() marking {
	return markingOf("disputes").bytes(d.subject).bytes(d.person).number(d.at)
}

// unseal opens a sealed column. What does not open under a key that is known was
// changed by nobody who has the keys.
func (s *Store) unseal(sealed []byte, at seal.Place) ([]byte, error) {
	plain, err := s.keys.Open(sealed, at)
	if err != nil && s.keys.Knows(sealed) {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return plain, err
}
