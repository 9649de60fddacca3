package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"saqbol/fraud"
)

// listsSince is the schema's version that brought the lists.
const listsSince = 7

// listRow is a list's row.
type listRow struct {
	list        int64 // 0 = there is none
	name        string
	source      fraud.Key // of the file
	reached     fraud.Key // the last subject that is loaded
	begun, done int64
}

func (r listRow) marking() marking {
	return markingOf("lists").number(r.list).text(r.name).bytes(r.source[:]).bytes(r.reached[:]).number(r.begun).number(r.done)
}

const (
	listColumns = `list, name, source, reached, begun, done, proof`
	listsQuery  = `SELECT ` + listColumns + ` FROM lists ORDER BY name`
)

// scanList reads a row of listColumns and holds it against its mark.
func (s *Store) scanList(scan func(...any) error) (r listRow, err error) {
	var source, reached, proof []byte
	if err := scan(&r.list, &r.name, &source, &reached, &r.begun, &r.done, &proof); err != nil {
		return r, err
	}
	if len(source) != len(r.source) || len(reached) != len(r.reached) {
		return r, altered("lists")
	}
	r.source, r.reached = fraud.Key(source), fraud.Key(reached)
	if !s.agrees(r.marking(), proof) {
		return r, altered("lists")
	}
	return r, nil
}

// listNamed reads a list's row; the zero row where there is none.
func (s *Store) listNamed(ctx context.Context, t *tx, name string) (listRow, error) {
	r, err := s.scanList(t.row(ctx, `SELECT `+listColumns+` FROM lists WHERE name = $1`, name).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return listRow{}, nil
	}
	if err != nil {
		return r, fmt.Errorf("reading a list's row: %w", err)
	}
	return r, nil
}

// putList writes a list's row, a new one with the next number.
func (s *Store) putList(ctx context.Context, t *tx, r *listRow) error {
	if r.list == 0 {
		if err := t.row(ctx, `SELECT COALESCE(MAX(list), 0) + 1 FROM lists`).Scan(&r.list); err != nil {
			return fmt.Errorf("numbering a list: %w", err)
		}
	}
	if _, err := t.exec(ctx, `INSERT INTO lists (`+listColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (list) DO UPDATE SET source = excluded.source, reached = excluded.reached, begun = excluded.begun,
			done = excluded.done, proof = excluded.proof`,
		r.list, r.name, r.source[:], r.reached[:], r.begun, r.done, s.proofOf(r.marking())); err != nil {
		return fmt.Errorf("storing a list's row: %w", err)
	}
	return nil
}

// leaving reports whether the list is taken out by half: its row names no file.
func (r *listRow) leaving() bool { return r.done == 0 && r.source == fraud.Key{} }

// Lists returns the lists of reported subjects, by name.
func (s *Store) Lists(ctx context.Context) (lists []fraud.List, err error) {
	err = s.read.query(ctx, func(rows *sql.Rows) error {
		r, err := s.scanList(rows.Scan)
		lists = append(lists, fraud.List{Name: r.name, Begun: moment(r.begun), Done: moment(r.done), Leaving: r.leaving()})
		return err
	}, listsQuery)
	if err != nil {
		return nil, s.unreadable("reading the lists", err)
	}
	return lists, nil
}

// listedRow is what a list says of a subject.
type listedRow struct {
	subject   fraud.Key
	list      int64
	reporters int64
	scenario  string
	last      int64
}

func (r *listedRow) marking() marking {
	return markingOf("listed").bytes(r.subject[:]).number(r.list).number(r.reporters).text(r.scenario).number(r.last)
}

// scanListed reads a row of listed, with more columns behind it where a query has
// them, and holds it against its mark.
func (s *Store) scanListed(scan func(...any) error, more ...any) (r listedRow, err error) {
	var subject, proof []byte
	if err := scan(append([]any{&subject, &r.list, &r.reporters, &r.scenario, &r.last, &proof}, more...)...); err != nil {
		return r, err
	}
	if len(subject) != len(r.subject) {
		return r, altered("listed")
	}
	if r.subject = fraud.Key(subject); !s.agrees(r.marking(), proof) {
		return r, altered("listed")
	}
	return r, nil
}
