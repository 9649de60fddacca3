package storage_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/pgtest"
	"saqbol/storage/storagetest"
)

// client files reports one after another, each until it is told that it is stored,
// and remembers what it was told.
type client struct {
	person int64
	codes  []int
	ids    []int64 // of the answers that wait
	failed int     // tries that were not acknowledged
}

// file files reports until ctx ends. acked hears of each.
func (c *client) file(ctx context.Context, t *testing.T, store *storage.Store, acked chan<- struct{}) {
	for n := int(c.person) * 100_000; ctx.Err() == nil; n++ {
		change := fraud.Change{Update: int64(n), Person: c.person, Now: storagetest.Now(), QuotaDay: 20_779,
			File: storagetest.Report(storagetest.Code(n), storagetest.Phone(n)), Outgoing: []fraud.Outgoing{{Chat: c.person, Payload: []byte("stored")}}}
		for {
			ids, err := store.Commit(context.WithoutCancel(ctx), change)
			var said *fraud.Error
			if errors.As(err, &said) && said.Key == "common.not_saved" { // the person is told so, and tries again
				c.failed++
				continue
			}
			if err != nil && !errors.Is(err, fraud.ErrSeen) { // or it was stored after all
				t.Errorf("a report: %v", err)
				return
			}
			c.codes, c.ids = append(c.codes, n), append(c.ids, ids...)
			break
		}
		select {
		case acked <- struct{}{}:
		case <-ctx.Done():
		}
	}
}

// A server that is killed and started again under load loses no report that was
// acknowledged, and stores none twice.
func TestServerIsKilled(t *testing.T) {
	own, err := pgtest.New(t.Context(), pgtest.Options{Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := own.Close(); err != nil {
			t.Error(err)
		}
	}()
	url, err := own.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys := newKeys(t)
	stores := []*storage.Store{openServer(t, url, keys), openServer(t, url, copied(t, keys))}
	clients := make([]*client, 8)
	ctx, stop := context.WithCancel(t.Context())
	acked := make(chan struct{})
	var filing sync.WaitGroup
	for i := range clients {
		clients[i] = &client{person: int64(i + 1)}
		filing.Go(func() { clients[i].file(ctx, t, stores[i%len(stores)], acked) })
	}
	for kill := range 4 {
		for range 50 {
			<-acked
		}
		end := own.Kill
		if kill == 2 {
			end = own.Stop // everybody is told, and thrown out
		}
		if err := errors.Join(end(), own.Start()); err != nil {
			t.Fatal(err)
		}
	}
	for range 50 {
		<-acked
	}
	stop()
	filing.Wait()
	compare(t, stores[0], clients)
	for _, store := range stores {
		shut(t, store)
	}
}

// compare holds what is stored against what clients were told.
func compare(t *testing.T, store *storage.Store, clients []*client) {
	t.Helper()
	all, failed := 0, 0
	for _, c := range clients {
		all, failed = all+len(c.codes), failed+c.failed
		reports, err := store.ReportsOf(t.Context(), c.person)
		if err != nil || len(reports) != len(c.codes) {
			t.Errorf("person %d was told of %d reports and has %d, %v", c.person, len(c.codes), len(reports), err)
		}
		waiting, err := store.UnsentOf(t.Context(), c.person, 0, 1<<62)
		if err != nil || len(waiting) != len(c.codes) || len(c.ids) > len(waiting) {
			t.Errorf("person %d has %d answers waiting, and was told of %d, %v; want %d", c.person, len(waiting), len(c.ids), err, len(c.codes))
		}
		if used, err := store.UsageOf(t.Context(), c.person, 20_779); err != nil || used.Reports != len(c.codes) {
			t.Errorf("person %d: %d reports are counted, %v; want %d", c.person, used.Reports, err, len(c.codes))
		}
		for _, n := range c.codes {
			if got, err := store.Standings(t.Context(), []fraud.Key{storagetest.Phone(n).Key}); err != nil || got[0].Reporters != 1 {
				t.Errorf("report %d: %+v, %v", n, got, err)
			}
		}
	}
	if totals, err := store.Totals(t.Context(), time.Time{}); err != nil || totals.Reports != all || totals.Subjects != all {
		t.Errorf("the sums are %+v, %v; want %d", totals, err, all)
	}
	if err := store.Examine(t.Context(), 1); err != nil {
		t.Error(err)
	}
	t.Logf("%d reports acknowledged, %d tries were not", all, failed)
}
