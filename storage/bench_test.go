package storage

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

var subjects = flag.Int("subjects", 100_000, "how many subjects BenchmarkStanding's large database holds")

const (
	rounds  = 250     // lookups that each contender makes in one turn
	lookups = 1 << 16 // different subjects asked for
)

// BenchmarkStanding is what a check reads: the keyed hash and the row of one
// subject, of which one in ten is known. It stands beside a plain prepared lookup
// through database/sql on the same file, in a small database and in a large one
// (-subjects). The four take turns, so that whatever else the machine does falls
// on all of them: only the ratios count.
func BenchmarkStanding(b *testing.B) {
	var contenders []*contender
	for _, n := range []int{10_000, *subjects} {
		keys, err := seal.Generate()
		if err != nil {
			b.Fatal(err)
		}
		store, err := Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "saqbol.db"), keys)
		if err != nil {
			b.Fatal(err)
		}
		known := fillSubjects(b, store, n)
		asked := asked(known, func(i int) fraud.Key { return keys.Index("phone", number(i)) })
		plain, err := store.read.db.PrepareContext(b.Context(), `SELECT reporters FROM subjects WHERE subject = $1`)
		if err != nil {
			b.Fatal(err)
		}
		defer func() {
			if err := errors.Join(plain.Close(), store.Close()); err != nil {
				b.Error(err)
			}
		}()
		contenders = append(contenders, &contender{look: plainly(b, plain, asked)}, &contender{look: throughStore(b, store, asked)})
	}
	turns := 0
	for b.Loop() {
		for n, c := range contenders {
			// Each elsewhere in the list, or one would find the pages that another has just read.
			first := turns*rounds + n*lookups/len(contenders)
			start := time.Now()
			for i := range rounds {
				c.look(first + i)
			}
			c.took = append(c.took, time.Since(start))
		}
		turns++
	}
	report(b, contenders)
}

// contender is one way of looking a subject up, and what its turns took.
type contender struct {
	look func(i int)
	took []time.Duration
}

// median is the time of one lookup in the middlemost turn, in nanoseconds.
func (c *contender) median() float64 {
	slices.Sort(c.took)
	return float64(c.took[len(c.took)/2].Nanoseconds()) / rounds
}

func report(b *testing.B, of []*contender) {
	b.ReportMetric(0, "ns/op")
	for i, name := range []string{"plain-small-ns", "small-ns", "plain-large-ns", "large-ns"} {
		b.ReportMetric(of[i].median(), name)
	}
	b.ReportMetric(of[3].median()/of[1].median(), "large/small")
	b.ReportMetric(of[3].median()/of[2].median(), "large/plain")
	b.ReportMetric(of[1].median()/of[0].median(), "small/plain")
}

// plainly is the least that a lookup through database/sql can cost.
func plainly(b *testing.B, stmt *sql.Stmt, keys []fraud.Key) func(i int) {
	return func(i int) {
		var reporters int
		err := stmt.QueryRowContext(b.Context(), keys[i%lookups][:]).Scan(&reporters)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			b.Fatal(err)
		}
	}
}

func throughStore(b *testing.B, store *Store, keys []fraud.Key) func(i int) {
	return func(i int) {
		store.keys.Index("phone", number(i)) // the known keys were not made from numbers: hash for the cost
		standings, err := store.Standings(b.Context(), keys[i%lookups:i%lookups+1])
		if err != nil || i%lookups%10 == 0 && standings[0].Reporters == 0 {
			b.Fatalf("a known subject: %+v, %v", standings, err)
		}
	}
}

func number(i int) string { return fmt.Sprintf("+7701%07d", i%10_000_000) }

// asked are keys of which one in ten is known.
func asked(known func(i int) []byte, other func(i int) fraud.Key) []fraud.Key {
	keys := make([]fraud.Key, lookups)
	for i := range keys {
		if i%10 == 0 {
			keys[i] = fraud.Key(known(i))
		} else {
			keys[i] = other(i)
		}
	}
	return keys
}

// fillSubjects writes n rows as fast as it goes: in the order of their keys, a
// hundred a statement, and without waiting for the disk. known returns a key
// among them, spread over the whole table.
func fillSubjects(b *testing.B, store *Store, n int) (known func(i int) []byte) {
	b.Helper()
	const batch = 100
	n -= n % batch
	key := func(i int) []byte { // rising, as if n random keys were sorted
		out := binary.BigEndian.AppendUint64(make([]byte, 0, 16), uint64(i)*(1<<63/uint64(n))*2)
		return binary.BigEndian.AppendUint64(out, uint64(i+1)*0x9e3779b97f4a7c15) // never all zeros: that row is there
	}
	ctx := b.Context()
	if _, err := store.write.db.ExecContext(ctx, `PRAGMA synchronous = OFF`); err != nil {
		b.Fatal(err)
	}
	query := `INSERT INTO subjects (subject, reporters, top, last, disputes, confirmed, proof) VALUES `
	for i := range batch {
		if i > 0 {
			query += ","
		}
		query += fmt.Sprintf("($%d, 2, 'safe_account', 1795253400000, 0, 0, zeroblob(14))", i+1) // of the size that it will have
	}
	const perTransaction = 1000 * batch
	for start := 0; start < n; start += perTransaction {
		err := store.write.transact(ctx, func(ctx context.Context, t *tx) error {
			for at := start; at < min(start+perTransaction, n); at += batch {
				args := make([]any, batch)
				for i := range args {
					args[i] = key(at + i)
				}
				if _, err := t.exec(ctx, query, args...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := store.write.transact(ctx, func(ctx context.Context, t *tx) error { return store.linkAll(ctx, t) }); err != nil {
		b.Fatal(err)
	}
	if err := store.engine.scrub(ctx, store.write); err != nil {
		b.Fatal(err)
	}
	return func(i int) []byte { return key(int(uint64(i) * 2654435761 % uint64(n))) }
}

// BenchmarkCommit is a report filed by somebody new, durable on disk.
func BenchmarkCommit(b *testing.B) {
	keys, err := seal.Generate()
	if err != nil {
		b.Fatal(err)
	}
	store, err := Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "saqbol.db"), keys)
	if err != nil {
		b.Fatal(err)
	}
	tokens := keys.Tokens()
	b.ReportAllocs()
	i := int64(0)
	for b.Loop() {
		i++
		code, err := fraud.NewCode(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		ref := tokens.Identify(fraud.Subject{Kind: fraud.KindPhone, Value: number(int(i))})
		if _, err := store.Commit(b.Context(), fraud.Change{Update: i, Person: i, Session: &fraud.Session{},
			File:     &fraud.Report{Code: code, Subjects: []fraud.Ref{ref}, Details: fraud.Details{Scenario: fraud.ScenarioCode}},
			Outgoing: []fraud.Outgoing{{Chat: i, Payload: make([]byte, 500)}}}); err != nil {
			b.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
}
