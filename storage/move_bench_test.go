package storage_test

import (
	"flag"
	"sync"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/storagetest"
)

var movedReports = flag.Int("moved", 20_000, "how many reports BenchmarkMove moves")

// BenchmarkMove moves a store of -moved reports, each of a person of their own, to
// PostgreSQL and back, and says how many rows a second that is, and which part of
// the time nothing could be saved.
func BenchmarkMove(b *testing.B) {
	keys, file, there := newKeys(b), newFile(b), server.Database(b)
	store := openAt(b, file, keys)
	var writers sync.WaitGroup
	const side = 64
	n := *movedReports
	for i := range side {
		writers.Go(func() {
			for person := i + 1; person <= n; person += side {
				if _, err := store.Commit(b.Context(), fraud.Change{Update: int64(person), Person: int64(person), Now: storagetest.Now(),
					File: storagetest.Report(storagetest.Code(person), storagetest.Phone(person), storagetest.Phone(person%1000+1_000_000))}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	writers.Wait()
	shut(b, store)
	from, to := file, there
	for b.Loop() {
		begun := time.Now()
		done, err := storage.Move(b.Context(), from, to, keys, storage.MoveOptions{})
		must(b, err)
		took, rows := time.Since(begun), int64(0)
		for _, size := range done.Tables {
			rows += size.Rows
		}
		name := "toFile"
		if to == there {
			name = "toServer"
		}
		b.ReportMetric(float64(rows)/took.Seconds(), name+"-rows/s")
		b.ReportMetric(done.Closed.Seconds(), name+"-closed-s")
		from, to = to, from
	}
}
