package storage

import (
	"fmt"
	"strconv"
	"strings"

	"saqbol/storage/seal"
)

// sealedColumn is a column whose values are sealed. A test holds this list against
// what the migrations say of their columns.
type sealedColumn struct {
	table, column string
	key           []string // the table's primary key
	row           string   // the column that names the row in the value's place
}

// sealedColumns are all columns that a rotation of the keys seals anew. The values
// of meta have steps of their own (rekey.go).
func sealedColumns() []sealedColumn {
	return []sealedColumn{
		{"people", "id", []string{"person"}, "person"},
		{"people", "session", []string{"person"}, "person"},
		{"reports", "subjects", []string{"code"}, "code"},
		{"reports", "details", []string{"code"}, "code"},
		{"disputes", "ref", []string{"subject", "person"}, "subject"},
		{"confirmations", "ref", []string{"subject"}, "subject"},
		{"confirmations", "confirmed_by", []string{"subject"}, "subject"},
		{"outbox", "payload", []string{"id"}, "person"},
		{"notices", "notice", []string{"id"}, "person"},
		{"dead_letters", "letter", []string{"id"}, "update_id"},
	}
}

func (c sealedColumn) String() string { return c.table + "." + c.column }

// sealedValue is one value and where it stands.
type sealedValue struct {
	key    []any // of the row, as the driver gives it
	row    any   // names the row in the value's place
	sealed []byte
}

// place is where a value of this column was sealed: a row is named by the bytes of
// its key or text, or by its number in decimals, NULL as 0.
func (c sealedColumn) place(row any) (seal.Place, error) {
	at := seal.Place{Table: c.table, Column: c.column}
	switch row := row.(type) {
	case []byte:
		at.Row = row
	case string:
		at.Row = []byte(row)
	case int64:
		at.Row = strconv.AppendInt(nil, row, 10)
	case nil:
		at.Row = []byte("0")
	default:
		return at, fmt.Errorf("%s: a row is named by a %T", c, row)
	}
	return at, nil
}

// window reads values behind a key, in the order of the key; the first ones without.
func (c sealedColumn) window(after bool) string {
	where := c.column + " IS NOT NULL"
	if after {
		where += " AND (" + strings.Join(c.key, ", ") + ") > (" + parameters(1, len(c.key)) + ")"
	}
	n := 1
	if after {
		n += len(c.key)
	}
	return fmt.Sprintf("SELECT %s, %s, %s FROM %s WHERE %s ORDER BY %s LIMIT %s",
		strings.Join(c.key, ", "), c.row, c.column, c.table, where, strings.Join(c.key, ", "), parameters(n, 1))
}

// replace puts a value in the place of another, unless somebody was faster.
func (c sealedColumn) replace() string {
	var same []string
	for i, name := range c.key {
		same = append(same, name+" = "+parameters(i+3, 1))
	}
	return fmt.Sprintf("UPDATE %s SET %s = $1 WHERE %s = $2 AND %s", c.table, c.column, c.column, strings.Join(same, " AND "))
}

// parameters are n parameters of a statement, beginning with the given one.
func parameters(first, n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = "$" + strconv.Itoa(first+i)
	}
	return strings.Join(names, ", ")
}
