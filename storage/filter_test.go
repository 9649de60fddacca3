package storage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"saqbol/fraud"
)

// drawn is a key as the keyed hash gives them.
func drawn(r *rand.Rand) (key fraud.Key) {
	binary.BigEndian.PutUint64(key[:8], r.Uint64())
	binary.BigEndian.PutUint64(key[8:], r.Uint64())
	return key
}

// What was put in is found, whatever it is and whatever else is there.
func TestBloomHasWhatWasAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 16, 16)).Draw(t, "keys")
		b := &bloom{blocks: make([]block, rapid.IntRange(1, 5).Draw(t, "blocks"))}
		for _, key := range keys {
			b.add(fraud.Key(key))
		}
		for _, key := range keys {
			if !b.has(fraud.Key(key)) {
				t.Errorf("%x is not there", key)
			}
		}
	})
}

// Filled as it was made to be, it takes about one strange key in a thousand for
// one of its own; at the end of its life one in sixty.
func TestBloomRarelyErrs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const room, questions = 40_000, 40_000
	b := newBloom(room)
	for _, stage := range []struct {
		keys int
		full bool
		most float64
	}{{0, false, 0}, {room, false, 0.002}, {room*3/2 - room/100, false, 0.02}, {room*3/2 + room/50, true, 0.025}} {
		for held := int(b.keys.Load()); held < stage.keys; held++ {
			b.add(drawn(r))
		}
		taken := 0
		for range questions {
			if b.has(drawn(r)) {
				taken++
			}
		}
		if rate := float64(taken) / questions; rate > stage.most {
			t.Errorf("with %d keys %.5f of the others are taken for them, more than %.5f", stage.keys, rate, stage.most)
		}
		if held := b.keys.Load(); b.full() != stage.full || held < int64(stage.keys)*95/100 || held > int64(stage.keys) {
			t.Errorf("with %d keys it says that it holds %d, full: %t", stage.keys, held, b.full())
		}
	}
}

// reporting is a change by which a person reports one subject.
func reporting(person int64, n int, ref fraud.Ref) fraud.Change {
	return fraud.Change{Person: person, File: &fraud.Report{Code: fmt.Sprintf("SB-%04d-%04d", person, n), Subjects: []fraud.Ref{ref}}}
}

func someRef(n uint64) fraud.Ref {
	return fraud.Ref{Kind: fraud.KindPhone, Key: drawn(rand.New(rand.NewPCG(n, n))), Value: "+77011234567", Shown: "+7 701 123 45 67"}
}

// kept is a filter that is being looked after.
type kept struct {
	t    *testing.T
	told chan error
	end  func()
}

func keep(t *testing.T, store *Store) *kept {
	ctx, cancel := context.WithCancel(context.Background())
	k := &kept{t: t, told: make(chan error, 100)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		store.KeepFilter(ctx, 1, func(_ FilterState, err error) {
			if !errors.Is(err, ErrFilterBegun) {
				k.told <- err
			}
		})
	}()
	k.end = func() { cancel(); <-ended }
	return k
}

func (k *kept) wait(want error) {
	k.t.Helper()
	if got := <-k.told; !errors.Is(got, want) {
		k.t.Fatalf("told %v, want %v", got, want)
	}
}

func standing(t testing.TB, store *Store, ref fraud.Ref) int {
	t.Helper()
	found, err := store.Standings(t.Context(), []fraud.Key{ref.Key})
	if err != nil {
		t.Fatal(err)
	}
	return found[0].Reporters
}

func isKnown(t testing.TB, store *Store, person int64) bool {
	t.Helper()
	found, _, err := store.Turn(t.Context(), person)
	if err != nil {
		t.Fatal(err)
	}
	return found.Known
}

