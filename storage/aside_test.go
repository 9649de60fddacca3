package storage_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/storage/storagetest"
)

// A row whose seal does not open costs itself alone: it is kept aside as it is,
// counted, and met once.
func TestRowsThatDoNotOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "saqbol.db")
	store := open(t, path, newKeys(t))
	defer shut(t, store)
	var ids []int64
	for i := range 3 {
		ids = append(ids, commit(t, store, fraud.Change{Person: int64(i + 1), Lang: fraud.Kazakh, Outgoing: []fraud.Outgoing{{Chat: int64(i + 1)}}})...)
		if _, err := store.Notify(t.Context(), []fraud.Notice{{Person: int64(i + 1), Key: "k"}}); err != nil {
			t.Fatal(err)
		}
		if err := store.DeadLetter(t.Context(), fraud.DeadLetter{Update: int64(i + 1), Reason: "r", Raw: []byte("raw"), At: storagetest.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	db := raw(t, path)
	for table, column := range map[string]string{"outbox": "payload", "notices": "notice", "dead_letters": "letter"} {
		run(t, db, fmt.Sprintf(`UPDATE %[1]s SET %[2]s = X'00FF00FF' WHERE id = (SELECT id FROM %[1]s ORDER BY id LIMIT 1 OFFSET 1)`, table, column))
	}
	for i, aside := range []int{1, 0} {
		page, err := store.Unsent(t.Context(), 0, 10)
		if err != nil || page.Aside != aside || len(page.Rows) != 2 || page.Rows[0].ID != ids[0] || page.Rows[1].ID != ids[2] {
			t.Errorf("reading %d: answers %+v, %v", i, page, err)
		}
		due, err := store.Notices(t.Context(), time.Now().Add(time.Minute), 10)
		if err != nil || due.Aside != aside || len(due.Notices) != 2 || due.Notices[1].Person != 3 {
			t.Errorf("reading %d: notices %+v, %v", i, due, err)
		}
	}
	if letters, err := store.DeadLetters(t.Context(), 0, 10); err != nil || len(letters) != 3 || !letters[1].Broken || letters[1].Size != 4 || letters[0].Broken {
		t.Errorf("letters: %+v, %v", letters, err)
	}
	if n, err := store.ReplayLetters(t.Context()); err != nil || n != 3 {
		t.Errorf("%d letters marked, %v", n, err)
	}
	for i, aside := range []int{1, 0} {
		if letters, n, err := store.Replays(t.Context(), 10); err != nil || n != aside || len(letters) != 2 {
			t.Errorf("reading %d: %d letters to be handled anew, %d set aside, %v", i, len(letters), n, err)
		}
	}
	letters, err := store.DeadLetters(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.LetterFailed(t.Context(), letters[1].ID, "r"); err == nil || errors.Is(err, fraud.ErrNoLetter) {
		t.Errorf("a broken letter fails: %v", err)
	}
	health, err := store.Check(t.Context())
	if err != nil || health.Aside != 3 || health.Unsent != 2 || health.Notices != 2 || health.Letters != 3 {
		t.Errorf("Check: %+v, %v", health, err)
	}
	if b, err := store.Backlog(t.Context()); err != nil || b.Unsent != 2 {
		t.Errorf("Backlog: %+v, %v; what is set aside does not wait", b, err)
	}
	for _, value := range column(t, db, `SELECT payload FROM outbox WHERE aside = 1`) {
		if string(value) != "\x00\xff\x00\xff" {
			t.Errorf("what is kept aside is changed to %x", value)
		}
	}
	if err := store.Prune(t.Context(), storagetest.Now()); err != nil {
		t.Fatal(err)
	}
	if health, err = store.Check(t.Context()); err != nil || health.Aside != 3 {
		t.Errorf("after clearing away: %+v, %v", health, err)
	}
	if err := store.Prune(t.Context(), time.Now().Add(29*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if health, err = store.Check(t.Context()); err != nil || health.Aside != 0 {
		t.Errorf("a month later: %+v, %v", health, err)
	}
}
