package storage

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sort"

	"saqbol/fraud"
)

// mergedAtOnce is how many subjects are looked up by one statement.
const mergedAtOnce = 256

const dayMillis = 24 * 60 * 60 * 1000

// merging brings subjects of a list, in the order of their keys, into the tables,
// within one transaction. Where the rows of subjects form a chain it walks along
// with them: it holds the last two rows that it has come to, and writes one when it
// leaves it.
type merging struct {
	store     *Store
	t         *tx
	list      *listRow
	did       *Imported
	scenarios []fraud.Scenario

	before, at *held // the rows come to last, nil = none; at is the one for the key last merged
	out        *writing
}

// held is a row of the chain that may be changed before it is written.
type held struct {
	link
	changed bool
}

// merge merges subjects and writes what has changed.
func (s *Store) merge(ctx context.Context, t *tx, list *listRow, did *Imported, subjects []fraud.Listed) (err error) {
	m := &merging{store: s, t: t, list: list, did: did, scenarios: fraud.Scenarios(), out: newWriting(ctx, s, t)}
	defer func() { // after a panic too
		if failed := m.out.close(); failed != nil {
			err = failed
		}
	}()
	for chunk := range slices.Chunk(subjects, mergedAtOnce) {
		if err := m.chunk(ctx, chunk); err != nil {
			return err
		}
	}
	m.leave(m.before)
	m.leave(m.at)
	m.out.flush(list.list)
	return nil
}

func (m *merging) chunk(ctx context.Context, chunk []fraud.Listed) error {
	near, err := m.near(ctx, chunk)
	if err != nil {
		return err
	}
	known, err := m.known(ctx, chunk, near)
	if err != nil {
		return err
	}
	for i := range chunk {
		said := &chunk[i]
		if near, err = m.reach(said.Key, near); err != nil {
			return err
		}
		if err := m.one(ctx, said, known[said.Key]); err != nil {
			return err
		}
	}
	return nil
}

// reach goes along the chain to a key, and returns what of near is behind it.
func (m *merging) reach(key fraud.Key, near []link) ([]link, error) {
	for len(near) > 0 && bytes.Compare(near[0].key[:], key[:]) <= 0 {
		m.come(&held{link: near[0]})
		near = near[1:]
	}
	if m.at == nil && m.store.engine.chained() {
		return nil, errMissing
	}
	return near, nil
}

