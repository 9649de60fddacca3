// Command torture runs the real saqbol binary against the built-in Bot API, lets
// simulated people talk to it while it is killed, cut off, stopped and flooded,
// and compares what they were promised with what the database holds and with what
// they received. It prints a table and exits 1 where a row fails.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Exit statuses.
const (
	exitPassed = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// choice is what the command line says.
type choice struct {
	rows []scenario
	long bool
	seed uint64
	keep bool
}

// run is the whole program without os.Exit.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	chosen, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitPassed
	}
	if err != nil {
		fmt.Fprintf(stderr, "torture: %v\n", err)
		return exitUsage
	}
	r, err := newRig(chosen, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "torture: %v\n", err)
		return exitFailed
	}
	version := "short"
	if r.long {
		version = "long"
	}
	fmt.Fprintf(stdout, "seed %d, the %s version\n", r.seed, version)
	results := r.runAll(ctx, chosen.rows)
	fmt.Fprint(stdout, table(results))
	failed := slices.ContainsFunc(results, func(o outcome) bool { return o.err != nil })
	if failed {
		fmt.Fprintf(stdout, "\nWhat the program said, and its databases, are kept in %s\nAgain: go run ./cmd/torture --%s --seed %d --only %s\n",
			r.folder, version, r.seed, failing(results))
		return exitFailed
	}
	if !chosen.keep {
		r.clean()
	}
	return exitPassed
}

func failing(results []outcome) string {
	var names []string
	for _, o := range results {
		if o.err != nil {
			names = append(names, o.row.name)
		}
	}
	return strings.Join(names, ",")
}

func parse(args []string, stderr io.Writer) (choice, error) {
	flags := flag.NewFlagSet("torture", flag.ContinueOnError)
	flags.SetOutput(stderr)
	all := scenarios()
	names := make([]string, len(all))
	for i, row := range all {
		names[i] = row.name
	}
	only := flags.String("only", "", "rows to run, comma separated, of: "+strings.Join(names, ", "))
	long := flags.Bool("long", false, "as many kills, cuts and updates as docs/reliability.md names")
	short := flags.Bool("short", false, "few of each, for every change (the default)")
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()), "repeat a run as far as timing allows")
	keep := flags.Bool("keep", false, "keep databases and logs after a run without failures")
	if err := flags.Parse(args); err != nil {
		return choice{}, err
	}
	switch {
	case flags.NArg() > 0:
		return choice{}, fmt.Errorf("%q is no flag (see --help)", flags.Arg(0))
	case *long && *short:
		return choice{}, errors.New("--long or --short, not both")
	}
	chosen := choice{rows: all, long: *long, seed: *seed, keep: *keep}
	if *only == "" {
		return chosen, nil
	}
	chosen.rows = nil
	for _, name := range strings.Split(*only, ",") {
		i := slices.Index(names, strings.TrimSpace(name))
		if i < 0 {
			return choice{}, fmt.Errorf("there is no row %q: choose of %s", name, strings.Join(names, ", "))
		}
		chosen.rows = append(chosen.rows, all[i])
	}
	return chosen, nil
}
