package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"saqbol/storage"
)

type migrateCommand struct {
	From    string `help:"Where the data are: sqlite: and a path, or postgres://…" placeholder:"URL"`
	To      string `help:"An empty database, or one to which this move was begun." placeholder:"URL"`
	Prepare bool   `help:"Only copy, beside the running bot; what is left for the move itself is short then."`
	Reopen  string `help:"Let a database go on that was moved away, instead of the one it was moved to." placeholder:"URL"`
}

// Run moves a database to another, or takes that back.
func (c migrateCommand) Run(s *surroundings) error {
	if (c.Reopen == "") == (c.From == "" || c.To == "") || c.Reopen != "" && (c.From != "" || c.To != "") {
		return fmt.Errorf("%w: name both --from and --to, or only --reopen", errUsage)
	}
	cfg, err := readConfig(s.env)
	if err != nil {
		return err
	}
	keys, err := cfg.keysThere()
	if err != nil {
		return err
	}
	if c.Reopen != "" {
		if err := storage.Reopen(s.ctx, c.Reopen, keys); err != nil {
			return err
		}
		fmt.Fprintln(s.stdout, "It takes reports again. What was stored since in the database it was moved to is not in it.")
		return nil
	}
	if path, isFile := sqlitePath(c.To); isFile {
		lock, err := lockDatabase(path)
		if err != nil {
			return err
		}
		if lock != nil {
			defer func() { _ = lock.Close() }() // the next instance may come
		}
	}
	bar := &rowsBar{out: s.stderr}
	done, err := storage.Move(s.ctx, c.From, c.To, keys, storage.MoveOptions{Prepare: c.Prepare, Progress: bar.shown, Stage: bar.stage})
	bar.end()
	if err != nil {
		return err
	}
	c.tell(s.stdout, done)
	return nil
}

// tell says what was done, and what the operator is to do now.
func (c migrateCommand) tell(out io.Writer, done storage.Moved) {
	if c.Prepare && !done.Before {
		fmt.Fprintln(out, "The copy is as the database was a moment ago. Run the same command without --prepare when people may do without reporting for a moment.")
		return
	}
	if done.Before {
		fmt.Fprintln(out, "It was moved before; this is what is there now.")
	} else {
		fmt.Fprintf(out, "Moved, and the same in both: every row was compared, and so were these sums. For %s nothing could be saved.\n", done.Closed.Round(time.Millisecond))
	}
	for _, size := range done.Tables {
		fmt.Fprintf(out, "  %-40s %d\n", size.Table, size.Rows)
	}
	for _, sum := range done.Sums {
		fmt.Fprintf(out, "  %-40s %d\n", sum.Name, sum.N)
	}
	fmt.Fprintln(out, "Now set DATABASE_URL to the new database and restart the bot: until then people can check numbers, and can't report. To go on with the old one instead: saqbol migrate --reopen and its URL.")
}

// rowsBar shows on a terminal how many rows are done, how fast, and how long the
// rest takes; elsewhere only what is being done.
type rowsBar struct {
	out   io.Writer
	doing string
	bar   *progressbar.ProgressBar
}

func (b *rowsBar) stage(doing string) {
	b.end()
	b.doing = doing
	if file, ok := b.out.(*os.File); !ok || !term.IsTerminal(int(file.Fd())) {
		fmt.Fprintln(b.out, doing)
	}
}

func (b *rowsBar) shown(done, total int64) {
	file, ok := b.out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return
	}
	if b.bar == nil || done < b.bar.State().CurrentNum { // the next pass
		b.end()
		b.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(file), progressbar.OptionSetDescription(b.doing),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows"),
			progressbar.OptionThrottle(progressEvery), progressbar.OptionClearOnFinish())
	}
	_ = b.bar.Set64(min(done, total)) // a bar that can't be drawn is none of the move's business
}

func (b *rowsBar) end() {
	if b.bar != nil {
		_ = b.bar.Clear() // as above
		b.bar = nil
	}
}
