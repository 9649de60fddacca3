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

// With the clock a day ahead or behind, what Prune must keep stays: the mark of every
// update that Telegram may deliver again (for 24 hours), every answer that somebody
// still waits for, dead letters. And a report is one, whatever its times say.
func TestClockMarksAnswersAndLetters(t *testing.T) {
	const day = 24 * time.Hour
	for _, jump := range []time.Duration{day, -day} {
		t.Run(fmt.Sprint(jump), func(t *testing.T) {
			store := open(t, filepath.Join(t.TempDir(), "saqbol.db"), newKeys(t))
			defer shut(t, store)
			now := storagetest.Now()
			ages := []time.Duration{23*time.Hour + 59*time.Minute, time.Hour, 0}
			for i, age := range ages {
				commit(t, store, fraud.Change{Update: int64(i + 1), Person: 1, Now: now.Add(-age), Session: &fraud.Session{Flow: "report"},
					Outgoing: []fraud.Outgoing{{Chat: 1}}})
			}
			if err := store.DeadLetter(t.Context(), fraud.DeadLetter{Update: 9, At: now.Add(-28 * day)}); err != nil {
				t.Fatal(err)
			}
			// The clock jumps; then updates, a report and its change come, and Prune.
			now = now.Add(jump)
			commit(t, store, fraud.Change{Update: 10, Person: 1, Now: now, File: storagetest.Report(storagetest.Code(1), storagetest.Phone(1))})
			now = now.Add(-jump)
			commit(t, store, fraud.Change{Update: 11, Person: 1, Now: now, File: storagetest.Report(storagetest.Code(2), storagetest.Phone(1))})
			for _, at := range []time.Time{now.Add(jump), now} {
				if err := store.Prune(t.Context(), at.Add(-2*day)); err != nil {
					t.Fatal(err)
				}
			}
			gone := 0
			for _, update := range []int64{1, 2, 3, 10, 11} {
				if _, err := store.Commit(t.Context(), fraud.Change{Update: update, Person: 1, Now: now, Lang: fraud.Kazakh}); !errors.Is(err, fraud.ErrSeen) {
					gone++
					t.Errorf("update %d came a second time: %v", update, err)
				}
			}
			health, err := store.Check(t.Context())
			if err != nil || health.Unsent != len(ages) || health.Letters != 1 || len(health.Damage) > 0 {
				t.Errorf("%+v, %v; want %d answers and one letter", health, err, len(ages))
			}
			standings, err := store.Standings(t.Context(), []fraud.Key{storagetest.Phone(1).Key})
			if err != nil || standings[0].Reporters != 1 {
				t.Errorf("%+v, %v; want one voice", standings, err)
			}
			t.Logf("measured: clock put %v: %d of 5 marks, %d of %d answers, %d of 1 letters gone too early",
				jump, gone, len(ages)-health.Unsent, len(ages), 1-health.Letters)
		})
	}
}
