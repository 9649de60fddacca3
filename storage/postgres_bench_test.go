package storage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"saqbol/fraud"
	"saqbol/storage/pgtest"
	"saqbol/storage/seal"
)

// BenchmarkPostgres is what one PostgreSQL server on this machine carries, which
// waits for the disk as it does in earnest: lookups among -subjects, by 1, 8 and 32
// at once, and reports filed by 1, 64 and 1024 at once, through one program and
// through three. The bytes are what a subject's row and all of a report take, the
// indexes with them. docs/scaling.md reckons with these figures.
func BenchmarkPostgres(b *testing.B) {
	server, err := pgtest.New(b.Context(), pgtest.Options{Durable: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := server.Close(); err != nil {
			b.Error(err)
		}
	})
	url, err := server.Database(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	keys, err := seal.Generate()
	if err != nil {
		b.Fatal(err)
	}
	var replicas [3]*Store
	for i := range replicas {
		if replicas[i], err = Open(b.Context(), url, keys); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := replicas[i].Close(); err != nil {
				b.Error(err)
			}
		})
	}
	b.Run("Lookup", func(b *testing.B) { benchLookups(b, replicas[0], keys) })
	b.Run("Filed", func(b *testing.B) { benchFiled(b, replicas[:], keys) })
}

func benchLookups(b *testing.B, store *Store, keys *seal.Keys) {
	before := bytesOf(b, store, "subjects")
	fillPostgres(b, store, keys, *subjects)
	size := bytesOf(b, store, "subjects") - before
	askers := []int{1, 8, 32}
	took := make([]time.Duration, len(askers))
	for b.Loop() {
		for i, at := range askers {
			took[i] += lookupTurn(b, store, keys, at)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(size)/float64(*subjects), "bytes/subject")
	for i, at := range askers {
		b.ReportMetric(float64(lookupsATurn*b.N)/took[i].Seconds(), fmt.Sprint(at, "-lookups/s"))
	}
}

const lookupsATurn = 8192

func lookupTurn(b *testing.B, store *Store, keys *seal.Keys, at int) time.Duration {
	var next atomic.Int64
	var askers errgroup.Group
	begun := time.Now()
	for range at {
		askers.Go(func() error {
			for next.Add(1) <= lookupsATurn {
				key := subjectKey(keys, rand.IntN(2**subjects)) // every other one is reported
				if _, err := store.Standings(b.Context(), []fraud.Key{key}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := askers.Wait(); err != nil {
		b.Fatal(err)
	}
	return time.Since(begun)
}

func benchFiled(b *testing.B, replicas []*Store, keys *seal.Keys) {
	tables := []string{"reports", "report_subjects", "people", "subjects", "handled", "quotas"}
	sum := func() (all int64) {
		for _, table := range tables {
			all += bytesOf(b, replicas[0], table)
		}
		return all
	}
	before := sum()
	var number atomic.Int64
	contenders := []*filing{{at: 1}, {at: 64}, {at: 1024}}
	for _, f := range contenders {
		f.keys, f.store, f.n = keys, replicas[0], &number
	}
	three := make([]*filing, len(replicas))
	for i := range three {
		three[i] = &filing{at: 1024 / len(replicas), keys: keys, store: replicas[i], n: &number}
	}
	var together time.Duration
	for b.Loop() {
		for _, f := range contenders {
			f.turn(b)
		}
		begun := time.Now()
		var group errgroup.Group
		for _, f := range three {
			group.Go(func() error { f.turn(b); return nil })
		}
		_ = group.Wait() // turn ends the benchmark itself
		together += time.Since(begun)
	}
	b.ReportMetric(0, "ns/op")
	for _, f := range contenders {
		b.ReportMetric(f.rate(), fmt.Sprint(f.at, "-reports/s"))
		b.ReportMetric(float64(f.latency(99))/1e6, fmt.Sprint(f.at, "-p99-ms"))
	}
	b.ReportMetric(float64(len(three)*filedATurn*b.N)/together.Seconds(), "three-reports/s")
	b.ReportMetric(float64(sum()-before)/float64(number.Load()), "bytes/report")
}

// subjectKey is the key of the i-th subject; those of even numbers are there.
func subjectKey(keys *seal.Keys, i int) fraud.Key { return keys.Index("bench", fmt.Sprint(i)) }

func fillPostgres(b *testing.B, store *Store, keys *seal.Keys, n int) {
	b.Helper()
	const batch = 1000
	for at := 0; at < n; at += batch {
		size := min(batch, n-at)
		args := make([]any, 0, 2*size)
		var values strings.Builder
		for i := range size {
			l := link{key: subjectKey(keys, 2*(at+i)), sums: sums{reporters: 2, top: "safe_account", last: 1795253400000}}
			if i > 0 {
				values.WriteString(", ")
			}
			fmt.Fprintf(&values, "($%d, 2, 'safe_account', 1795253400000, 0, 0, $%d)", 2*i+1, 2*i+2)
			args = append(args, l.key[:], store.linkProof(&l))
		}
		err := store.write.transact(b.Context(), func(ctx context.Context, t *tx) error {
			_, err := t.ExecContext(ctx, `INSERT INTO subjects (`+linkColumns+`) VALUES `+values.String(), args...)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// bytesOf is what a table and its indexes take.
func bytesOf(b *testing.B, store *Store, table string) (n int64) {
	b.Helper()
	if err := store.read.db.QueryRowContext(b.Context(), `SELECT pg_total_relation_size(CAST($1 AS TEXT)::regclass)`, table).Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}
