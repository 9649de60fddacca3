package storage

import (
	"crypto/rand"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

var reported = flag.Int("reports", 5_000, "how many reports BenchmarkExamine's database holds")

// BenchmarkExamine is a complete check of a database of -reports reports, each
// by somebody else: its time a megabyte says how large a database is looked over
// before the first answer (cmd/saqbol/watch.go).
func BenchmarkExamine(b *testing.B) {
	keys, err := seal.Generate()
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "saqbol.db")
	store, err := Open(b.Context(), "sqlite:"+path, keys)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := store.write.db.ExecContext(b.Context(), `PRAGMA synchronous = OFF`); err != nil {
		b.Fatal(err)
	}
	tokens := keys.Tokens()
	for i := range int64(*reported) {
		code, err := fraud.NewCode(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		ref := tokens.Identify(fraud.Subject{Kind: fraud.KindPhone, Value: number(int(i))})
		if _, err := store.Commit(b.Context(), fraud.Change{Update: i + 1, Person: i + 1, Now: time.UnixMilli(1795253400000), Lang: fraud.Kazakh,
			File: &fraud.Report{Code: code, Subjects: []fraud.Ref{ref}, Details: fraud.Details{Scenario: fraud.ScenarioCode, Words: "They said they were the bank."}}}); err != nil {
			b.Fatal(err)
		}
	}
	if err := store.engine.scrub(b.Context(), store.write); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := store.Examine(b.Context(), 1); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(info.Size())/(1<<20), "MB")
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N)/float64(info.Size())*(1<<20), "ms/MB")
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
}
