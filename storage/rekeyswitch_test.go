package storage

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

// twin is another program's copy of a set.
func twin(t *testing.T, keys *seal.Keys) *seal.Keys {
	t.Helper()
	text, err := keys.Text()
	if err != nil {
		t.Fatal(err)
	}
	other, err := seal.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return other
}

// rekeying is a house in which an instance runs under the set before a rotation,
// and a tool is about to rotate.
type rekeying struct {
	*house
	added *seal.Keys // the set with the new key
	bot   *Store
	tool  *Store
}

func newRekeying(t *testing.T) *rekeying {
	h := newHouse(t)
	added, err := h.keys.Add()
	if err != nil {
		t.Fatal(err)
	}
	r := &rekeying{house: h, added: added, bot: h.open(WithInstance(Claim{Holder: "bot"}))}
	h.keys = added
	r.tool = h.open(WithoutLease())
	return r
}

func (r *rekeying) chosen(t *testing.T) bool {
	t.Helper()
	promoted, err := r.added.Promote()
	if err != nil {
		t.Fatal(err)
	}
	state, err := r.tool.Rekeyed(context.Background(), promoted)
	if err != nil {
		t.Fatal(err)
	}
	return state.Seals
}

// An instance that lacks the key is waited for; nothing changes before it knows.
func TestSealUnderWaitsForTheInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRekeying(t)
		defer r.shut(r.tool)
		defer r.shut(r.bot)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		waits := 0
		if err := r.tool.SealUnder(ctx, twin(t, r.added), func() { waits++ }); !errors.Is(err, ErrKeyUnknown) || waits != 1 {
			t.Fatalf("%v after %d waits", err, waits)
		}
		if r.chosen(t) {
			t.Fatal("the key seals although the instance lacks it")
		}
		if _, err := r.bot.Commit(context.Background(), fraud.Change{Person: 1, Lang: fraud.Kazakh}); err != nil {
			t.Fatalf("the instance can't store any more: %v", err)
		}

		done := make(chan error)
		go func() { done <- r.tool.SealUnder(context.Background(), twin(t, r.added), nil) }()
		<-time.After(3 * time.Second)
		if err := r.bot.Adopt(context.Background(), twin(t, r.added)); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil || !r.chosen(t) {
			t.Errorf("once it knows: %v", err)
		}
		if _, err := r.bot.Commit(context.Background(), fraud.Change{Person: 2, Lang: fraud.Kazakh}); err != nil {
			t.Errorf("the instance afterwards: %v", err)
		}
	})
}

// An instance that starts with the new set says so by itself.
func TestSealUnderAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRekeying(t)
		defer r.shut(r.tool)
		r.shut(r.bot)
		bot := r.open(WithInstance(Claim{Holder: "bot"}))
		defer r.shut(bot)
		if err := r.tool.SealUnder(context.Background(), twin(t, r.added), func() { t.Error("waited") }); err != nil {
			t.Error(err)
		}
	})
}

// A dead instance knows nothing and is waited for no longer than its lease.
func TestSealUnderAfterADeath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRekeying(t)
		defer r.shut(r.tool)
		began := time.Now()
		r.die(r.bot)
		if err := r.tool.SealUnder(context.Background(), twin(t, r.added), nil); err != nil {
			t.Error(err)
		}
		if waited := time.Since(began); waited < leaseTerm || waited > 2*leaseTerm {
			t.Errorf("waited %s for a dead instance", waited)
		}
		r.bot.instance = nil // it is dead: it gives nothing back
		r.shut(r.bot)
	})
}

// An instance that was paused while the keys were rotated lacks the new one for a
// moment. What it can't open then is not damaged, and once it has the key it goes on.
func TestACheckBesideARotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRekeying(t)
		defer r.shut(r.tool)
		ctx := context.Background()
		if _, err := r.bot.Commit(ctx, fraud.Change{Person: 1, Lang: fraud.Kazakh}); err != nil {
			t.Fatal(err)
		}
		r.die(r.bot) // or is paused for longer than its lease
		if err := r.tool.SealUnder(ctx, twin(t, r.added), nil); err != nil {
			t.Fatal(err)
		}
		if sealed, err := r.tool.Reseal(ctx, nil); err != nil || sealed.Anew == 0 {
			t.Fatalf("%+v, %v", sealed, err)
		}
		if err := r.bot.Examine(ctx, 1); !errors.Is(err, ErrWrongKey) || r.bot.Damage() != nil {
			t.Errorf("the check ends with %v, and damage is %v", err, r.bot.Damage())
		}
		if err := r.bot.Adopt(ctx, twin(t, r.added)); err != nil {
			t.Fatal(err)
		}
		if err := r.bot.Examine(ctx, 1); err != nil {
			t.Error(err)
		}
		r.bot.instance = nil // its lease is kept by nobody
		r.shut(r.bot)
	})
}

// A value that was sealed before the transaction which finds that the key has
// changed is refused, not stored: the rotation would never find it again.
func TestWhatIsSealedTooEarlyIsRefused(t *testing.T) {
	store, _ := openForTest(t)
	at := disputePlace(fraud.Key{1})
	early, err := store.keys.Seal([]byte("{}"), at)
	if err != nil {
		t.Fatal(err)
	}
	next, err := store.keys.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.SealUnder(t.Context(), next, nil); err != nil {
		t.Fatal(err)
	}
	put := func(sealed []byte) error {
		return store.update(t.Context(), "a test", func(ctx context.Context, tx *tx) error {
			_, err := tx.exec(ctx, `INSERT INTO disputes (subject, person, ref, at) VALUES ($1, $2, $3, 0)`, make([]byte, 16), make([]byte, 16), sealed)
			return err
		})
	}
	if err := put(early); !errors.Is(err, errOutdated) {
		t.Errorf("stored: %v", err)
	}
	var refusal *fraud.Error
	if err := put(early); !errors.As(err, &refusal) || refusal.Code != fraud.CodeUnavailable {
		t.Errorf("people are not told to try again: %v", err)
	}
	late, err := store.keys.Seal([]byte("{}"), at)
	if err != nil {
		t.Fatal(err)
	}
	if err := put(late); err != nil {
		t.Errorf("sealed anew: %v", err)
	}
}
