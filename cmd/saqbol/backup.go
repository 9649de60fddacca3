package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"saqbol/storage"
)

type backupCommand struct {
	File  string
	Force bool
}

func newBackupCommand(s *surroundings) *cobra.Command {
	var c backupCommand
	cmd := &cobra.Command{
		Use:   "backup <file>",
		Short: "Copy the database into a file, beside the running bot too.",
		Long:  "<file> is the file to write.",
		Args:  oneFile(&c.File),
		RunE:  func(*cobra.Command, []string) error { return c.Run(s) },
	}
	cmd.Flags().BoolVar(&c.Force, "force", false, "Replace it if it is an earlier backup; nothing else is ever replaced.")
	return cmd
}

// Run copies the database, beside a running bot or without one.
func (c backupCommand) Run(s *surroundings) error {
	if c.File == "" {
		return fmt.Errorf("%w: name the file to write", errUsage)
	}
	cfg, err := readStoreConfig(s.env)
	if err != nil {
		return err
	}
	if err := cfg.databaseThere(); err != nil {
		return err
	}
	keys, err := cfg.keysThere()
	if err != nil {
		return err
	}
	shown, end := progress(s.stderr, "copying")
	made, err := storage.BackupDatabase(s.ctx, cfg.databaseURL, keys, c.File, storage.BackupOptions{Force: c.Force, Progress: shown})
	end()
	if err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "%s holds the database as it was at %s.\n", c.File, moment(made.Taken))
	describe(s.stdout, made)
	fmt.Fprintln(s.stdout, "It opens only with the key set: keep a copy of that apart from it.")
	return nil
}

// describe writes what a backup holds; `backup` and `restore` write the same of
// the same file.
func describe(out io.Writer, b storage.Backup) {
	fmt.Fprintf(out, "%.1f MB, schema %d. Rows:\n", float64(b.Size)/1e6, b.Schema)
	for _, size := range b.Tables {
		fmt.Fprintf(out, "  %-16s %d\n", size.Table, size.Rows)
	}
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// progressEvery is how often progress is shown.
const progressEvery = 100 * time.Millisecond

// progress shows on a terminal how far something has come; elsewhere nothing. end
// takes the line away.
func progress(w io.Writer, doing string) (shown func(done, total int), end func()) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil, func() {}
	}
	var last time.Time
	shown = func(done, total int) {
		if now := time.Now(); total > 0 && now.Sub(last) >= progressEvery {
			last = now
			fmt.Fprintf(file, "\r%s: %d%%", doing, done*100/total)
			if done == total {
				fmt.Fprint(file, "; checking")
			}
		}
	}
	return shown, func() { fmt.Fprint(file, "\r\x1b[K") }
}
