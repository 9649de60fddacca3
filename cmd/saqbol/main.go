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
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
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

// commands is the command line.
type commands struct {
	Run         runCommand         `cmd:"" default:"withargs" help:"Run the bot with what the environment says (also without a command)."`
	Demo        demoCommand        `cmd:"" help:"Try the bot: no token, no network, a chat page in the browser, sample data."`
	Doctor      doctorCommand      `cmd:"" help:"Check configuration, token, database, keys, clock and disk."`
	Import      importCommand      `cmd:"" help:"Load a list of reported subjects (CSV), beside the running bot too."`
	Backup      backupCommand      `cmd:"" help:"Copy the database into a file, beside the running bot too."`
	Restore     restoreCommand     `cmd:"" help:"Put such a copy in the database's place; the bot must be stopped."`
	Migrate     migrateCommand     `cmd:"" help:"Move the database to another, SQLite or PostgreSQL, while people go on checking numbers."`
	Rekey       rekeyCommand       `cmd:"" help:"Rotate the keys of the database, beside the running bot too; then take the old ones out (--retire)."`
	Version     versionCommand     `cmd:"" help:"Show version, commit and Go version."`
	Deadletters deadlettersCommand `cmd:"" help:"List the updates that could not be handled, have them handled anew, or forget them."`
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
	var cli commands
	exited := -1
	parser, err := kong.New(&cli,
		kong.Name("saqbol"),
		kong.Description("Сақ бол! A Telegram bot with which people check numbers, cards and accounts, and report fraud.\n\nThe environment is described in README.md and .env.example."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
	)
	if err != nil {
		return fail(stderr, err)
	}
	switch {
	case len(args) > 0 && args[0] == "help":
		args = append(slices.Clone(args[1:]), "--help")
	case len(args) == 1 && args[0] == "--version":
		args = []string{"version"}
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help was answered
		return exited
	}
	if err != nil {
		at, meant := astray(err, parser.Model.Node, args)
		fmt.Fprintf(stderr, "saqbol: %s%s (see %s --help)\n", oneLine(err), meant, at)
		return exitUsage
	}
	env, err := readEnvironment(environ, ".env")
	if err != nil {
		return fail(stderr, err)
	}
	if err := parsed.Run(&surroundings{ctx: ctx, env: env, stdout: stdout, stderr: stderr}); err != nil {
		return fail(stderr, err)
	}
	return exitDone
}

// astray is the command at which the command line went wrong, and what may have been
// meant there. One that nobody has named, the default, is passed over.
func astray(err error, node *kong.Node, args []string) (at, meant string) {
	var parse *kong.ParseError
	if errors.As(err, &parse) {
		for _, step := range parse.Context.Path {
			if c := step.Command; c != nil && (c != node.DefaultCmd || slices.Contains(args, c.Name)) {
				node = c
			}
		}
	}
	// Which command is meant, kong says only where there is none by default.
	if word, found := strings.CutPrefix(err.Error(), "unexpected argument "); found {
		var names []string
		for _, command := range node.Children {
			names = append(names, command.Name)
		}
		if name := nearest(word, names, 2); name != "" {
			meant = fmt.Sprintf(", did you mean %q?", name)
		}
	}
	return node.FullPath(), meant
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

func oneLine(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	return strings.ReplaceAll(text, context.Canceled.Error(), "it was stopped before it was done")
}
