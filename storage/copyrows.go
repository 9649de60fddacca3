package storage

import (
	"context"
	"database/sql"
	"fmt"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

// copiedRow is a row as the driver gives it: the key first.
type copiedRow struct {
	values []any
	key    string // the key, and the whole row, written down
	whole  string
}

func newCopiedRow(t copiedTable, values []any) (copiedRow, error) {
	var m marking
	key := 0
	for i, value := range values {
		switch value := value.(type) {
		case nil:
			m = append(m, 2)
		case int64:
			m = m.number(value)
		case string:
			m = m.text(value)
		case []byte:
			m = m.bytes(value)
		default:
			return copiedRow{}, fmt.Errorf("a value of type %T in %s", value, t.all()[i])
		}
		if i == len(t.key)-1 {
			key = len(m)
		}
	}
	return copiedRow{values: values, key: string(m[:key]), whole: string(m)}, nil
}

func readRows(ctx context.Context, db queryer, t copiedTable, query string, args []any) ([]copiedRow, error) {
	var out []copiedRow
	width := len(t.key) + len(t.columns)
	rows, err := db.QueryContext(ctx, query, args...)
	err = each(rows, err, func(rows *sql.Rows) error {
		values, into := make([]any, width), make([]any, width)
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		row, err := newCopiedRow(t, values)
		out = append(out, row)
		return err
	})
	return out, err
}

// differences are the rows that are not wanted, and those that are not there as
// they are wanted.
func differences(want, have []copiedRow) (stale, missing []copiedRow) {
	there := make(map[string]copiedRow, len(have))
	for _, row := range have {
		there[row.key] = row
	}
	for _, row := range want {
		if there[row.key].whole != row.whole {
			missing = append(missing, row)
		}
		delete(there, row.key)
	}
	for _, row := range have {
		if _, left := there[row.key]; left {
			stale = append(stale, row)
		}
	}
	return stale, missing
}

// relink gives rows of subjects the proofs that they have in the target. next is
// the row behind them, first says that none is before them.
func (c *copying) relink(rows []copiedRow, next *copiedRow, first bool) ([]copiedRow, error) {
	var links []link
	for _, row := range rows {
		l, err := c.link(row)
		if err != nil {
			return nil, err
		}
		if n := len(links); n > 0 && c.from.engine.chained() && links[n-1].next != aheadOf(l.key) {
			return nil, errMissing
		}
		links = append(links, l)
	}
	behind := ahead([]byte(end))
	if next != nil {
		l, err := c.link(*next)
		if err != nil {
			return nil, err
		}
		behind = aheadOf(l.key)
	}
	if n := len(links); n > 0 && c.from.engine.chained() && links[n-1].next != behind {
		return nil, errMissing
	}
	if first {
		links = c.begin(links)
	}
	out := make([]copiedRow, len(links))
	for i, l := range links {
		switch {
		case !c.to.engine.chained():
			l.next = ahead{}
		case i+1 < len(links):
			l.next = aheadOf(links[i+1].key)
		default:
			l.next = behind
		}
		var err error
		out[i], err = newCopiedRow(subjectsTable(), []any{l.key[:], l.sums.reporters, l.sums.top, l.sums.last,
			l.sums.disputes, l.sums.confirmed, c.to.linkProof(&l)})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// begin puts the row with which a chain begins before the others, or takes it away
// where the target has no chain.
func (c *copying) begin(links []link) []link {
	there := len(links) > 0 && links[0].key == fraud.Key{}
	switch chained := c.to.engine.chained(); {
	case chained && !there:
		return append([]link{{}}, links...)
	case !chained && there && links[0].sums == sums{}:
		return links[1:]
	}
	return links
}

// link reads a row of subjects and holds it against its mark.
func (c *copying) link(row copiedRow) (link, error) {
	var l link
	key, isKey := row.values[0].([]byte)
	top, isText := row.values[2].(string)
	proof, isProof := row.values[6].([]byte)
	if !isKey || !isText || !isProof || len(key) != len(l.key) || len(proof) != len(l.next)+seal.MarkSize {
		return l, altered("subjects")
	}
	l.key, l.sums.top, l.next = fraud.Key(key), top, ahead(proof)
	for i, into := range map[int]*int64{1: &l.sums.reporters, 3: &l.sums.last, 4: &l.sums.disputes, 5: &l.sums.confirmed} {
		n, isNumber := row.values[i].(int64)
		if !isNumber {
			return l, altered("subjects")
		}
		*into = n
	}
	if !c.from.agrees(l.marking(), proof[len(l.next):]) {
		return l, altered("subjects")
	}
	return l, nil
}