// What was stored before, while and after the filter was built is found; of what
// nobody reported it answers alone.
func TestFilterKnowsWhatIsStored(t *testing.T) {
	h := newHouse(t)
	store := h.open(WithInstance(Claim{}))
	defer h.shut(store)
	const before, later = 3 * lookedAtOnce / 2, 300                     // more than a step of the scan
	store.write.db.ExecContext(t.Context(), `PRAGMA synchronous = OFF`) //nolint:errcheck // only slower without
	for n := range before {
		stores(t, store, reporting(1, n, someRef(uint64(n))))
	}
	k := keep(t, store)
	var people sync.WaitGroup
	for person := range int64(3) {
		people.Go(func() {
			spoke := person + 1000
			stores(t, store, fraud.Change{Person: spoke, Lang: fraud.Kazakh})
			if !isKnown(t, store, spoke) {
				t.Errorf("person %d's language is not there right after it was stored", spoke)
			}
			for n := range later {
				ref := someRef(uint64(before + 1000*int(person+1) + n))
				stores(t, store, reporting(person+2, n, ref))
				if standing(t, store, ref) != 1 {
					t.Errorf("person %d's report %d is not there right after it was stored", person, n)
				}
			}
		})
	}
	k.wait(nil)
	people.Wait()
	for n := 0; n < before; n += 3 {
		if standing(t, store, someRef(uint64(n))) != 1 {
			t.Fatalf("report %d is gone", n)
		}
	}
	for _, person := range []int64{1, 2, 3, 4, 1000, 1001, 1002} {
		if !isKnown(t, store, person) {
			t.Errorf("person %d is gone", person)
		}
	}
	state := store.Filter()
	const keys = before + 3*later + 7
	if got := state.Keys; !state.Stands || got < keys || got > keys+1 { // the chain's first row is one
		t.Errorf("the filter says %+v, for %d subjects and people", state, keys)
	}
	const questions = 300
	for n := range uint64(questions) {
		if standing(t, store, someRef(1<<40+n)) != 0 {
			t.Errorf("somebody reported number %d", n)
		}
	}
	for person := range int64(questions) {
		if isKnown(t, store, 1<<40+person) {
			t.Errorf("stranger %d is known", person)
		}
	}
	if alone := store.Filter().Answered - state.Answered; alone < 2*questions*99/100 {
		t.Errorf("%d of %d questions were answered by the filter alone", alone, 2*questions)
	}
	k.end()
	if store.Filter().Stands {
		t.Error("it stands, and nobody looks after it")
	}
}

// setOne writes the row of a subject with one reporter, without the report.
func (s *Store) setOne(ctx context.Context, t *tx, ref fraud.Ref) error {
	at, err := s.scanLink(t.row(ctx, linkAt, ref.Key[:]).Scan)
	if err != nil {
		return err
	}
	return s.setSums(ctx, t, &at, ref.Key, sums{reporters: 1})
}

func stores(t testing.TB, store *Store, c fraud.Change) {
	t.Helper()
	if _, err := store.Commit(t.Context(), c); err != nil {
		t.Error(err)
	}
}

