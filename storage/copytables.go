package storage

import (
	"fmt"
	"strings"
)

// copiedTable is a table that a copy takes over row by row, in the order of its key.
type copiedTable struct {
	table   string
	key     []string
	columns []string // the others
	where   string   // which rows; "" = all
	// dependants deletes what refers to a row that is deleted; "" = nothing does.
	dependants string
	named      bool // rows have a name besides, which only one may have
}

// copiedTables are the tables of a copy, what is referred to before what refers to
// it. A test holds them against the schemas of all databases.
func copiedTables() []copiedTable {
	return []copiedTable{
		{table: "people", key: []string{"person"}, columns: []string{"id", "lang", "gone", "session", "since", "proof"}},
		{table: "reports", key: []string{"code"}, columns: []string{"person", "status", "scenario", "subjects", "details", "created", "updated", "proof"},
			dependants: `DELETE FROM report_subjects WHERE code = $1`},
		{table: "report_subjects", key: []string{"subject", "person"}, columns: []string{"code", "scenario", "updated"}},
		{table: "disputes", key: []string{"subject", "person"}, columns: []string{"ref", "at", "proof"}},
		{table: "confirmations", key: []string{"subject"}, columns: []string{"ref", "confirmed_by", "at"}},
		{table: "lists", key: []string{"list"}, columns: []string{"name", "source", "reached", "begun", "done", "proof"}, named: true},
		{table: "listed", key: []string{"subject", "list"}, columns: []string{"reporters", "scenario", "last", "proof"}},
		subjectsTable(),
		// Numbers below 0 are receipts of a database's own transactions.
		{table: "handled", key: []string{"update_id"}, columns: []string{"at"}, where: "update_id >= 0"},
		{table: "outbox", key: []string{"id"}, columns: []string{"person", "payload", "at", "chat", "aside"}},
		{table: "notices", key: []string{"id"}, columns: []string{"person", "about", "notice", "due", "at", "aside"}},
		{table: "notice_names", key: []string{"name"}, columns: []string{"person", "at"}},
		{table: "dead_letters", key: []string{"id"}, columns: []string{"update_id", "letter", "at", "person", "tries", "replay", "aside"}},
		{table: "quotas", key: []string{"person", "slot"}, columns: []string{"day", "checks", "reports", "erasures"}},
	}
}

// subjectsTable is the one whose proofs are made anew: they form a chain in one
// database and none in the other.
func subjectsTable() copiedTable {
	return copiedTable{table: "subjects", key: []string{"subject"}, columns: []string{"reporters", "top", "last", "disputes", "confirmed", "proof"}}
}

// uncopiedTables are the others, and why.
func uncopiedTables() map[string]string {
	return map[string]string{
		"meta":     "only what it says of the keys is copied (copyMeta)",
		"counters": "the sums are copied, not the slots (copyCounters)",
		"commits":  "counts the transactions of this one database",
		"leases":   "nobody holds the copy",
		"turns":    "neither does anybody hold a chat",
	}
}

func (c copiedTable) all() []string { return append(append([]string{}, c.key...), c.columns...) }

// window reads rows in the order of the key: those behind a key, up to and with
// another; n of them at the most. It returns the statement; its parameters are the
// values of after, those of to, and n.
func (c copiedTable) window(after, to bool) string {
	var where []string
	if c.where != "" {
		where = append(where, c.where)
	}
	n := 1
	bound := func(there bool, than string) {
		if there {
			where = append(where, "("+strings.Join(c.key, ", ")+") "+than+" ("+parameters(n, len(c.key))+")")
			n += len(c.key)
		}
	}
	bound(after, ">")
	bound(to, "<=")
	if len(where) == 0 {
		where = append(where, "1 = 1")
	}
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY %s LIMIT %s", strings.Join(c.all(), ", "), c.table,
		strings.Join(where, " AND "), strings.Join(c.key, ", "), parameters(n, 1))
}

// put stores n rows in the place of those with their keys.
func (c copiedTable) put(n int) string {
	width := len(c.key) + len(c.columns)
	rows := make([]string, n)
	for i := range rows {
		rows[i] = "(" + parameters(1+i*width, width) + ")"
	}
	sets := make([]string, len(c.columns))
	for i, name := range c.columns {
		sets[i] = name + " = excluded." + name
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES %s ON CONFLICT (%s) DO UPDATE SET %s", c.table, strings.Join(c.all(), ", "),
		strings.Join(rows, ", "), strings.Join(c.key, ", "), strings.Join(sets, ", "))
}

// remove deletes the row with a key.
func (c copiedTable) remove() string {
	return fmt.Sprintf("DELETE FROM %s WHERE (%s) = (%s)", c.table, strings.Join(c.key, ", "), parameters(1, len(c.key)))
}

// count counts the rows of a copy.
func (c copiedTable) count() string {
	query := "SELECT COUNT(*) FROM " + c.table
	if c.where != "" {
		query += " WHERE " + c.where
	}
	return query
}
