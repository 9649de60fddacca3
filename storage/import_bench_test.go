//go:build unix

package storage

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/lists"
	"saqbol/recognize"
	"saqbol/storage/seal"
)

var importRows = flag.Int("rows", 20_000, "how many rows the list of BenchmarkImport has")

// BenchmarkImport loads a list of telephone numbers, from the file to the disk, into
// an empty store and into a large one (-subjects), beside a contender that does
// what comes to mind first: it stores the rows in the order of the file by
// transactions of a thousand, each row by itself. Both in one run: only the ratio
// counts.
func BenchmarkImport(b *testing.B) {
	for _, n := range []int{0, *subjects} {
		b.Run(fmt.Sprintf("subjects=%d", n), func(b *testing.B) {
			keys, err := seal.Generate()
			if err != nil {
				b.Fatal(err)
			}
			folder := b.TempDir()
			base, list := filepath.Join(folder, "base.db"), filepath.Join(folder, "list.csv")
			writeList(b, list, *importRows)
			store := openBench(b, base, keys)
			if n > 0 {
				fillSubjects(b, store, n)
			}
			if err := store.Close(); err != nil {
				b.Fatal(err)
			}
			var took, burnt [2]time.Duration
			for b.Loop() {
				for i, load := range []func(context.Context, *Store, *os.File, lists.Options) error{importSorted, importNaively} {
					wall, cpu := timeImport(b, base, list, keys, load)
					took[i], burnt[i] = took[i]+wall, burnt[i]+cpu
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(*importRows*b.N)/took[0].Seconds(), "rows/s")
			b.ReportMetric(float64(*importRows*b.N)/took[1].Seconds(), "naive-rows/s")
			b.ReportMetric(took[1].Seconds()/took[0].Seconds(), "naive/import")
			b.ReportMetric(burnt[1].Seconds()/burnt[0].Seconds(), "naive/import-cpu")
			b.ReportMetric(float64(burnt[0].Microseconds())/float64(*importRows*b.N), "cpu-µs/row")
		})
	}
}

func openBench(b *testing.B, path string, keys *seal.Keys) *Store {
	b.Helper()
	store, err := Open(b.Context(), "sqlite:"+path, keys, WithoutLease())
	if err != nil {
		b.Fatal(err)
	}
	return store
}

// timeImport loads a list into a copy of a database: how long it took, and how much
// time of the processors, which does not depend on what else the machine does.
func timeImport(b *testing.B, base, list string, keys *seal.Keys, load func(context.Context, *Store, *os.File, lists.Options) error) (took, burnt time.Duration) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "saqbol.db")
	copySynced(b, base, path)
	recogniser, err := recognize.New()
	if err != nil {
		b.Fatal(err)
	}
	tokens := keys.Tokens()
	o := lists.Options{Find: recogniser.Find, Key: func(s fraud.Subject) fraud.Key { return tokens.Identify(s).Key }, Now: time.Now()}
	file, err := os.Open(list)
	if err != nil {
		b.Fatal(err)
	}
	store := openBench(b, path, keys)
	begun, before := time.Now(), processorTime(b)
	if err := load(b.Context(), store, file, o); err != nil {
		b.Fatal(err)
	}
	took, burnt = time.Since(begun), processorTime(b)-before
	if err := errors.Join(store.Close(), file.Close(), os.Remove(path)); err != nil {
		b.Fatal(err)
	}
	return took, burnt
}

// processorTime is what the benchmark has had of the processors, the collector's and
// the system's work for it included.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func importSorted(ctx context.Context, s *Store, file *os.File, o lists.Options) error {
	list, err := lists.Read(ctx, file, o)
	if err != nil {
		return err
	}
	if len(list.Bad) > 0 {
		return fmt.Errorf("%d bad lines", len(list.Bad))
	}
	_, err = s.Import(ctx, Import{Name: "bench"}, list.Subjects)
	return err
}

// importNaively stores each row by itself, a thousand a transaction.
func importNaively(ctx context.Context, s *Store, file *os.File, o lists.Options) error {
	in := csv.NewReader(bufio.NewReader(file))
	if _, err := in.Read(); err != nil {
		return err
	}
	for more := true; more; {
		err := s.update(ctx, "loading a list", func(ctx context.Context, t *tx) error {
			for range 1000 {
				row, err := in.Read()
				if errors.Is(err, io.EOF) {
					more = false
					return nil
				}
				if err != nil {
					return err
				}
				if err := storeNaively(ctx, s, t, o.Key(o.Find(row[1])[0])); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// storeNaively is what filing a report does for a subject's row.
func storeNaively(ctx context.Context, s *Store, t *tx, key fraud.Key) error {
	r := listedRow{subject: key, list: 1, reporters: 1, scenario: "loan", last: 1}
	if _, err := t.exec(ctx, `INSERT INTO listed (subject, list, reporters, scenario, last, proof) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (subject, list) DO NOTHING`, r.subject[:], r.list, r.reporters, r.scenario, r.last, s.proofOf(r.marking())); err != nil {
		return err
	}
	at, err := s.scanLink(t.row(ctx, linkAt, key[:]).Scan)
	if err != nil {
		return err
	}
	now, err := count(ctx, t, key)
	if err != nil {
		return err
	}
	return s.setSums(ctx, t, &at, key, now.sums())
}

// writeList makes a list of n telephone numbers in no order.
func writeList(b *testing.B, path string, n int) {
	b.Helper()
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	out, random := bufio.NewWriter(file), rand.New(rand.NewPCG(1, 2))
	fmt.Fprintln(out, "kind,value,scenario,last")
	for range n {
		fmt.Fprintf(out, "phone,8 %d %07d,loan,2026-11-%02d\n", 700+random.IntN(3), random.IntN(10_000_000), 1+random.IntN(20))
	}
	if err := errors.Join(out.Flush(), file.Close()); err != nil {
		b.Fatal(err)
	}
}

func copySynced(b *testing.B, from, to string) {
	b.Helper()
	in, err := os.Open(from)
	if err != nil {
		b.Fatal(err)
	}
	out, err := os.Create(to)
	if err != nil {
		b.Fatal(err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Sync(), in.Close(), out.Close()); err != nil {
		b.Fatal(err)
	}
}
