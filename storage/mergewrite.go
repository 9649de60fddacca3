package storage

import (
	"context"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"saqbol/fraud"
)

// rowsAtOnce is how many rows one statement writes.
const rowsAtOnce = 64

// writing gathers rows and writes many with one statement.
type writing struct {
	store *Store
	t     *tx

	links, listed  []any // columns of rows
	cuts, unlisted []fraud.Key
}

const (
	linksInto = `INSERT INTO subjects (` + linkColumns + `) VALUES `
	linksElse = ` ON CONFLICT (subject) DO UPDATE SET reporters = excluded.reporters, top = excluded.top, last = excluded.last,
		disputes = excluded.disputes, confirmed = excluded.confirmed, proof = excluded.proof`
	linkWidth = 7

	listedInto = `INSERT INTO listed (subject, list, reporters, scenario, last, proof) VALUES `
	listedElse = ` ON CONFLICT (subject, list) DO UPDATE SET reporters = excluded.reporters, scenario = excluded.scenario,
		last = excluded.last, proof = excluded.proof`
	listedWidth = 6
)

func (w *writing) link(ctx context.Context, l *link) error {
	w.links = append(w.links, l.key[:], l.sums.reporters, l.sums.top, l.sums.last, l.sums.disputes, l.sums.confirmed, w.store.linkProof(l))
	if len(w.links) < rowsAtOnce*linkWidth {
		return nil
	}
	return w.flushLinks(ctx)
}

func (w *writing) list(ctx context.Context, r listedRow) error {
	w.listed = append(w.listed, r.subject[:], r.list, r.reporters, r.scenario, r.last, w.store.proofOf(r.marking()))
	if len(w.listed) < rowsAtOnce*listedWidth {
		return nil
	}
	return w.flushListed(ctx)
}

// cut removes a subject's row.
func (w *writing) cut(ctx context.Context, key fraud.Key) error {
	if w.cuts = append(w.cuts, key); len(w.cuts) < rowsAtOnce {
		return nil
	}
	return w.flushCuts(ctx)
}

// unlist removes what a list says of a subject.
func (w *writing) unlist(ctx context.Context, key fraud.Key, list int64) error {
	if w.unlisted = append(w.unlisted, key); len(w.unlisted) < rowsAtOnce {
		return nil
	}
	return w.flushUnlisted(ctx, list)
}

// end writes what is left.
func (w *writing) end(ctx context.Context, list int64) error {
	if err := w.flushLinks(ctx); err != nil {
		return err
	}
	if err := w.flushListed(ctx); err != nil {
		return err
	}
	if err := w.flushCuts(ctx); err != nil {
		return err
	}
	return w.flushUnlisted(ctx, list)
}

func (w *writing) flushLinks(ctx context.Context) error {
	err := w.insert(ctx, w.links, linkWidth, linksInto, linksElse)
	w.links = w.links[:0]
	if err != nil {
		return fmt.Errorf("storing subjects' rows: %w", err)
	}
	return nil
}

func (w *writing) flushListed(ctx context.Context) error {
	err := w.insert(ctx, w.listed, listedWidth, listedInto, listedElse)
	w.listed = w.listed[:0]
	if err != nil {
		return fmt.Errorf("storing what a list says: %w", err)
	}
	return nil
}

// insert writes rows, as many at once as is the greatest power of two: so there are
// few statements, and they stay prepared.
func (w *writing) insert(ctx context.Context, args []any, width int, into, otherwise string) error {
	for len(args) > 0 {
		n := 1 << (bits.Len(uint(len(args)/width)) - 1)
		if _, err := w.t.exec(ctx, into+w.store.rows(n, width)+otherwise, args[:n*width]...); err != nil {
			return err
		}
		args = args[n*width:]
	}
	return nil
}

func (w *writing) flushCuts(ctx context.Context) error {
	if len(w.cuts) == 0 {
		return nil
	}
	args := padded(w.cuts)
	w.cuts = w.cuts[:0]
	if _, err := w.t.exec(ctx, `DELETE FROM subjects WHERE subject IN `+w.store.rows(1, len(args)), args...); err != nil {
		return fmt.Errorf("removing subjects' rows: %w", err)
	}
	return nil
}

func (w *writing) flushUnlisted(ctx context.Context, list int64) error {
	if len(w.unlisted) == 0 {
		return nil
	}
	keys := padded(w.unlisted)
	w.unlisted = w.unlisted[:0]
	args := make([]any, 0, 2*len(keys))
	for _, key := range keys {
		args = append(args, key, list)
	}
	// Not by VALUES: of the parameters in them PostgreSQL does not know the type.
	if _, err := w.t.exec(ctx, `DELETE FROM listed WHERE (subject, list) IN (`+w.store.rows(len(keys), 2)+`)`, args...); err != nil {
		return fmt.Errorf("removing what a list says: %w", err)
	}
	return nil
}

// padded makes arguments of keys, the last one again and again until they are a
// power of two in number: so there are few statements, and they stay prepared.
func padded(keys []fraud.Key) []any {
	args := make([]any, 1<<bits.Len(uint(len(keys)-1)))
	for i := range args {
		args[i] = keys[min(i, len(keys)-1)][:]
	}
	return args
}

// rows is the text of n rows of parameters, to which the first of more may be added.
// SQLite takes $1 for a name and looks each up in a list of them, which for a
// thousand takes longer than all the rest; PostgreSQL knows no others.
func (s *Store) rows(n, width int) string {
	if s.engine.chained() {
		row := "(" + strings.Repeat("?, ", width-1) + "?)"
		return strings.Repeat(row+", ", n-1) + row
	}
	var out strings.Builder
	for i := range n * width {
		switch {
		case i == 0:
			out.WriteString("($")
		case i%width == 0:
			out.WriteString("), ($")
		default:
			out.WriteString(", $")
		}
		out.WriteString(strconv.Itoa(i + 1))
	}
	out.WriteString(")")
	return out.String()
}
