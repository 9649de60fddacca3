package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"saqbol/fraud"
)

// gathering is a store in which one job holds the transaction open, so that those
// that come meanwhile share it.
type gathering struct {
	*Store
	t       *testing.T
	release chan struct{}
	ended   []chan error // of the jobs, in order
}

func gather(t *testing.T, options ...Option) *gathering {
	store, _ := openForTest(t, options...)
	g := &gathering{Store: store, t: t, release: make(chan struct{})}
	g.job(t.Context(), func(ctx context.Context, t *tx) error {
		<-g.release
		return mark(ctx, t, 1000)
	})
	return g
}

// mark writes something that marks tells of.
func mark(ctx context.Context, t *tx, n int64) error { return markHandled(ctx, t, n, 1) }

// job starts a job and returns when it runs, or waits.
func (g *gathering) job(ctx context.Context, fn func(ctx context.Context, t *tx) error) {
	ended := make(chan error, 1)
	g.ended = append(g.ended, ended)
	go func() {
		defer func() {
			if value := recover(); value != nil {
				ended <- fmt.Errorf("panicked: %v", value)
			}
		}()
		ended <- g.update(ctx, "testing", fn)
	}()
	synctest.Wait()
}

// end lets the transaction go on, and returns the error of every job.
func (g *gathering) end() []error {
	close(g.release)
	var errs []error
	for _, ended := range g.ended {
		errs = append(errs, <-ended)
	}
	return errs
}

// marks are the numbers that were written and stored, in their order.
func (g *gathering) marks() []int64 {
	g.t.Helper()
	var marks []int64
	rows, err := g.read.db.QueryContext(g.t.Context(), `SELECT update_id FROM handled ORDER BY update_id`)
	err = each(rows, err, func(rows *sql.Rows) error {
		var n int64
		err := rows.Scan(&n)
		marks = append(marks, n)
		return err
	})
	if err != nil {
		g.t.Fatal(err)
	}
	return marks
}

// transactions is how many were stored.
func (g *gathering) transactions() int {
	g.t.Helper()
	n, err := g.count(g.t.Context(), `SELECT n FROM commits WHERE id = 1`)
	if err != nil {
		g.t.Fatal(err)
	}
	return n
}

// What comes while somebody writes is stored by one transaction, in the order in
// which it came.
func TestGroupShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gather(t)
		before, order := g.transactions(), []int64(nil)
		for n := range int64(10) {
			g.job(t.Context(), func(ctx context.Context, t *tx) error {
				order = append(order, n)
				return mark(ctx, t, n+1)
			})
		}
		for i, err := range g.end() {
			if err != nil {
				t.Errorf("job %d: %v", i, err)
			}
		}
		if want := []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}; !slices.Equal(order, want) {
			t.Errorf("in the order %v", order)
		}
		if marks := g.marks(); len(marks) != 11 {
			t.Errorf("stored: %v", marks)
		}
		if got := g.transactions() - before; got != 1 {
			t.Errorf("by %d transactions", got)
		}
	})
}

// A job that fails takes nothing from those with whom it shares a transaction, and
// leaves nothing behind.
func TestGroupOneFails(t *testing.T) {
	failure := errors.New("a failure")
	tests := []struct {
		name string
		fn   func(ctx context.Context, s *Store, t *tx) error
		want string
	}{
		{"after it wrote", func(context.Context, *Store, *tx) error { return failure }, "testing: a failure"},
		{"by a statement", func(ctx context.Context, _ *Store, t *tx) error {
			_, err := t.exec(ctx, `INSERT INTO handled (update_id, at) VALUES (5, NULL)`)
			return err
		}, "testing: constraint failed: NOT NULL constraint failed: handled.at (1299)"},
		{"by a panic", func(context.Context, *Store, *tx) error { panic("a slip") }, "panicked: a slip"},
		{"for it was seen", func(ctx context.Context, _ *Store, t *tx) error { return mark(ctx, t, 2) }, fraud.ErrSeen.Error()},
		{"by an outdated value", func(ctx context.Context, s *Store, t *tx) error {
			t.outdated = func([]byte) bool { return true }
			return setMeta(ctx, t, "testing", []byte("x"))
		}, "unavailable: common.not_saved: testing: " + errOutdated.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := gather(t)
				const fails = 4
				for n := int64(1); n < 8; n++ {
					g.job(t.Context(), func(ctx context.Context, t *tx) error {
						if err := mark(ctx, t, n); err != nil || n != fails {
							return err
						}
						return tt.fn(ctx, g.Store, t)
					})
				}
				for i, err := range g.end() {
					if i == fails {
						if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
							t.Errorf("the job that fails is told %v, want %s", err, tt.want)
						}
					} else if err != nil {
						t.Errorf("job %d fails with it: %v", i, err)
					}
				}
				if got, want := g.marks(), []int64{1, 2, 3, 5, 6, 7, 1000}; !slices.Equal(got, want) {
					t.Errorf("stored: %v, want %v", got, want)
				}
			})
		})
	}
}

