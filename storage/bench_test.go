package storage

import (
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"flag"
	"fmt"
	"path/filepath"
	"testing"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

var subjects = flag.Int("subjects", 100_000, "how many subjects BenchmarkStanding's large database holds")

// BenchmarkStanding is what a check reads: the keyed hash and the row of one
// subject, of which one in ten is known. It stands beside a plain prepared lookup
// through database/sql on the same file, in a small database and in a large one
// (-subjects); only ratios taken in one run count.
func BenchmarkStanding(b *testing.B) {
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
		b.Run(fmt.Sprintf("plain/%d", n), func(b *testing.B) { benchmarkPlain(b, store, known) })
		b.Run(fmt.Sprintf("store/%d", n), func(b *testing.B) { benchmarkStore(b, store, known) })
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// lookups are how many different subjects a benchmark asks for, in turn.
const lookups = 1 << 16

// benchmarkPlain is the least that a lookup through database/sql can cost.
func benchmarkPlain(b *testing.B, store *Store, known func(i int) []byte) {
	stmt, err := store.read.db.PrepareContext(b.Context(), `SELECT reporters FROM subjects WHERE subject = $1`)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = stmt.Close() }()
	keys := asked(known, func(i int) fraud.Key { return store.keys.Index("phone", number(i)) })
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		var reporters int
		key := keys[i%lookups]
		err := stmt.QueryRowContext(b.Context(), key[:]).Scan(&reporters)
		if err != nil && err != sql.ErrNoRows {
			b.Fatal(err)
		}
		i++
	}
}

func benchmarkStore(b *testing.B, store *Store, known func(i int) []byte) {
	keys := asked(known, func(i int) fraud.Key { return store.keys.Index("phone", number(i)) })
	b.ReportAllocs()
	i, found := 0, 0
	for b.Loop() {
		store.keys.Index("phone", number(i)) // the known keys are random: hash for the cost, then ask for one
		standings, err := store.Standings(b.Context(), keys[i%lookups:i%lookups+1])
		if err != nil {
			b.Fatal(err)
		}
		found += standings[0].Reporters
		i++
	}
	if i > 100 && found == 0 {
		b.Fatal("not one of the subjects asked for is known")
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
		return binary.BigEndian.AppendUint64(out, uint64(i)*0x9e3779b97f4a7c15)
	}
	ctx := b.Context()
	if _, err := store.write.db.ExecContext(ctx, `PRAGMA synchronous = OFF`); err != nil {
		b.Fatal(err)
	}
	query := `INSERT INTO subjects (subject, reporters, top, last, disputes, confirmed) VALUES `
	for i := range batch {
		if i > 0 {
			query += ","
		}
		query += fmt.Sprintf("($%d, 2, 'safe_account', 1795253400000, 0, 0)", i+1)
	}
	const perTransaction = 1000 * batch
	for start := 0; start < n; start += perTransaction {
		err := store.write.transact(ctx, func(t *tx) error {
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
	if err := store.scrub(ctx); err != nil {
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
