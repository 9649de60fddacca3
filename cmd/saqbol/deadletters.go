package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"saqbol/fraud"
	"saqbol/storage"
)

// newDeadlettersCommand looks after the updates that could not be handled. It works
// beside a running bot: that one handles anew what is marked here.
func newDeadlettersCommand(s *surroundings) *cobra.Command {
	cmd := newListLetters(s) // what it does without a command
	cmd.Use, cmd.Short = "deadletters [command]", "List the updates that could not be handled, have them handled anew, or forget them."
	cmd.AddCommand(newListLetters(s), newReplayLetters(s), newDropLetters(s))
	return cmd
}

// letterBox is what the command needs of the store.
type letterBox interface {
	DeadLetters(ctx context.Context, before int64, limit int) ([]fraud.DeadLetter, error)
	Letter(ctx context.Context, id int64) (fraud.DeadLetter, error)
	ReplayLetter(ctx context.Context, id int64) error
	DropLetter(ctx context.Context, id int64) error
}

// lettersPage is how many letters are read at once.
const lettersPage = 200

type listLetters struct {
	JSON bool
	Show int64
}

func newListLetters(s *surroundings) *cobra.Command {
	var c listLetters
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the updates that could not be handled, newest first (also without a command).",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("show") && c.Show <= 0 {
				return fmt.Errorf("%w: --show takes the id of a dead letter", errUsage)
			}
			return c.Run(s)
		},
	}
	cmd.Flags().BoolVar(&c.JSON, "json", false, "As JSON.")
	cmd.Flags().Int64Var(&c.Show, "show", 0, "Show the one with this `ID`, with what is kept of the update. That is personal: mind who looks.")
	return cmd
}

// Run lists the letters, or shows one.
func (c listLetters) Run(s *surroundings) error {
	return withLetters(s, func(store *storage.Store) error {
		if c.Show != 0 {
			return showLetter(s.ctx, s.stdout, store, c.Show, c.JSON)
		}
		if c.JSON {
			return listLettersJSON(s.ctx, s.stdout, store)
		}
		return listLettersTable(s.ctx, s.stdout, store)
	})
}

// chosen is which letters a command is about: some, or all.
type chosen struct {
	IDs  []int64
	All  bool
	JSON bool
}

// choose has a command take ids, or --all.
func (c *chosen) choose(cmd *cobra.Command) *cobra.Command {
	cmd.Use += " [<id> ...]"
	cmd.Long = "<id> is an id as the list shows it."
	cmd.Args = func(_ *cobra.Command, words []string) error {
		for _, word := range words {
			id, err := strconv.ParseInt(word, 0, 64) // as pflag reads --show
			if err != nil {
				return fmt.Errorf("%q is no id of a dead letter", word)
			}
			c.IDs = append(c.IDs, id)
		}
		return nil
	}
	cmd.Flags().BoolVar(&c.All, "all", false, "All of them.")
	cmd.Flags().BoolVar(&c.JSON, "json", false, "Say what was done as JSON.")
	return cmd
}

func (c chosen) check() error {
	if c.All == (len(c.IDs) > 0) {
		return fmt.Errorf("%w: name ids, or --all", errUsage)
	}
	for _, id := range c.IDs {
		if id <= 0 {
			return fmt.Errorf("%w: %d is no id of a dead letter", errUsage, id)
		}
	}
	return nil
}

// each does something to each letter that is named and returns how many there were.
func (c chosen) each(ctx context.Context, do func(context.Context, int64) error) (int, error) {
	for n, id := range c.IDs {
		if err := do(ctx, id); errors.Is(err, fraud.ErrNoLetter) {
			return n, noLetter(id)
		} else if err != nil {
			return n, err
		}
	}
	return len(c.IDs), nil
}

type replayLetters struct{ chosen }

func newReplayLetters(s *surroundings) *cobra.Command {
	var c replayLetters
	return c.choose(&cobra.Command{
		Use:   "replay",
		Short: "Have such updates handled anew: by the bot that runs, within seconds, or at the next start.",
		RunE:  func(*cobra.Command, []string) error { return c.Run(s) },
	})
}

// Run marks letters to be handled anew.
func (c replayLetters) Run(s *surroundings) error {
	if err := c.check(); err != nil {
		return err
	}
	return withLetters(s, func(store *storage.Store) (err error) {
		var n int
		if c.All {
			n, err = store.ReplayLetters(s.ctx)
		} else {
			n, err = c.each(s.ctx, func(ctx context.Context, id int64) error { return replayLetter(ctx, store, id) })
		}
		if err != nil {
			return err
		}
		return c.done(s.stdout, n, "marked", "%s will be handled anew: by the bot that runs, within seconds, or at the next start. What fails again is listed with its new reason.\n")
	})
}

// replayLetter marks one letter, if there is something to handle.
func replayLetter(ctx context.Context, store letterBox, id int64) error {
	l, err := store.Letter(ctx, id)
	switch {
	case err != nil:
		return err
	case l.Broken:
		return fmt.Errorf("dead letter %d can't be opened: put back the key it was sealed with, or drop it", id)
	case l.Cut || len(l.Raw) == 0:
		return fmt.Errorf("dead letter %d can't be handled anew, the update is not kept whole: read it with --show %d, then drop it", id, id)
	}
	return store.ReplayLetter(ctx, id)
}

type dropLetters struct{ chosen }