// near reads the rows of the keys, and in a chain the rows before the places of
// those that have none, without those of which the row that is held tells. They are
// in order.
func (m *merging) near(ctx context.Context, chunk []fraud.Listed) ([]link, error) {
	if m.at != nil && m.store.engine.chained() {
		chunk = chunk[sort.Search(len(chunk), func(i int) bool {
			here := aheadOf(chunk[i].Key)
			return bytes.Compare(here[:], m.at.next[:]) >= 0
		}):]
	}
	if len(chunk) == 0 {
		return nil, nil
	}
	keys := make([]fraud.Key, len(chunk))
	for i := range chunk {
		keys[i] = chunk[i].Key
	}
	args, near := padded(keys), make([]link, 0, len(chunk))
	err := m.query(ctx, func(rows *sql.Rows) error {
		l, err := m.store.scanLink(rows.Scan)
		near = append(near, l)
		return err
	}, m.nearQuery(len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("reading rows of subjects: %w", err)
	}
	slices.SortFunc(near, func(a, b link) int { return bytes.Compare(a.key[:], b.key[:]) })
	return slices.CompactFunc(near, func(a, b link) bool { return a.key == b.key }), nil
}

// query hands each row to scan, between the statements that write.
func (m *merging) query(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	return m.out.inTurn(func() error { return m.t.query(ctx, scan, query, args...) })
}

// nearQuery is linkQuery for n keys.
func (m *merging) nearQuery(n int) string {
	if !m.store.engine.chained() {
		return `SELECT ` + linkColumns + ` FROM subjects WHERE subject IN ` + m.store.rows(1, n)
	}
	return `SELECT ` + linkColumns + ` FROM (VALUES ` + m.store.rows(n, 1) + `) AS k
		JOIN subjects ON subject = (SELECT subject FROM subjects WHERE subject <= k.column1 ORDER BY subject DESC LIMIT 1)`
}

// there is what the row of a subject says, for which reach was called.
func (m *merging) there(key fraud.Key) (sums, error) {
	switch {
	case m.store.engine.chained():
		return m.at.about(key)
	case m.at != nil && m.at.key == key:
		return m.at.sums, nil
	}
	return sums{}, nil
}

// one merges what the list says of one subject, for which reach was called.
func (m *merging) one(ctx context.Context, said *fraud.Listed, before *stored) error {
	there, err := m.there(said.Key)
	if err != nil {
		return err
	}
	if before == nil {
		before = &stored{}
	}
	if before.sums() != there {
		return errSums
	}
	now := m.rowOf(said)
	switch {
	case said.Reporters == 0 && before.own.list == 0: // taken out by an earlier run
		return nil
	case said.Reporters == 0:
		m.did.Removed++
		m.out.unlist(said.Key, m.list.list)
	case now == before.own:
		m.did.Same++
		return nil
	default:
		m.did.Stored++
		m.out.list(now)
	}
	before.own = now
	return m.set(ctx, said.Key, before.sums())
}

// rowOf is the row of listed for what the list says.
func (m *merging) rowOf(said *fraud.Listed) listedRow {
	if said.Reporters == 0 {
		return listedRow{}
	}
	row := listedRow{subject: said.Key, list: m.list.list, reporters: int64(said.Reporters), last: int64(said.Day) * dayMillis}
	if said.Day == 0 {
		row.last = m.list.begun - m.list.begun%dayMillis
	}
	if said.Scenario > 0 {
		row.scenario = string(m.scenarios[said.Scenario-1])
	}
	return row
}

// set gives a subject, for which reach was called, its sums.
func (m *merging) set(ctx context.Context, key fraud.Key, now sums) error {
	found := m.at != nil && m.at.key == key
	switch {
	case found && now == m.at.sums, !found && now == sums{}:
		return nil
	case !m.store.engine.chained() && now == sums{}:
		m.out.cut(key)
		return nil
	case !m.store.engine.chained():
		m.out.link(&link{key: key, sums: now})
		return nil
	case now == sums{}:
		return m.cut(ctx)
	case found:
		m.at.sums, m.at.changed = now, true
		return nil
	}
	added := &held{link: link{key: key, sums: now, next: m.at.next}, changed: true}
	m.at.next, m.at.changed = aheadOf(key), true
	m.come(added)
	return nil
}

// cut takes the row m.at out of the chain.
func (m *merging) cut(ctx context.Context) error {
	gone := m.at.link
	if m.before == nil || m.before.next != aheadOf(gone.key) {
		// Between the two that are held there are others, none of them changed.
		m.leave(m.before)
		var l link
		err := m.out.inTurn(func() (err error) {
			l, err = m.store.scanLink(m.t.row(ctx, linkBefore, gone.key[:]).Scan)
			return err
		})
		if err != nil {
			return fmt.Errorf("reading the row before a subject's: %w", err)
		}
		if l.next != aheadOf(gone.key) {
			return errMissing
		}
		m.before = &held{link: l}
	}
	m.before.next, m.before.changed = gone.next, true
	m.before, m.at = nil, m.before
	m.out.cut(gone.key)
	return nil
}

// come goes on to a row of the chain.
func (m *merging) come(to *held) {
	left := m.before
	m.before, m.at = m.at, to
	m.leave(left)
}

// leave writes a row that has changed.
func (m *merging) leave(l *held) {
	if l != nil && l.changed {
		m.out.link(&l.link)
	}
}
