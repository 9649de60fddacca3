package storage

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

// house is one database file that several programs open. Its tests run in a
// bubble of synctest: the terms of leases pass at once, the files are real.
type house struct {
	t    *testing.T
	path string
	keys *seal.Keys
}

func newHouse(t *testing.T) *house {
	t.Helper()
	keys, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return &house{t: t, path: filepath.Join(t.TempDir(), "saqbol.db"), keys: keys}
}

func (h *house) open(options ...Option) *Store {
	h.t.Helper()
	store, err := Open(context.Background(), "sqlite:"+h.path, h.keys, options...)
	if err != nil {
		h.t.Fatal(err)
	}
	return store
}

func (h *house) shut(store *Store) {
	h.t.Helper()
	if err := store.Close(); err != nil {
		h.t.Error(err)
	}
}

// die ends an instance as kill -9 does: nothing is renewed, nothing released.
func (h *house) die(store *Store) {
	store.instance.stop()
	<-store.instance.done
}

// opened is the end of an Open that may have to wait.
type opened struct {
	store *Store
	err   error
	after time.Duration
}

func (h *house) opening(options ...Option) <-chan opened {
	done, begun := make(chan opened, 1), time.Now()
	go func() {
		store, err := Open(context.Background(), "sqlite:"+h.path, h.keys, options...)
		done <- opened{store, err, time.Since(begun)}
	}()
	return done
}

