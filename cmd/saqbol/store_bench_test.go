package main

import (
	"bytes"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/seal"
)

var storesFolder = flag.String("stores", "", "a folder in which the benchmarks' stores are kept for the next run; without it they are made anew")

// benchStore is a store of which a benchmark asks.
type benchStore struct {
	path string // of the database
	key  string // file with its keys
	keys *seal.Keys
	n    int // how many subjects it holds
}

// contents says whether a store is one that the whole program takes for sound:
// then each of its subjects is confirmed, and the confirmations are there. Else
// the subjects have reporters whose reports are not, which lookups don't notice.
type contents bool

const (
	onlySubjects contents = false
	wholeStore   contents = true
)

// storeOf makes a store of n subjects, or takes the one that an earlier run left.
func storeOf(b *testing.B, n int, whole contents) benchStore {
	b.Helper()
	folder := *storesFolder
	if folder == "" {
		folder = b.TempDir()
	}
	name := fmt.Sprintf("subjects-%d", n)
	if whole {
		name = fmt.Sprintf("whole-%d", n)
	}
	s := benchStore{path: filepath.Join(folder, name+".db"), key: filepath.Join(folder, name+".key"), n: n}
	keys, created, err := seal.LoadOrCreate(s.key)
	if err != nil {
		b.Fatal(err)
	}
	s.keys = keys
	if !created {
		return s
	}
	if err := s.open(b).Close(); err != nil {
		b.Fatal(err)
	}
	s.fill(b, whole)
	if err := s.open(b).Close(); err != nil { // which gives the rows their marks
		b.Fatal(err)
	}
	return s
}

func (s benchStore) open(b *testing.B) *storage.Store {
	b.Helper()
	store, err := storage.Open(b.Context(), "sqlite:"+s.path, s.keys)
	if err != nil {
		b.Fatal(err)
	}
	return store
}

// reportedNumber is one that the store holds, another for each i below n;
// strangeNumber is one that no store holds.
func (s benchStore) reportedNumber(i int) string { return fmt.Sprintf("+7701%07d", i%s.n) }

func strangeNumber(i int) string { return fmt.Sprintf("+7702%07d", i%10_000_000) }

// fill writes the subjects in the order of their keys, a hundred a statement, and
// without waiting for the disk.
func (s benchStore) fill(b *testing.B, whole contents) {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+s.path+"?_pragma=synchronous(OFF)&_pragma=journal_mode(WAL)")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	// A database without marks: its first row has none. The others have room for theirs.
	if _, err := db.ExecContext(b.Context(), `UPDATE subjects SET proof = x''`); err != nil {
		b.Fatal(err)
	}
	row := "(?, 2, 'safe_account', 1795253400000, 0, 0, zeroblob(14)),"
	if whole {
		row = "(?, 0, '', 0, 0, 1795253400000, zeroblob(14)),"
	}
	const batch, perTransaction = 100, 100_000
	insert := func(into, row string) string {
		return into + ` VALUES ` + strings.TrimSuffix(strings.Repeat(row, batch), ",")
	}
	subjects := insert(`INSERT INTO subjects (subject, reporters, top, last, disputes, confirmed, proof)`, row)
	confirmations := insert(`INSERT INTO confirmations (subject, ref, confirmed_by, at)`, "(?, ?, ?, 1795253400000),")
	for rest := range slices.Chunk(s.sortedKeys(), perTransaction) {
		tx, err := db.BeginTx(b.Context(), nil)
		if err != nil {
			b.Fatal(err)
		}
		for some := range slices.Chunk(rest, batch) {
			var keys, sealed []any
			for _, key := range some {
				keys = append(keys, key[:])
				if whole {
					sealed = append(sealed, key[:], s.seal(b, "ref", key), s.seal(b, "confirmed_by", key))
				}
			}
			_, err := tx.ExecContext(b.Context(), subjects, keys...)
			if whole && err == nil {
				_, err = tx.ExecContext(b.Context(), confirmations, sealed...)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	_, err = db.ExecContext(b.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`)
	if err := errors.Join(err, db.Close()); err != nil {
		b.Fatal(err)
	}
}

func (s benchStore) sortedKeys() []fraud.Key {
	keys := make([]fraud.Key, s.n)
	for i := range keys {
		keys[i] = s.keys.Index("phone", s.reportedNumber(i))
	}
	slices.SortFunc(keys, func(a, b fraud.Key) int { return bytes.Compare(a[:], b[:]) })
	return keys
}

// seal makes a sealed column of a confirmation; what it holds is of its usual size.
func (s benchStore) seal(b *testing.B, column string, key fraud.Key) []byte {
	plain := `{"kind":"phone","key":"AAAAAAAAAAAAAAAAAAAAAA==","value":"+77010000000","shown":"+7 701 000 00 00"}`
	if column != "ref" {
		plain = "a dispatcher"
	}
	sealed, err := s.keys.Seal([]byte(plain), seal.Place{Table: "confirmations", Column: column, Row: key[:]})
	if err != nil {
		b.Fatal(err)
	}
	return sealed
}