func newDropLetters(s *surroundings) *cobra.Command {
	var c dropLetters
	return c.choose(&cobra.Command{
		Use:   "drop",
		Short: "Forget such updates.",
		RunE:  func(*cobra.Command, []string) error { return c.Run(s) },
	})
}

// Run forgets letters.
func (c dropLetters) Run(s *surroundings) error {
	if err := c.check(); err != nil {
		return err
	}
	return withLetters(s, func(store *storage.Store) (err error) {
		var n int
		if c.All {
			n, err = store.DropLetters(s.ctx)
		} else {
			n, err = c.each(s.ctx, store.DropLetter)
		}
		if err != nil {
			return err
		}
		return c.done(s.stdout, n, "dropped", "%s forgotten.\n")
	})
}

// done says what was done.
func (c chosen) done(out io.Writer, n int, what, text string) error {
	if c.JSON {
		return json.NewEncoder(out).Encode(map[string]int{what: n})
	}
	_, err := fmt.Fprintf(out, text, counted(n, "dead letter", "dead letters"))
	return err
}

func noLetter(id int64) error {
	return fmt.Errorf("there is no dead letter %d: `saqbol deadletters` lists those there are", id)
}

// withLetters opens the database that is there, beside the bot if one runs.
func withLetters(s *surroundings, do func(*storage.Store) error) error {
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
	// Marking and dropping letters is right whoever else writes: the bot takes a
	// letter away only together with its effect, and only while it is marked.
	store, err := storage.Open(s.ctx, cfg.databaseURL, keys, storage.WithoutLease(), storage.MustExist())
	if err != nil {
		return err
	}
	return errors.Join(do(store), store.Close())
}

// allLetters reads the letters page by page, newest first.
func allLetters(ctx context.Context, store letterBox, each func(fraud.DeadLetter) error) error {
	for before := int64(0); ; {
		page, err := store.DeadLetters(ctx, before, lettersPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, l := range page {
			if err := each(l); err != nil {
				return err
			}
			before = l.ID
		}
	}
}

const letterLine = "%6s  %12s  %-16s  %5s  %8s  %-10s  %s\n"

func listLettersTable(ctx context.Context, out io.Writer, store letterBox) error {
	n := 0
	err := allLetters(ctx, store, func(l fraud.DeadLetter) error {
		if n++; n == 1 {
			fmt.Fprintf(out, letterLine, "ID", "UPDATE", "WHEN (UTC)", "TRIES", "BYTES", "STATE", "REASON")
		}
		update := "-"
		if l.Update != 0 {
			update = fmt.Sprint(l.Update)
		}
		_, err := fmt.Fprintf(out, letterLine, fmt.Sprint(l.ID), update, l.At.UTC().Format("2006-01-02 15:04"), fmt.Sprint(l.Tries), fmt.Sprint(l.Size), stateOf(l), visible(l.Reason))
		return err
	})
	if err == nil && n == 0 {
		_, err = fmt.Fprintln(out, "There are no dead letters: every update could be handled.")
	}
	return err
}

// stateOf is a letter's state in a word; docs/operations.md says what to do.
func stateOf(l fraud.DeadLetter) string {
	switch {
	case l.Broken:
		return "unreadable"
	case l.Replay:
		return "marked"
	case l.Cut || len(l.Raw) == 0:
		return "partial"
	case l.Masked:
		return "masked"
	}
	return "kept"
}

// letterJSON is a letter as other programs read it.
type letterJSON struct {
	ID     int64     `json:"id"`
	Update int64     `json:"update_id,omitempty"`
	At     time.Time `json:"at"`
	Tries  int       `json:"tries"`
	Size   int       `json:"size"`
	State  string    `json:"state"`
	Reason string    `json:"reason,omitempty"`
	Raw    []byte    `json:"raw_base64,omitempty"`
}

func letterJSONOf(l fraud.DeadLetter) letterJSON {
	return letterJSON{ID: l.ID, Update: l.Update, At: l.At.UTC(), Tries: l.Tries, Size: l.Size, State: stateOf(l), Reason: l.Reason}
}

func listLettersJSON(ctx context.Context, out io.Writer, store letterBox) error {
	list := []letterJSON{}
	err := allLetters(ctx, store, func(l fraud.DeadLetter) error {
		list = append(list, letterJSONOf(l))
		return nil
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(list)
}

func showLetter(ctx context.Context, out io.Writer, store letterBox, id int64, asJSON bool) error {
	l, err := store.Letter(ctx, id)
	if errors.Is(err, fraud.ErrNoLetter) {
		return noLetter(id)
	}
	if err != nil {
		return err
	}
	if asJSON {
		shown := letterJSONOf(l)
		shown.Raw = l.Raw
		return json.NewEncoder(out).Encode(shown)
	}
	_, err = fmt.Fprintf(out, "id %d, update %d, %s UTC, failed again %s, %d bytes, %s\n%s\n\n%s\n",
		l.ID, l.Update, l.At.UTC().Format("2006-01-02 15:04:05"), counted(l.Tries, "time", "times"), l.Size, stateOf(l), visible(l.Reason), visible(string(l.Raw)))
	return err
}

// visible is a text that can't steer a terminal.
func visible(text string) string {
	var out strings.Builder
	for _, r := range strings.ToValidUTF8(text, "�") {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			out.WriteRune(r)
		} else {
			fmt.Fprintf(&out, "\\u%04x", r)
		}
	}
	return out.String()
}
