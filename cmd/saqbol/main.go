// Command saqbol is the SaqBol bot: one program that reads the environment and
// the command line, builds everything, runs it and drains it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"saqbol/fraud"
	"saqbol/storage"
)

// Exit statuses, as the contract has them.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	dumpOnRequest(os.Stderr)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// surroundings is what every command gets: nothing is read from globals.
type surroundings struct {
	ctx    context.Context
	env    environment
	stdout io.Writer
	stderr io.Writer
}

// run is the whole program without os.Exit, so that tests can call it.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	s := &surroundings{ctx: ctx, stdout: stdout, stderr: stderr}
	cmd, err := parse(newCommandLine(s), args)
	if errors.Is(err, pflag.ErrHelp) {
		help(stdout, cmd)
		return exitDone
	}
	if err != nil {
		fmt.Fprintf(stderr, "saqbol: %s (see %s --help)\n", oneLine(err), cmd.CommandPath())
		return exitUsage
	}
	if s.env, err = readEnvironment(environ, ".env"); err != nil {
		return fail(stderr, err)
	}
	if err := cmd.RunE(cmd, cmd.Flags().Args()); err != nil {
		return fail(stderr, err)
	}
	return exitDone
}

// errUsage marks an error that the caller of the program made.
var errUsage = errors.New("wrong use")

func fail(stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "saqbol: %s\n", oneLine(err))
	if errors.Is(err, errUsage) {
		return exitUsage
	}
	return exitFailed
}

// counted is a number with what it counts.
func counted(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// oneLine is an error as the operator reads it.
func oneLine(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	var said *fraud.Error
	if errors.As(err, &said) { // it names a message for citizens
		text = strings.ReplaceAll(text, string(said.Code)+": "+said.Key, forOperators(said))
	}
	return strings.ReplaceAll(text, context.Canceled.Error(), "it was stopped before it was done")
}

// forOperators says what a citizen's message is about. The cause stands behind it.
func forOperators(said *fraud.Error) string {
	switch {
	case errors.Is(said, storage.ErrDamaged):
		return "the database"
	case errors.Is(said, context.DeadlineExceeded):
		return "the database is busy with another program, try again"
	case said.Code == fraud.CodeUnavailable:
		return "the database can't answer or save now"
	}
	return "it can't be done"
}
