package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/handlers"
	"saqbol/locales"
	"saqbol/recognize"
	"saqbol/storage"
	"saqbol/storage/seal"
)

var largeStore = flag.Int("subjects", 1_000_000, "how many subjects the large store of BenchmarkCheck holds")

// checkTurn is how many checks a contender makes in its turn.
const checkTurn = 500

// BenchmarkCheck is a text with one phone, from the received text to the
// rendered answer: recognising, the person's row, the subject's row, the verdict,
// the buttons and the rendering. It stands beside one plain prepared lookup
// through database/sql on the same file, in a small and in a large store. All
// take turns in one run: only the ratios count.
func BenchmarkCheck(b *testing.B) {
	var contenders []*checkContender
	for _, n := range []int{10_000, *largeStore} {
		plain, check := checkContenders(b, n)
		contenders = append(contenders, plain, check)
	}
	takeTurns(b, contenders)
	b.ReportMetric(0, "ns/op")
	for i, name := range []string{"plain-small-ns", "check-small-ns", "plain-large-ns", "check-large-ns"} {
		b.ReportMetric(contenders[i].median(), name)
	}
	b.ReportMetric(contenders[3].median()/contenders[1].median(), "large/small")
	b.ReportMetric(contenders[3].median()/contenders[2].median(), "large/plain")
	b.ReportMetric(contenders[1].median()/contenders[0].median(), "small/plain")
}

type checkContender struct {
	once func(i int)
	took []time.Duration
}

func (c *checkContender) median() float64 {
	slices.Sort(c.took)
	return float64(c.took[len(c.took)/2].Nanoseconds()) / checkTurn
}

// checkContenders builds a store of n subjects and the two ways of asking it.
func checkContenders(b *testing.B, n int) (plain, check *checkContender) {
	ctx := b.Context()
	of := storeOf(b, n, onlySubjects)
	keys, store := of.keys, of.open(b)
	db, err := sql.Open("sqlite", "file:"+of.path+"?mode=ro")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	stmt, err := db.PrepareContext(ctx, `SELECT reporters FROM subjects WHERE subject = $1`)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := errors.Join(stmt.Close(), db.Close(), store.Close()); err != nil {
			b.Error(err)
		}
	})
	answer := checker(b, store, keys)
	phones := rand.New(rand.NewPCG(1, uint64(n)))
	next := func() int { return phones.IntN(10_000_000) }
	return &checkContender{once: func(int) {
			key := keys.Index("phone", fmt.Sprintf("+7701%07d", next()))
			var reporters int
			if err := stmt.QueryRowContext(context.Background(), key[:]).Scan(&reporters); err != nil && !errors.Is(err, sql.ErrNoRows) {
				b.Fatal(err)
			}
		}}, &checkContender{once: func(i int) {
			if text := answer(ctx, i, fmt.Sprintf("8 701 %07d", next())); !strings.HasPrefix(text, "⚪") {
				b.Fatal(text)
			}
		}}
}

// checker is the chain from text to rendered answer, as the program builds it.
func checker(b *testing.B, store *storage.Store, keys *seal.Keys) func(ctx context.Context, i int, text string) string {
	recogniser, err := recognize.New()
	if err != nil {
		b.Fatal(err)
	}
	catalogue, err := locales.Load()
	if err != nil {
		b.Fatal(err)
	}
	official, err := fraud.DefaultDirectory()
	if err != nil {
		b.Fatal(err)
	}
	router := handlers.New(handlers.Deps{Store: store, Official: official, Recognise: recogniser, Tokens: keys.Tokens(),
		Catalogue: catalogue, Username: "sample_bot", Clock: time.Now})
	return func(ctx context.Context, i int, text string) string {
		reply, err := router.Handle(ctx, handlers.Input{Update: int64(i + 1), Person: int64(i%1000 + 1), Chat: 1, Private: true, Text: text, Language: "kk"})
		if err != nil {
			b.Fatal(err)
		}
		m := reply.Messages[0]
		for _, row := range m.Buttons {
			for _, button := range row {
				catalogue.Plain(reply.Lang, button.Label)
			}
		}
		return catalogue.HTML(reply.Lang, m.Text...)
	}
}