// Answers that say how things stand cost nobody a second try, and a transaction in
// which nothing changes is not stored.
func TestGroupOfAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gather(t)
		before, runs := g.transactions(), 0
		for range 5 {
			g.job(t.Context(), func(ctx context.Context, t *tx) error {
				runs++
				return mark(ctx, t, 7)
			})
		}
		seen := 0
		for _, err := range g.end() {
			if errors.Is(err, fraud.ErrSeen) {
				seen++
			} else if err != nil {
				t.Error(err)
			}
		}
		if seen != 4 || runs != 5 || g.transactions() != before+1 {
			t.Errorf("%d of 5 were seen before, %d runs, %d transactions; want 4, 5 and 1", seen, runs, g.transactions()-before)
		}
		err := g.update(t.Context(), "testing", func(ctx context.Context, t *tx) error { return mark(ctx, t, 7) })
		if !errors.Is(err, fraud.ErrSeen) || g.transactions() != before+1 {
			t.Errorf("%v, %d transactions", err, g.transactions()-before)
		}
	})
}

// Whose time is up before their turn has come is not kept waiting, and nothing of
// theirs is done; whose time is up later is told what became of it.
func TestGroupOutOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gather(t)
		waiting, stop := context.WithCancel(t.Context())
		g.job(waiting, func(ctx context.Context, t *tx) error { return mark(ctx, t, 1) })
		running, end := context.WithCancel(t.Context())
		g.job(running, func(ctx context.Context, t *tx) error {
			end()
			return mark(ctx, t, 2)
		})
		stop()
		synctest.Wait()
		select {
		case err := <-g.ended[1]:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("whose time was up is told %v", err)
			}
			g.ended[1] <- nil
		default:
			t.Error("whose time is up is kept waiting")
		}
		for i, err := range g.end() {
			if err != nil {
				t.Errorf("job %d: %v", i, err)
			}
		}
		if got, want := g.marks(), []int64{2, 1000}; !slices.Equal(got, want) {
			t.Errorf("stored: %v, want %v", got, want)
		}
	})
}

// What has come is stored before the store closes, and nothing after.
func TestGroupDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gather(t)
		g.job(t.Context(), func(ctx context.Context, t *tx) error { return mark(ctx, t, 1) })
		closed := make(chan struct{})
		go func() {
			g.group.close()
			close(closed)
		}()
		synctest.Wait()
		if err := g.update(t.Context(), "testing", func(ctx context.Context, t *tx) error { return mark(ctx, t, 2) }); !errors.Is(err, errClosed) {
			t.Errorf("a write while the store closes: %v", err)
		}
		select {
		case <-closed:
			t.Error("it does not wait")
		default:
		}
		for i, err := range g.end() {
			if err != nil {
				t.Errorf("job %d: %v", i, err)
			}
		}
		<-closed
		if got, want := g.marks(), []int64{1, 1000}; !slices.Equal(got, want) {
			t.Errorf("stored: %v, want %v", got, want)
		}
	})
}

