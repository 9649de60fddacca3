package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"saqbol/storage"
)

type restoreCommand struct {
	File     string
	Force    bool
	Unsealed bool
	Silent   bool
}

func newRestoreCommand(s *surroundings) *cobra.Command {
	var c restoreCommand
	cmd := &cobra.Command{
		Use:   "restore <file>",
		Short: "Put such a copy in the database's place; the bot must be stopped.",
		Long:  "<file> is a file that saqbol backup made.",
		Args:  oneFile(&c.File),
		RunE:  func(*cobra.Command, []string) error { return c.Run(s) },
	}
	cmd.Flags().BoolVar(&c.Force, "force", false, "Move the database that is there aside, and say where.")
	cmd.Flags().BoolVar(&c.Unsealed, "unsealed", false, "Take a file without a seal: a copy made by hand, or by Litestream. It is checked all the same, but nobody vouches for it.")
	cmd.Flags().BoolVar(&c.Silent, "silent", false, "Send nothing of what the backup says is still to be sent.")
	return cmd
}

// Run puts a backup in the database's place. No bot may run on it.
func (c restoreCommand) Run(s *surroundings) error {
	if c.File == "" {
		return fmt.Errorf("%w: name the file to restore", errUsage)
	}
	cfg, err := readStoreConfig(s.env)
	if err != nil {
		return err
	}
	keys, err := cfg.keysThere()
	if err != nil {
		return err
	}
	o := storage.RestoreOptions{Force: c.Force, Unsealed: c.Unsealed, Silent: c.Silent}
	if err := storage.FitToRestore(s.ctx, c.File, keys, o); err != nil { // nobody stops a bot for a file that is of no use
		return err
	}
	path, isFile := sqlitePath(cfg.databaseURL)
	if isFile {
		lock, err := unused(s, cfg, path)
		if err != nil {
			return err
		}
		defer func() { _ = lock.Close() }() // the next instance may come; a nil lock is closed
	}
	done, err := storage.Restore(s.ctx, cfg.databaseURL, keys, c.File, o)
	if err != nil {
		return err
	}
	if !isFile {
		path = "The server's database"
	}
	fmt.Fprintf(s.stdout, "%s is back as it was at %s.\n", path, moment(done.Taken))
	describe(s.stdout, done.Backup)
	fmt.Fprintf(s.stdout, "Messages that will be sent at the next start: %d. Not sent again, because they were on their way or are too old: %d.\n", done.Waiting, done.Dropped)
	if done.Aside != "" {
		fmt.Fprintf(s.stdout, "The former database is %s.\n", done.Aside)
	}
	fmt.Fprintln(s.stdout, "What people had erased since then may be back: see docs/operations.md, \"After a restore\".")
	return nil
}

// unused takes the lock on a file, nil where there can be none, and sees that no
// instance elsewhere serves people with it.
func unused(s *surroundings, cfg config, path string) (*os.File, error) {
	lock, err := lockDatabase(path)
	if err != nil {
		return nil, err
	}
	who := claim(slog.New(slog.DiscardHandler), lock != nil)
	who.Waiting = func(holder string) {
		fmt.Fprintf(s.stderr, "looking for 20 s whether %s is alive, which served people with this database\n", holder)
	}
	if err := storage.Unserved(s.ctx, cfg.databaseURL, who); err != nil {
		if lock != nil {
			err = errors.Join(err, lock.Close())
		}
		return nil, err
	}
	return lock, nil
}

// finishRestore ends a restore that was cut off. The caller has the lock.
func finishRestore(database string, log *slog.Logger) error {
	aside, err := storage.FinishRestore(database)
	if err == nil && aside != "" {
		log.Warn("a restore that was cut off is finished", "former database", aside)
	}
	return err
}
