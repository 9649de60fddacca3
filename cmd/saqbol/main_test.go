package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"saqbol/fraud"
	"saqbol/storage"
)

// asProgram makes the test's binary the program itself, for tests that need a
// process to kill.
const asProgram = "SAQBOL_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	if folder := os.Getenv(asImage); folder != "" {
		fmt.Fprintln(os.Stderr, enterImage(folder)) // it returns only where it fails
		os.Exit(1)
	}
	if os.Getenv(asPanicking) != "" {
		fmt.Fprintln(os.Stderr, panickingProgram()) // until it is killed
		os.Exit(1)
	}
	code := m.Run()
	if err := server.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	http.DefaultClient.CloseIdleConnections() // the tests' own
	if code == 0 {
		code = leftBehind()
	}
	os.Exit(code)
}

// leftBehind looks for goroutines that a test, or the program in it, left running.
func leftBehind() int {
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "goroutines are left behind:", err)
		return 1
	}
	return 0
}

// process is the program in a process of its own.
type process struct {
	*exec.Cmd
	stderr *lockedBuffer
	ended  chan struct{}
}

// spawn starts the program with these settings and nothing else.
func spawn(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], args...), stderr: &lockedBuffer{}, ended: make(chan struct{})}
	p.Env, p.Dir, p.Stderr, p.Stdout = append(slices.Clone(environ), asProgram+"=1"), t.TempDir(), p.stderr, &bytes.Buffer{}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.Wait() // its status is read from ProcessState
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	return p
}

// kill ends it as kill -9 does.
func (p *process) kill() {
	_ = p.Process.Kill() // it may have ended
	<-p.ended
}

// What is meant for citizens is worded for the operator: no message key is shown.
func TestOneLine(t *testing.T) {
	for want, err := range map[string]error{
		"a: b":                              errors.New("a:\n\tb"),
		"it was stopped before it was done": context.Canceled,
		"marking: the database can't answer or save now: saving: disk full":                       fmt.Errorf("marking: %w", &fraud.Error{Code: fraud.CodeUnavailable, Key: "common.not_saved", Err: errors.New("saving: disk full")}),
		"the database: reading: it is damaged: restore a backup with `saqbol restore`":            &fraud.Error{Code: fraud.CodeUnavailable, Key: "check.damaged", Err: fmt.Errorf("reading: %w", storage.ErrDamaged)},
		"the database is busy with another program, try again: saving: context deadline exceeded": &fraud.Error{Code: fraud.CodeUnavailable, Key: "common.not_saved", Err: fmt.Errorf("saving: %w", context.DeadlineExceeded)},
		"it can't be done": &fraud.Error{Code: fraud.CodeNotFound, Key: "report.gone"},
	} {
		if got := oneLine(err); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}
