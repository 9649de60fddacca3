package storage

import (
	"context"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"sync"

	"saqbol/fraud"
)

// rowsAtOnce is how many rows one statement writes.
const rowsAtOnce = 64

// writing gathers rows and writes many with one statement, by a goroutine of its
// own: the next ones are read and marked meanwhile.
type writing struct {
	store *Store
	t     *tx

	links, listed  []any // columns of rows
	cuts, unlisted []fraud.Key

	queue chan statement
	idle  chan struct{} // closed when all of the queue is written
	mu    sync.Mutex
	err   error // of the first statement that failed
}

// statement is one that is to be run.
type statement struct {
	doing, query string
	args         []any
}

func newWriting(ctx context.Context, s *Store, t *tx) *writing {
	w := &writing{store: s, t: t, queue: make(chan statement, 4), idle: make(chan struct{})}
	go func() {
		defer close(w.idle)
		for next := range w.queue {
			_ = w.inTurn(func() error { // told at the end
				if _, err := t.exec(ctx, next.query, next.args...); err != nil {
					return fmt.Errorf("%s: %w", next.doing, err)
				}
				return nil
			})
		}
	}()
	return w
}

// inTurn runs one statement at a time, and none after one that failed: what it
// returns is always the first failure, which says what to do about it.
func (w *writing) inTurn(run func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = run()
	}
	return w.err
}

// close waits until all that was flushed is written.
func (w *writing) close() error {
	close(w.queue)
	<-w.idle
	return w.err
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

func (w *writing) link(l *link) {
	w.links = append(w.links, l.key[:], l.sums.reporters, l.sums.top, l.sums.last, l.sums.disputes, l.sums.confirmed, w.store.linkProof(l))
	if len(w.links) == rowsAtOnce*linkWidth {
		w.flushLinks()
	}
}

func (w *writing) list(r listedRow) {
	w.listed = append(w.listed, r.subject[:], r.list, r.reporters, r.scenario, r.last, w.store.proofOf(r.marking()))
	if len(w.listed) == rowsAtOnce*listedWidth {
		w.flushListed()
	}
}

// cut removes a subject's row.
func (w *writing) cut(key fraud.Key) {
	if w.cuts = append(w.cuts, key); len(w.cuts) == rowsAtOnce {
		w.flushCuts()
	}
}

// unlist removes what a list says of a subject.
func (w *writing) unlist(key fraud.Key, list int64) {
	if w.unlisted = append(w.unlisted, key); len(w.unlisted) == rowsAtOnce {
		w.flushUnlisted(list)
	}
}

// flush has the rest written.
func (w *writing) flush(list int64) {
	w.flushLinks()
	w.flushListed()
	w.flushCuts()
	w.flushUnlisted(list)
}

func (w *writing) flushLinks() {
	w.insert("storing subjects' rows", w.links, linkWidth, linksInto, linksElse)
	w.links = make([]any, 0, rowsAtOnce*linkWidth)
}

func (w *writing) flushListed() {
	w.insert("storing what a list says", w.listed, listedWidth, listedInto, listedElse)
	w.listed = make([]any, 0, rowsAtOnce*listedWidth)
}

// insert has rows written, as many at once as is the greatest power of two: so there
// are few statements, and they stay prepared.
func (w *writing) insert(doing string, args []any, width int, into, otherwise string) {
	for len(args) > 0 {
		n := 1 << (bits.Len(uint(len(args)/width)) - 1)
		w.queue <- statement{doing, into + w.store.rows(n, width) + otherwise, args[:n*width]}
		args = args[n*width:]
	}
}

func (w *writing) flushCuts() {
	if len(w.cuts) == 0 {
		return
	}
	args := padded(w.cuts)
	w.cuts = nil
	w.queue <- statement{"removing subjects' rows", `DELETE FROM subjects WHERE subject IN ` + w.store.rows(1, len(args)), args}
}

func (w *writing) flushUnlisted(list int64) {
	if len(w.unlisted) == 0 {
		return
	}
	keys := padded(w.unlisted)
	w.unlisted = nil
	args := make([]any, 0, 2*len(keys))
	for _, key := range keys {
		args = append(args, key, list)
	}
	// Not by VALUES: of the parameters in them PostgreSQL does not know the type.
	w.queue <- statement{"removing what a list says", `DELETE FROM listed WHERE (subject, list) IN (` + w.store.rows(len(keys), 2) + `)`, args}
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