// Where the transaction itself fails nobody is told that anything is saved.
func TestGroupFailsAsOne(t *testing.T) {
	tests := []struct {
		name string
		// meanwhile is what another program does while it holds the lock, and whether
		// it lets the lock go.
		meanwhile string
		lets      bool
		want      error
	}{
		{"behind a lock", `SELECT 1`, false, nil},
		{"fenced", `UPDATE leases SET token = token + 1`, true, ErrFenced},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, path := openForTest(t, WithInstance(Claim{Term: time.Hour}))
				g := &gathering{Store: store, t: t, release: make(chan struct{})}
				other, err := sql.Open("sqlite", path)
				if err != nil {
					t.Fatal(err)
				}
				other.SetMaxOpenConns(1)
				run := func(statement string) {
					t.Helper()
					if _, err := other.ExecContext(t.Context(), statement); err != nil {
						t.Fatal(err)
					}
				}
				run(`BEGIN IMMEDIATE`)
				began := time.Now()
				for n := range int64(5) {
					g.job(t.Context(), func(ctx context.Context, t *tx) error { return mark(ctx, t, n+1) })
				}
				run(tt.meanwhile)
				if tt.lets {
					run(`COMMIT`)
				}
				for i, err := range g.end() {
					var refusal *fraud.Error
					if saved := !errors.As(err, &refusal) || refusal.Key != "common.not_saved"; tt.want == nil && saved || tt.want != nil && !errors.Is(err, tt.want) {
						t.Errorf("job %d: %v", i, err)
					}
				}
				if took := time.Since(began); took > 2*lockWait {
					t.Errorf("one after another waits for the lock: %v", took)
				}
				if err := other.Close(); err != nil {
					t.Fatal(err)
				}
				if marks := g.marks(); len(marks) != 0 {
					t.Errorf("stored: %v", marks)
				}
			})
		})
	}
}

// A statement that the disk refuses may have taken the whole transaction with it:
// then what shared it is not taken for stored.
func TestGroupRefusedByTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gather(t)
		for n := range int64(5) {
			g.job(t.Context(), func(ctx context.Context, t *tx) error {
				if err := mark(ctx, t, n+1); err != nil || n != 2 {
					return err
				}
				_, err := t.ExecContext(ctx, `PRAGMA query_only = 1`) // from here on
				return err
			})
		}
		for i, err := range g.end() {
			var refusal *fraud.Error
			if !errors.As(err, &refusal) || refusal.Key != "common.not_saved" {
				t.Errorf("job %d: %v", i, err)
			}
		}
		pragma(t, g.write.db, "query_only = 0")
		if marks := g.marks(); len(marks) != 0 {
			t.Errorf("stored: %v", marks)
		}
		if err := g.update(t.Context(), "testing", func(ctx context.Context, t *tx) error { return mark(ctx, t, 1) }); err != nil {
			t.Errorf("the next one: %v", err)
		}
	})
}

// Nobody is kept waiting by those who come after: a transaction ends in time.
func TestGroupEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gather(t)
		before := g.transactions()
		for n := range int64(4) {
			g.job(t.Context(), func(ctx context.Context, t *tx) error {
				<-time.After(longest)
				return mark(ctx, t, n+1)
			})
		}
		for i, err := range g.end() {
			if err != nil {
				t.Errorf("job %d: %v", i, err)
			}
		}
		if got := g.transactions() - before; got < 3 {
			t.Errorf("%d transactions", got)
		}
	})
}

// What may be stored twice goes without a receipt, but not beside what may not.
func TestGroupMayBeStoredTwice(t *testing.T) {
	for name, tt := range map[string]struct {
		jobs []bool
		want bool
	}{"turns": {[]bool{true, true}, true}, "a report before": {[]bool{false, true}, false}, "a report behind": {[]bool{true, false}, false}} {
		t.Run(name, func(t *testing.T) {
			store, _ := openForTest(t)
			b := &batch{group: store.group}
			for n, twice := range tt.jobs {
				b.jobs = append(b.jobs, &job{fn: func(ctx context.Context, t *tx) error {
					t.twice = twice
					return mark(ctx, t, int64(n+1))
				}})
			}
			err := store.write.once(t.Context(), nil, func(ctx context.Context, tx *tx) error {
				err := b.run(ctx, tx)
				if tx.twice != tt.want {
					t.Errorf("it may be stored twice: %v, want %v", tx.twice, tt.want)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// Where the connection is lost each job is told so; that one of them met it is no
// reason to try the halves, each of which would wait for the server as long.
func TestGroupLosesItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gather(t)
		ran := 0
		for n := range int64(8) {
			g.job(t.Context(), func(ctx context.Context, t *tx) error {
				ran++
				if n == 7 {
					return driver.ErrBadConn
				}
				return mark(ctx, t, n+1)
			})
		}
		for i, err := range g.end() {
			var refusal *fraud.Error
			if !errors.As(err, &refusal) || refusal.Key != "common.not_saved" {
				t.Errorf("job %d: %v", i, err)
			}
		}
		if ran != 8 {
			t.Errorf("8 jobs were run %d times", ran)
		}
	})
}