// dump is every row of every table, as it stands in the file.
func (h *house) dump(store *Store) string {
	h.t.Helper()
	var out bytes.Buffer
	var tables []string
	err := store.read.query(context.Background(), func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		tables = append(tables, name)
		return err
	}, `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
	if err != nil || len(tables) < 12 {
		h.t.Fatalf("%d tables, %v", len(tables), err)
	}
	for _, table := range tables {
		rows, err := store.read.db.Query(`SELECT * FROM ` + table)
		err = each(rows, err, func(rows *sql.Rows) error {
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				return err
			}
			for _, value := range values {
				fmt.Fprintf(&out, "%v ", *value.(*any))
			}
			fmt.Fprintln(&out, table)
			return nil
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
	return out.String()
}

// writes is each way to change the database.
func writes(ctx context.Context, s *Store) map[string]error {
	_, commit := s.Commit(ctx, fraud.Change{Update: 77, Person: 7, Lang: fraud.Kazakh, Now: time.UnixMilli(1), Outgoing: []fraud.Outgoing{{Chat: 7, Payload: []byte("x")}}})
	_, erase := s.Commit(ctx, fraud.Change{Update: 78, Person: 1, Erase: true, Now: time.UnixMilli(1)})
	return map[string]error{
		"Commit": commit, "erasing": erase, "Sent": s.Sent(ctx, []int64{1}), "Anchor": s.Anchor(ctx, 1, 5),
		"Confirm": s.Confirm(ctx, fraud.Ref{Kind: fraud.KindPhone}, "x"), "Prune": s.Prune(ctx, time.UnixMilli(1<<50)),
		"DeadLetter": s.DeadLetter(ctx, fraud.DeadLetter{Update: 79, Person: 7}),
	}
}

func fill(t *testing.T, s *Store) {
	t.Helper()
	if _, err := s.Commit(t.Context(), fraud.Change{Update: 1, Person: 1, Lang: fraud.Russian, Now: time.UnixMilli(1),
		Session: &fraud.Session{Flow: "report", Step: "what"}, Outgoing: []fraud.Outgoing{{Chat: 1, Payload: []byte("answer")}}}); err != nil {
		t.Fatal(err)
	}
}

func TestASecondInstanceWaitsForTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		first := h.open(WithInstance(Claim{Holder: "first", Machine: "a"}))
		var told atomic.Pointer[string]
		second := h.opening(WithInstance(Claim{Holder: "second", Machine: "b", Waiting: func(holder string) { told.Store(&holder) }}))
		for range 10 {
			<-time.After(leaseTerm)
			fill := fraud.Change{Person: 1, Lang: fraud.Russian, Now: time.Now()}
			if _, err := first.Commit(t.Context(), fill); err != nil {
				t.Fatal(err)
			}
		}
		select {
		case got := <-second:
			t.Fatalf("the second came in beside the first: %v", got.err)
		default:
		}
		if holder := told.Load(); holder == nil || *holder != "first" {
			t.Errorf("whom it waits for: %v", holder)
		}
		token := first.instance.Token()
		stopped := time.Now()
		h.shut(first)
		got := <-second
		if got.err != nil {
			t.Fatal(got.err)
		}
		defer h.shut(got.store)
		if waited := time.Since(stopped); waited > leaseTerm/looksATerm {
			t.Errorf("after a graceful stop the second still waited %s", waited)
		}
		if got.store.instance.Token() <= token {
			t.Errorf("token %d after %d", got.store.instance.Token(), token)
		}
	})
}

func TestADeadInstanceIsReplaced(t *testing.T) {
	tests := []struct {
		name  string
		claim Claim
		waits bool
	}{
		{"on the same machine, with its lock", Claim{Machine: "a", Alone: true}, false},
		{"on the same machine, without its lock", Claim{Machine: "a"}, true},
		{"on another machine", Claim{Machine: "b", Alone: true}, true},
		{"on a machine that is not known", Claim{Alone: true}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				machine := "a"
				if tt.claim.Machine == "" {
					machine = ""
				}
				first := h.open(WithInstance(Claim{Holder: "first", Machine: machine}))
				fill(t, first)
				h.die(first)
				got := <-h.opening(WithInstance(tt.claim))
				if got.err != nil {
					t.Fatal(got.err)
				}
				switch {
				case !tt.waits && got.after > 0:
					t.Errorf("it waited %s", got.after)
				case tt.waits && (got.after < leaseTerm || got.after > leaseTerm+2*leaseTerm/looksATerm):
					t.Errorf("it waited %s, want a term of %s", got.after, leaseTerm)
				}
				before := h.dump(got.store)
				for name, err := range writes(t.Context(), first) {
					if !errors.Is(err, ErrFenced) {
						t.Errorf("%s of the replaced instance: %v", name, err)
					}
				}
				if after := h.dump(got.store); after != before {
					t.Errorf("the replaced instance wrote:\n%s\nbefore:\n%s", after, before)
				}
				select {
				case <-first.Lost():
				default:
					t.Error("the replaced instance is not told")
				}
				for name, err := range writes(t.Context(), got.store) {
					if err != nil {
						t.Errorf("%s of the new instance: %v", name, err)
					}
				}
				h.shut(first) // must not give back what is not its own
				if _, err := got.store.Commit(t.Context(), fraud.Change{Person: 2, Lang: fraud.Kazakh}); err != nil {
					t.Errorf("after the replaced one has closed: %v", err)
				}
				h.shut(got.store)
			})
		})
	}
}

// A holder that hangs for longer than a term, and writes nothing, learns of its
// loss by its next renewal.
func TestARenewalShowsTheLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		first := h.open(WithInstance(Claim{Machine: "a"}))
		second := h.open(WithInstance(Claim{Machine: "a", Alone: true}))
		begun := time.Now()
		<-first.Lost()
		if took := time.Since(begun); took > leaseTerm/beatsATerm+time.Second {
			t.Errorf("it took %s", took)
		}
		h.shut(second)
		h.shut(first)
	})
}

func TestClockJumpsMoveNoLease(t *testing.T) {
	for _, jump := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		for _, whose := range []string{"holder", "waiter"} {
			t.Run(fmt.Sprint(whose, jump), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := newHouse(t)
					var off atomic.Int64
					jumping := WithClock(func() time.Time { return time.Now().Add(time.Duration(off.Load())) })
					ofHolder, ofWaiter := jumping, WithClock(time.Now)
					if whose == "waiter" {
						ofHolder, ofWaiter = ofWaiter, jumping
					}
					first := h.open(ofHolder, WithInstance(Claim{Machine: "a"}))
					second := h.opening(ofWaiter, WithInstance(Claim{Machine: "b"}))
					for i := range 6 {
						<-time.After(leaseTerm)
						off.Store(int64(i%2) * int64(jump))
					}
					select {
					case got := <-second:
						t.Fatalf("stolen: %v", got.err)
					default:
					}
					h.die(first)
					died := time.Now()
					got := <-second
					if waited := time.Since(died); got.err != nil || waited > leaseTerm+2*leaseTerm/looksATerm {
						t.Errorf("frozen for %s: %v", waited, got.err)
					}
					h.shut(first)
					h.shut(got.store)
				})
			})
		}
	}
}

// Tools say so when they write beside the instance; whoever does not is refused.
func TestToolsBesideTheInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.shut(h.open())
		instance := h.open(WithInstance(Claim{}))
		fill(t, instance)
		stranger, tool := h.open(), h.open(WithoutLease())
		before := h.dump(instance)
		for name, err := range writes(t.Context(), stranger) {
			if !errors.Is(err, ErrFenced) {
				t.Errorf("%s of a stranger: %v", name, err)
			}
		}
		if after := h.dump(instance); after != before {
			t.Errorf("a stranger wrote:\n%s", after)
		}
		for name, err := range writes(t.Context(), tool) {
			if err != nil {
				t.Errorf("%s of a tool: %v", name, err)
			}
		}
		h.shut(instance)
		if _, err := stranger.Commit(t.Context(), fraud.Change{Person: 2, Lang: fraud.Kazakh}); err != nil {
			t.Errorf("once nobody serves: %v", err)
		}
		h.shut(stranger)
		h.shut(tool)
	})
}

// What can't be renewed for a while, on a full disk say, is not lost.
func TestARenewalThatFailsIsNoLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		store := h.open(WithInstance(Claim{}))
		pragma(t, store.write.db, "query_only = 1")
		<-time.After(5 * leaseTerm)
		pragma(t, store.write.db, "query_only = 0")
		fill(t, store)
		select {
		case <-store.Lost():
			t.Error("given up")
		default:
		}
		h.shut(store)
	})
}

func TestAnOlderInstanceKeepsItsSchema(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		instance := h.open(WithInstance(Claim{Holder: "older", Machine: "a"}))
		if _, err := instance.write.db.Exec(`DELETE FROM goose_db_version WHERE version_id > $1`, leasesSince); err != nil {
			t.Fatal(err)
		}
		wants, err := sqliteSchema().wanted()
		if err != nil {
			t.Fatal(err)
		}
		if wants > leasesSince {
			if _, err := Open(t.Context(), "sqlite:"+h.path, h.keys, WithoutLease()); !errors.Is(err, ErrOlder) {
				t.Errorf("a newer tool: %v, want %v", err, ErrOlder)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*leaseTerm)
		defer cancel()
		if _, err := Open(ctx, "sqlite:"+h.path, h.keys, WithInstance(Claim{Machine: "b"})); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a newer instance: %v", err)
		}
		if version, err := sqliteSchema().version(t.Context(), instance.read.db); err != nil || version != leasesSince {
			t.Errorf("the schema is at %d, %v", version, err)
		}
		h.shut(instance)
	})
}
