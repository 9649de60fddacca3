package storage

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

// filedATurn is how many reports each contender of BenchmarkFiled files in a turn.
const filedATurn = 2048

// BenchmarkFiled is reports filed, each by somebody new about a number that nobody
// reported before, and stored durably: one person after another, and 8, 64 and 1024
// at once, each filing the next report when the last is stored. The contenders take
// turns, each with a database of its own, so that whatever else the machine does
// falls on all of them: only the ratios count. The last one does not wait for the
// disk: what is left is what the processor takes.
func BenchmarkFiled(b *testing.B) {
	filers := []*filing{{at: 1}, {at: 8}, {at: 64}, {at: 1024}, {at: 1024, unsafe: true}}
	for _, f := range filers {
		f.open(b)
	}
	for b.Loop() {
		for _, f := range filers {
			f.turn(b)
		}
	}
	b.ReportMetric(0, "ns/op")
	for _, f := range filers {
		name := fmt.Sprint(f.at)
		if f.unsafe {
			name += "-unsynced"
		}
		b.ReportMetric(f.rate(), name+"-reports/s")
		b.ReportMetric(float64(f.latency(99))/1e6, name+"-p99-ms")
		b.ReportMetric(f.rate()/filers[0].rate(), name+"/one")
	}
}

// filing is a contender.
type filing struct {
	at     int  // people at once
	unsafe bool // without waiting for the disk

	store *Store
	keys  *seal.Keys
	n     *atomic.Int64   // the last one filed
	took  []time.Duration // each turn
	waits []time.Duration // each report
}

func (f *filing) open(b *testing.B) {
	f.n = &atomic.Int64{}
	var err error
	if f.keys, err = seal.Generate(); err != nil {
		b.Fatal(err)
	}
	if f.store, err = Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "saqbol.db"), f.keys); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := f.store.Close(); err != nil {
			b.Error(err)
		}
	})
	if f.unsafe {
		if _, err := f.store.write.db.ExecContext(b.Context(), `PRAGMA synchronous = OFF`); err != nil {
			b.Fatal(err)
		}
	}
}

func (f *filing) turn(b *testing.B) {
	waits := make([]time.Duration, filedATurn)
	var next atomic.Int64
	var filers errgroup.Group
	begun := time.Now()
	for range f.at {
		filers.Go(func() error {
			for i := next.Add(1); i <= filedATurn; i = next.Add(1) {
				asked := time.Now()
				if err := f.file(b); err != nil {
					return err
				}
				waits[i-1] = time.Since(asked)
			}
			return nil
		})
	}
	if err := filers.Wait(); err != nil {
		b.Fatal(err)
	}
	f.took = append(f.took, time.Since(begun))
	f.waits = append(f.waits, waits...)
}

// file files a report as the edge does, the answer with it.
func (f *filing) file(b *testing.B) error {
	n := f.n.Add(1)
	ref := fraud.Ref{Kind: fraud.KindPhone, Key: f.keys.Index("phone", number(int(n))), Value: number(int(n))}
	_, err := f.store.Commit(b.Context(), fraud.Change{Update: n, Person: n, Now: time.UnixMilli(1795253400000 + n), Session: &fraud.Session{}, QuotaDay: 20_779,
		File: &fraud.Report{Code: fmt.Sprintf("SB-%08d", n), Subjects: []fraud.Ref{ref},
			Details: fraud.Details{Channel: fraud.ChannelCall, Claim: fraud.ClaimBank, Scenario: fraud.ScenarioCode}},
		Outgoing: []fraud.Outgoing{{Chat: n, Payload: make([]byte, 500)}}})
	return err
}

// rate is how many reports were filed in a second of the middlemost turn.
func (f *filing) rate() float64 {
	slices.Sort(f.took)
	return filedATurn / f.took[len(f.took)/2].Seconds()
}

// latency is what so many of a hundred reports did not take longer than.
func (f *filing) latency(percent int) time.Duration {
	slices.Sort(f.waits)
	return f.waits[len(f.waits)*percent/100]
}
