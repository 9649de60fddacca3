package storage_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/storagetest"
)

// BenchmarkCommitBesideRekey measures what people who file a report feel of a
// rotation: the same commits with nothing beside them and with values being sealed
// anew, by another store on the same file, in the same run.
func BenchmarkCommitBesideRekey(b *testing.B) {
	for _, beside := range []bool{false, true} {
		name := map[bool]string{false: "alone", true: "beside"}[beside]
		b.Run(name, func(b *testing.B) {
			path, keys := filepath.Join(b.TempDir(), "saqbol.db"), newKeys(b)
			bot := open(b, path, copied(b, keys))
			defer shut(b, bot)
			neighbours(b, bot, 2000)
			tool := open(b, path, copied(b, keys), storage.WithoutLease())
			defer shut(b, tool)
			ctx, stop := context.WithCancel(b.Context())
			done, anew := make(chan struct{}), 0
			go func() {
				defer close(done)
				for beside && ctx.Err() == nil {
					next, err := keys.Rotate()
					if err != nil {
						return
					}
					keys = next
					if bot.Adopt(ctx, copied(b, next)) != nil || tool.SealUnder(ctx, copied(b, next), nil) != nil {
						return
					}
					found, _ := tool.Reseal(ctx, nil)
					anew += found.Anew
				}
			}()
			pace := time.NewTicker(3 * time.Millisecond)
			defer pace.Stop()
			took := make([]time.Duration, 0, b.N)
			began := time.Now()
			for i := range b.N {
				<-pace.C
				start := time.Now()
				commit(b, bot, fraud.Change{Person: int64(1 + i), File: storagetest.Report(storagetest.Code(10_000+i), storagetest.Phone(i))})
				took = append(took, time.Since(start))
			}
			all := time.Since(began)
			stop()
			<-done
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
			b.ReportMetric(float64(anew)/all.Seconds(), "anew/s")
		})
	}
}
