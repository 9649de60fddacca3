package main

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/recognize"
	"saqbol/storage"
	"saqbol/storage/seal"
)

// BenchmarkVerdict is a text with one phone, from the text to the verdict:
// recognising, the keyed hash, what is stored, the verdict; not the person's row
// and not the rendering. Of a number that nobody reported, and of one that was; in
// a small and in a large store; beside one plain prepared lookup through
// database/sql on the same file, of keys made before. All take turns in one run:
// only the ratios count.
func BenchmarkVerdict(b *testing.B) {
	var contenders []*checkContender
	for _, n := range []int{10_000, *largeStore} {
		contenders = append(contenders, verdictContenders(b, storeOf(b, n, onlySubjects))...)
	}
	takeTurns(b, contenders)
	b.ReportMetric(0, "ns/op")
	for i, name := range []string{"plain-small-ns", "miss-small-ns", "hit-small-ns", "plain-large-ns", "miss-large-ns", "hit-large-ns"} {
		b.ReportMetric(contenders[i].median(), name)
	}
	b.ReportMetric(contenders[1].median()/contenders[0].median(), "miss/plain-small")
	b.ReportMetric(contenders[4].median()/contenders[3].median(), "miss/plain-large")
	b.ReportMetric(contenders[4].median()/contenders[1].median(), "miss-large/small")
	b.ReportMetric(contenders[5].median()/contenders[2].median(), "hit-large/small")
}

// takeTurns has each contender make its checks, again and again.
func takeTurns(b *testing.B, contenders []*checkContender) {
	turn := 0
	for b.Loop() {
		for _, c := range contenders {
			start := time.Now()
			for i := range checkTurn {
				c.once(turn*checkTurn + i)
			}
			c.took = append(c.took, time.Since(start))
		}
		turn++
	}
}

// askedFor is how many different numbers each contender asks for.
const askedFor = 1 << 17

// verdictContenders are a plain lookup, a check of what nobody reported and a check
// of what was reported, on one store whose filter stands.
func verdictContenders(b *testing.B, of benchStore) []*checkContender {
	store := of.open(b)
	standing(b, store)
	db, err := sql.Open("sqlite", "file:"+of.path+"?mode=ro")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	stmt, err := db.PrepareContext(b.Context(), `SELECT reporters FROM subjects WHERE subject = $1`)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := errors.Join(stmt.Close(), db.Close(), store.Close()); err != nil {
			b.Error(err)
		}
	})
	phones := rand.New(rand.NewPCG(1, uint64(of.n)))
	keys, strange, reported := make([]fraud.Key, askedFor), make([]string, askedFor), make([]string, askedFor)
	for i := range askedFor {
		keys[i] = of.keys.Index("phone", strangeNumber(phones.IntN(10_000_000)))
		strange[i] = written(strangeNumber(phones.IntN(10_000_000)))
		reported[i] = written(of.reportedNumber(phones.IntN(10_000_000)))
	}
	plain := func(i int) {
		var reporters int
		if err := stmt.QueryRowContext(context.Background(), keys[i%askedFor][:]).Scan(&reporters); err != nil && !errors.Is(err, sql.ErrNoRows) {
			b.Fatal(err)
		}
	}
	judge := judging(b, store, of.keys)
	check := func(numbers []string, want fraud.Level) func(i int) {
		return func(i int) {
			if got := judge(numbers[i%askedFor]); got != want {
				b.Fatalf("%s is %v, want %v", numbers[i%askedFor], got, want)
			}
		}
	}
	return []*checkContender{{once: plain}, {once: check(strange, fraud.LevelNone)}, {once: check(reported, fraud.LevelReported)}}
}

// written is +77021234567 as people write it: 8 702 123 45 67.
func written(number string) string {
	return "8 " + number[2:5] + " " + number[5:8] + " " + number[8:10] + " " + number[10:]
}

// judging is the way from a text to the verdict on its subject, as in handlers.
func judging(b *testing.B, store *storage.Store, keys *seal.Keys) func(text string) fraud.Level {
	recogniser, err := recognize.New()
	if err != nil {
		b.Fatal(err)
	}
	official, err := fraud.DefaultDirectory()
	if err != nil {
		b.Fatal(err)
	}
	tokens := keys.Tokens()
	return func(text string) fraud.Level {
		subject := recogniser.Find(text)[0]
		standings, err := store.Standings(context.Background(), []fraud.Key{tokens.Identify(subject).Key})
		if err != nil {
			b.Fatal(err)
		}
		return fraud.Judge(subject.Kind, standings[0], official.Find(subject.Kind, subject.Value)).Level
	}
}

// standing has a store's filter built and kept until the benchmark ends.
func standing(b *testing.B, store *storage.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	told, ended := make(chan error, 100), make(chan struct{})
	go func() {
		defer close(ended)
		store.KeepFilter(ctx, 1, func(_ storage.FilterState, err error) {
			if !errors.Is(err, storage.ErrFilterBegun) {
				told <- err
			}
		})
	}()
	b.Cleanup(func() { cancel(); <-ended })
	start := time.Now()
	if err := <-told; err != nil {
		b.Fatal(err)
	}
	b.Logf("the filter stands after %v: %+v", time.Since(start).Round(time.Millisecond), store.Filter())
}
