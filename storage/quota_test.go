package storage_test

import (
	"bytes"
	"fmt"
	"testing"

	"saqbol/fraud"
)

// Two replicas that add to the same people's rows in different orders would wait for
// each other.
func TestUsageIsAddedInOneOrder(t *testing.T) {
	keys, at := newKeys(t), server.Database(t)
	store := openAt(t, at, keys)
	used := map[int64]fraud.Usage{}
	for person := range int64(40) {
		used[person] = fraud.Usage{Checks: 1}
	}
	must(t, store.AddUsage(t.Context(), 20000, used))
	shut(t, store)
	rows, err := rawAt(t, at).QueryContext(t.Context(), `SELECT person FROM quotas ORDER BY ctid`) // as they came
	must(t, err)
	defer func() { _ = rows.Close() }()
	n := 0
	for ; rows.Next(); n++ {
		var who []byte
		must(t, rows.Scan(&who))
		if want := keys.Index("person", fmt.Sprint(n)); !bytes.Equal(who, want[:]) {
			t.Fatalf("the row in place %d is another person's", n)
		}
	}
	must(t, rows.Err())
	if n != len(used) {
		t.Errorf("%d rows, want %d", n, len(used))
	}
}
