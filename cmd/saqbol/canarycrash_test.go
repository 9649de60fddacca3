package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"saqbol/bot"
	"saqbol/emulator"
	"saqbol/handlers"
	"saqbol/locales"
	"saqbol/recognize"
	"saqbol/storage"
)

// asPanicking makes the test's binary a bot whose flows panic.
const asPanicking = "SAQBOL_TEST_AS_PANICKING"

// panicking panics in ever other ways with what it is given.
type panicking struct{ handlers.Router }

// Handle panics.
func (*panicking) Handle(_ context.Context, in handlers.Input) (handlers.Reply, error) {
	switch len(in.Text) % 4 {
	case 0:
		panic(in.Text)
	case 1:
		panic(fmt.Errorf("a flow failed with %s of %d", in.Text, in.Person))
	case 2:
		panic(in)
	}
	return handlers.Reply{}, errors.New([]string{"a flow failed", in.Text}[len(in.Text)]) // out of range
}

// panickingProgram is the program of asPanicking: the real edge, store and log,
// and a handler that panics.
func panickingProgram() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*limit)
	defer cancel()
	env, err := readEnvironment(os.Environ(), ".env")
	if err != nil {
		return err
	}
	cfg, err := readConfig(env)
	if err != nil {
		return err
	}
	log := newLogger(os.Stderr, cfg.logLevel, cfg.logFormat)
	p, err := cfg.parts(log)
	if err != nil {
		return err
	}
	client, err := bot.Dial(ctx, p.token, p.apiURL)
	if err != nil {
		return err
	}
	keys, err := p.keys(ctx)
	if err != nil {
		return err
	}
	store, err := storage.Open(ctx, p.database, keys)
	if err != nil {
		return err
	}
	catalogue, err := locales.Load()
	if err != nil {
		return err
	}
	recogniser, err := recognize.New()
	if err != nil {
		return err
	}
	b, err := bot.New(bot.Options{Client: client, Handler: &panicking{}, Journal: store, Catalogue: catalogue,
		Redact: recogniser.Redact, Log: log, Clock: time.Now, Random: rand.Reader})
	if err != nil {
		return err
	}
	return b.Run(ctx)
}

// numbers are the ids of a stage's people in the forms in which Go's dumps show them.
func (s *stage) numbers() []canary {
	var out []canary
	for _, c := range s.people {
		out = append(out, canary{name: "Telegram id", texts: []string{strconv.FormatInt(c.ID(), 10), "0x" + strconv.FormatInt(c.ID(), 16)}})
	}
	return out
}

// TestCanariesInCrashes looks for the canaries in what the program leaves when it
// panics, is asked where it stands, or dies.
func TestCanariesInCrashes(t *testing.T) {
	program := compile(t, ".")
	for name, tt := range map[string]struct {
		signal syscall.Signal
		wants  string
		ids    bool // ids of people must not show either
	}{
		"asked by SIGQUIT": {syscall.SIGQUIT, "saqbol/bot.(*Client).perform(...)", true},
		"asked by SIGABRT": {syscall.SIGABRT, "aborted: where every goroutine stands", true},
		// Go's own dump, which nobody can change, shows every call with its
		// arguments: numbers are among them, words never.
		"killed by Go itself": {syscall.SIGSEGV, "SIGSEGV", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, program, "json", false)
			crashed := s.run()
			s.citizen("ru").says("8 701 314 15 92")
			remove := s.api.Fail(emulator.Fault{Method: "sendMessage", Kind: emulator.FaultHang})
			defer remove()
			for range 20 { // whose calls hang, so that they stand in the dump
				c := s.citizen("kk")
				c.Send("/report " + canaryPAN + " " + canaryWords + " код 48291357 8 701 314 15 92")
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			if _, err := s.api.WaitCall(ctx, func(c emulator.Call) bool { return c.Fault == "hang" }); err != nil {
				t.Fatal(err)
			}
			crashed.signal(t, tt.signal)
			s.collect("afterwards", crashed)
			out := crashed.out.String()
			if !strings.Contains(out, tt.wants) {
				t.Errorf("the output has no %q:\n%s", tt.wants, out)
			}
			all := append(canaries(), keyCanaries(t, filepath.Join(s.folder, "saqbol.key"))...)
			if tt.ids {
				all = append(all, s.numbers()...)
			}
			n, hits := s.haul.search(t, all)
			t.Logf("measured: %d bytes searched for %d canaries, %d hits", n, len(all), hits)
		})
	}
	t.Run("panics", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, os.Args[0], "json", false)
		s.environ = append(s.environ, asPanicking+"=1")
		crashed := s.run()
		for _, text := range []string{"", "x", "xx", "xxx"} { // each way to panic
			s.citizen("ru").says("8 701 314 15 92 код 48291357 " + canaryWords + text)
		}
		crashed.signal(t, syscall.SIGKILL)
		s.collect("afterwards", crashed)
		if out := crashed.out.String(); strings.Count(out, "the handler panicked") < 4 || !strings.Contains(out, "canarycrash_test.go") {
			t.Errorf("the log does not show the panics and where they were:\n%s", out)
		}
		all := append(s.all(), s.numbers()...)
		n, hits := s.haul.search(t, all)
		t.Logf("measured: %d bytes searched for %d canaries, %d hits", n, len(all), hits)
	})
}
