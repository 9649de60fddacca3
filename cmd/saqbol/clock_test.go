package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"saqbol/bot"
	"saqbol/emulator"
	"saqbol/fraud"
	"saqbol/storage/seal"
)

// whole is the whole program with a clock that the test sets.
type whole struct {
	*started
	t     *testing.T
	off   atomic.Int64
	parts parts
	app   *app
	close func()
}

func newWhole(t *testing.T, quotas fraud.Limits) *whole {
	t.Helper()
	api, url := emulator.Start(t, emulator.Options{})
	token, err := bot.ParseToken(api.Token())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	w := &whole{started: &started{api: api}, t: t}
	noon, begun := time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC), time.Now() // far from midnight in Kazakhstan
	w.parts = parts{token: token, apiURL: url, database: "sqlite:" + filepath.Join(t.TempDir(), "saqbol.db"), quotas: quotas,
		keys: func(context.Context) (*seal.Keys, error) { return keys, nil }, log: slog.New(slog.DiscardHandler),
		clock: func() time.Time { return noon.Add(time.Since(begun)).Add(time.Duration(w.off.Load())) }}
	w.start()
	t.Cleanup(func() { w.close() })
	return w
}

func (w *whole) start() {
	w.t.Helper()
	a, err := build(w.t.Context(), w.parts)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.serve(ctx, func(ctx context.Context) error { <-ctx.Done(); return nil }) }()
	w.app = a
	w.close = func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("the program ended with %v", err)
		}
		w.close = func() {}
	}
}

// restart stops the program and starts it again on the same database.
func (w *whole) restart() {
	w.t.Helper()
	w.close()
	w.start()
}

func (w *whole) jump(d time.Duration) { w.off.Add(int64(d)) }

// A clock that goes a day forward and back again, while the program runs and across a
// restart, costs no conversation, no report and no answer, and moves no limit.
func TestClockWholeProgram(t *testing.T) {
	for _, jump := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
		t.Run(fmt.Sprint(jump), func(t *testing.T) {
			w := newWhole(t, fraud.Limits{ChecksPerDay: 3, ReportsPerDay: 10})
			victim, other := w.citizen(t, "ru"), w.citizen(t, "ru")

			step := victim.says("/report 87011234567")
			w.jump(jump)
			if err := w.app.bot.Ready(t.Context()); err != nil {
				t.Errorf("after the jump: %v", err)
			}
			if err := w.app.store.Prune(t.Context(), w.parts.clock().Add(-keepMarks)); err != nil {
				t.Fatal(err)
			}
			for step = victim.presses(step, "Звонок"); !has(step, "✅"); step = victim.presses(step, "⏭") {
				if has(step, "Сегодня") {
					step = victim.presses(step, "Сегодня")
					w.jump(-jump)
					w.restart()
					break
				}
			}
			for !has(step, "✅") {
				step = victim.presses(step, "⏭")
			}
			filed := victim.presses(step, "✅")
			if !strings.Contains(filed.Text, "SB-") {
				t.Fatalf("not filed:\n%s", filed.Text)
			}

			answered := 0
			for _, jumped := range []time.Duration{0, jump, -jump, 0} {
				w.jump(jumped)
				if check := other.says("87011234567"); strings.HasPrefix(check.Text, "🟠") {
					answered++
				} else if !strings.HasPrefix(check.Text, "⏳") {
					t.Errorf("the check says:\n%s", check.Text)
				}
				if help := other.says("/emergency"); !strings.HasPrefix(help.Text, "🆘") {
					t.Errorf("/emergency says:\n%s", help.Text)
				}
			}
			w.restart()
			if check := other.says("87011234567"); !strings.HasPrefix(check.Text, "⏳") {
				t.Errorf("after a restart the day's limit is forgotten:\n%s", check.Text)
			}
			w.jump(-24 * time.Hour)
			w.restart()
			if check := other.says("87011234567"); !strings.HasPrefix(check.Text, "⏳") {
				t.Errorf("put back across a restart, the limit is forgotten:\n%s", check.Text)
			}
			my := victim.says("/my")
			kept := strings.Count(my.Text, "SB-")
			if kept != 1 {
				t.Errorf("/my says:\n%s", my.Text)
			}
			if answered != 3 {
				t.Errorf("%d checks were answered, want the day's 3", answered)
			}
			t.Logf("measured: clock put %v and back, 3 restarts: %d of 1 reports kept, %d checks answered, the day's limit being 3", jump, kept, answered)
		})
	}
}

// has reports whether a message has a button that begins so.
func has(m emulator.Message, start string) bool {
	_, ok := buttonWith(m, start)
	return ok
}
