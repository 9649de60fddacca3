package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"saqbol/storage"
	"saqbol/storage/seal"
)

type migrateCommand struct {
	From    string
	To      string
	Prepare bool
	Reopen  string
}

func newMigrateCommand(s *surroundings) *cobra.Command {
	var c migrateCommand
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Move the database to another, SQLite or PostgreSQL, while people go on checking numbers.",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return c.Run(s) },
	}
	cmd.Flags().StringVar(&c.From, "from", "", "`URL` at which the data are: sqlite: and a path, or postgres://…")
	cmd.Flags().StringVar(&c.To, "to", "", "`URL` of an empty database, or of one to which this move was begun.")
	cmd.Flags().BoolVar(&c.Prepare, "prepare", false, "Only copy, beside the running bot; what is left for the move itself is short then.")
	cmd.Flags().StringVar(&c.Reopen, "reopen", "", "`URL` of a database that was moved away: it goes on, instead of the one it was moved to.")
	return cmd
}

// Run moves a database to another, or takes that back.
func (c migrateCommand) Run(s *surroundings) error {
	if both := c.From != "" && c.To != ""; both == (c.Reopen != "") || !both && c.From+c.To != "" {
		return fmt.Errorf("%w: name both --from and --to, or only --reopen", errUsage)
	}
	cfg, err := readStoreConfig(s.env)
	if err != nil {
		return err
	}
	keys, err := cfg.keysThere()
	if err != nil {
		return err
	}
	if c.Reopen != "" {
		return c.reopen(s, keys)
	}
	return c.move(s, keys)
}

// reopen lets a database go on that was moved away.
func (c migrateCommand) reopen(s *surroundings, keys *seal.Keys) error {
	closed, err := storage.Reopen(s.ctx, c.Reopen, keys)
	if err != nil {
		return err
	}
	if !closed {
		fmt.Fprintln(s.stdout, "It was open all along: nothing was changed.")
		return nil
	}
	fmt.Fprintln(s.stdout, "It takes reports again. What was stored since in the database it was moved to is not in it.")
	return nil
}

func (c migrateCommand) move(s *surroundings, keys *seal.Keys) error {
	var lock *os.File                   // nil where there is none
	defer func() { _ = lock.Close() }() // the next instance may come
	shown := newBar(s.stderr, "", time.Now)
	done, err := storage.Move(s.ctx, c.From, c.To, keys, storage.MoveOptions{Prepare: c.Prepare,
		Begin: func() (err error) { lock, err = c.lock(); return err },
		Stage: func(doing string) {
			shown.end()
			shown = newBar(s.stderr, doing, time.Now)
		},
		Progress: func(done, total int64) { shown.rows(int(done), int(total)) }})
	shown.end()
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("the move is not finished: run the same command again and it goes on (%w)", err)
	}
	if err != nil {
		return err
	}
	c.tell(s.stdout, done)
	return nil
}

// lock keeps other instances off the new database, where that is a file.
func (c migrateCommand) lock() (*os.File, error) {
	path, isFile := sqlitePath(c.To)
	if !isFile {
		return nil, nil
	}
	lock, err := lockDatabase(path)
	if errors.Is(err, errRunning) {
		return nil, fmt.Errorf("another SaqBol runs on the database %s: stop it first, or name another one in --to", path)
	}
	return lock, err
}

// tell says what was done, and what the operator is to do now.
func (c migrateCommand) tell(out io.Writer, done storage.Moved) {
	switch {
	case done.Before:
		fmt.Fprintln(out, "It was moved before; this is what is there now.")
	case c.Prepare:
		fmt.Fprintln(out, "The copy is as the database was a moment ago. When people may do without reporting for a moment, run this without --prepare.")
		return
	default:
		fmt.Fprintf(out, "Moved: every row was compared, and these sums are the same in both. Nothing can be saved in the old one any more; until now that took %s.\n", done.Closed.Round(time.Millisecond))
	}
	for _, size := range done.Tables {
		fmt.Fprintf(out, "  %-16s %d\n", size.Table, size.Rows)
	}
	for _, sum := range done.Sums {
		fmt.Fprintf(out, "  %s: %d\n", sum.Name, sum.N)
	}
	fmt.Fprintln(out, "Now set DATABASE_URL to the new database and restart the bot: until then people can check numbers, and can't report. To go on with the old one instead: saqbol migrate --reopen and its URL.")
}