// A transaction that began before the filter was there, and wrote before it could
// be told, is waited for.
func TestFilterWaitsForWhoWritesAlready(t *testing.T) {
	h := newHouse(t)
	store := h.open(WithInstance(Claim{}))
	defer h.shut(store)
	var k *kept
	ref := someRef(7)
	err := store.update(t.Context(), "reporting slowly", func(_ context.Context, t0 *tx) error {
		if err := store.setOne(t.Context(), t0, ref); err != nil {
			return err
		}
		k = keep(t, store)
		// Until it waits for this transaction, or does not and is done.
		for store.write.db.Stats().WaitCount == 0 && !store.Filter().Stands {
			runtime.Gosched()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	k.wait(nil)
	if standing(t, store, ref) != 1 {
		t.Error("what was written when the filter was begun is not in it")
	}
	k.end()
}

// What a tool writes beside the instance is found within a second, and then by a
// new filter; what the instance does itself, marks, backups and complete checks
// among it, disturbs nothing.
func TestFilterNoticesWhoElseWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		store := h.open(WithInstance(Claim{}))
		k := keep(t, store)
		k.wait(nil)
		if isKnown(t, store, 2) {
			t.Error("a stranger is known")
		}
		stores(t, store, reporting(1, 1, someRef(1)))
		if !isKnown(t, store, 1) || standing(t, store, someRef(1)) != 1 {
			t.Error("what the instance stored itself is not found at once")
		}
		if err := store.Prune(t.Context(), store.clock()); err != nil {
			t.Fatal(err)
		}
		if err := store.Examine(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		reading := h.open(WithoutLease())
		if standing(t, reading, someRef(1)) != 1 {
			t.Error("a tool finds nothing")
		}
		h.shut(reading)
		<-time.After(5 * leaseTerm)
		if !store.Filter().Stands || len(k.told) > 0 {
			t.Fatalf("the filter is gone, and nobody else wrote: %v", store.Filter())
		}
		tool := h.open(WithoutLease())
		stores(t, tool, reporting(2, 2, someRef(2)))
		<-time.After(2 * othersEvery)
		if standing(t, store, someRef(2)) != 1 {
			t.Error("a tool's report is not found a second later")
		}
		k.wait(ErrOthersWrote)
		stores(t, tool, reporting(2, 3, someRef(3)))
		if !isKnown(t, store, 2) {
			t.Error("a tool's person is not found")
		}
		k.wait(nil)
		if !isKnown(t, store, 2) {
			t.Error("a tool's person is not found through the new filter")
		}
		for n := range uint64(3) {
			if standing(t, store, someRef(n+1)) != 1 {
				t.Errorf("report %d is not found through the new filter", n+1)
			}
		}
		k.end()
		h.shut(tool)
		h.shut(store)
	})
}

// While the writer waits for another program's lock, and so for what that writes,
// the filter does not answer.
func TestFilterRestsWhileTheWriterWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		store := h.open(WithInstance(Claim{}))
		k := keep(t, store)
		k.wait(nil)
		conn, err := store.write.db.Conn(t.Context()) // a writer that is busy
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(3 * othersEvery)
		if store.Filter().Stands {
			t.Error("it answers, and can't know what others write")
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * othersEvery)
		if !store.Filter().Stands || len(k.told) > 0 {
			t.Errorf("it does not answer again: %+v", store.Filter())
		}
		k.end()
		h.shut(store)
	})
}

// Nothing is answered from a damaged database: neither where the scan finds the
// damage nor where it is found while the filter stands.
func TestFilterEndsWithDamage(t *testing.T) {
	for name, spoil := range map[string]string{
		"a row changed": `UPDATE subjects SET reporters = 5 WHERE reporters = 1`,
		"a row taken":   `DELETE FROM subjects WHERE reporters = 1`,
		"the end taken": `DELETE FROM subjects WHERE subject > x'01'`,
	} {
		t.Run("before, "+name, func(t *testing.T) {
			h := newHouse(t)
			store := h.open(WithInstance(Claim{}))
			defer h.shut(store)
			stores(t, store, reporting(1, 1, someRef(1)))
			if _, err := store.write.db.ExecContext(t.Context(), spoil); err != nil {
				t.Fatal(err)
			}
			store.KeepFilter(t.Context(), 1, func(state FilterState, err error) { // returns
				if !errors.Is(err, ErrFilterBegun) || state.Stands {
					t.Errorf("told %v of %+v", err, state)
				}
			})
			if store.Filter().Stands || store.Damage() == nil {
				t.Errorf("a filter of a damaged database: %+v, damage %v", store.Filter(), store.Damage())
			}
			notAnswered(t, store)
		})
	}
	t.Run("found later", func(t *testing.T) {
		h := newHouse(t)
		store := h.open(WithInstance(Claim{}))
		defer h.shut(store)
		k := keep(t, store)
		k.wait(nil)
		store.noticed(errMissing)
		notAnswered(t, store)
		k.end()
	})
}

func notAnswered(t *testing.T, store *Store) {
	t.Helper()
	if found, err := store.Standings(t.Context(), []fraud.Key{someRef(1 << 50).Key}); !errors.Is(err, ErrDamaged) {
		t.Errorf("of an unknown number it says %v, %v", found, err)
	}
}

// A filter that is too full is built anew, larger.
func TestFilterGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		store := h.open(WithInstance(Claim{}))
		k := keep(t, store)
		k.wait(nil)
		r := rand.New(rand.NewPCG(3, 4))
		for range 2 * fewestKeys {
			store.filter.add(drawn(r))
		}
		small := store.Filter()
		k.wait(ErrFilterFull)
		k.wait(nil)
		if grown := store.Filter(); grown.Bytes < small.Bytes*3/2 {
			t.Errorf("%d bytes after %d", grown.Bytes, small.Bytes)
		}
		k.end()
		h.shut(store)
	})
}
