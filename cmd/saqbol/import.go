package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"saqbol/fraud"
	"saqbol/lists"
	"saqbol/recognize"
	"saqbol/storage"
	"saqbol/storage/seal"
)

type importCommand struct {
	File     string
	Source   string
	Replace  bool
	Strict   bool
	Errors   string
	Undo     bool
	Official string
}

func newImportCommand(s *surroundings) *cobra.Command {
	var c importCommand
	cmd := &cobra.Command{
		Use:   "import [<file>]",
		Short: "Load a list of reported subjects (CSV), beside the running bot too.",
		Long:  "<file> is the list: CSV in UTF-8 with a heading; the column value, and where there are such kind, scenario, reporters, last.",
		Args: func(cmd *cobra.Command, words []string) error {
			if len(words) > 0 {
				c.File, words = words[0], words[1:]
			}
			return noArguments(cmd, words)
		},
		RunE: func(*cobra.Command, []string) error { return c.Run(s) },
	}
	flags := cmd.Flags()
	flags.StringVar(&c.Source, "source", "", "What to call the list (`NAME`); the file's name without it. Another file under the same name brings the list up to date: what it says of a subject replaces what the list said of that one; what it does not have stays (but see --replace).")
	flags.BoolVar(&c.Replace, "replace", false, "Take out what the list has from before and this file does not have.")
	flags.BoolVar(&c.Strict, "strict", false, "Load nothing if a line can't be used.")
	flags.StringVar(&c.Errors, "errors", "", "Write all lines that can't be used, by number and reason, into this `FILE`: a new one, or one of an earlier import.")
	flags.BoolVar(&c.Undo, "undo", false, "Take the whole list out again.")
	flags.StringVar(&c.Official, "official", "", "CSV `FILE` of official numbers instead of those compiled in; they are refused in a list.")
	return cmd
}

// maxSource is how long a list's name may be.
const maxSource = 100

// Run loads a list, or takes one out.
func (c importCommand) Run(s *surroundings) error {
	name, err := c.name()
	if err != nil {
		return err
	}
	cfg, err := readStoreConfig(s.env)
	if err != nil {
		return err
	}
	if c.Undo {
		return c.undo(s, cfg, name)
	}
	if err := mayHoldErrors(c.Errors); err != nil {
		return err
	}
	keys, keep, err := cfg.keysAtLast(s.ctx, slog.New(slog.NewTextHandler(s.stderr, nil)))
	if err != nil {
		return err
	}
	list, err := c.read(s, keys)
	if err != nil {
		return c.early(err)
	}
	if err := c.tell(s, list); err != nil {
		return err
	}
	if err := keep(); err != nil {
		return err
	}
	path, missing := noFile(cfg)
	store, err := openBeside(s, cfg, keys)
	if err != nil {
		return c.early(err)
	}
	if missing {
		fmt.Fprintf(s.stdout, "There was no database here: %s is new. If the bot runs with another one, set DATABASE_URL, or import in the folder in which `saqbol run` is started.\n", path)
	}
	return errors.Join(c.load(s, store, name, keys, list), store.Close())
}

// name is what the list is called.
func (c importCommand) name() (string, error) {
	if c.File == "" && (c.Source == "" || !c.Undo) {
		return "", fmt.Errorf("%w: name the file to import (to take a list out: --undo --source NAME)", errUsage)
	}
	if c.Undo && (c.Replace || c.Strict || c.Errors != "" || c.Official != "") {
		return "", fmt.Errorf("%w: --undo goes with --source or the file's name only", errUsage)
	}
	if info, err := os.Stat(c.File); err == nil && info.IsDir() && !c.Undo { // "." has no name to go by
		return "", fmt.Errorf("%s is a folder: name a list in it", c.File)
	}
	name := c.Source
	if name == "" {
		name = strings.TrimSuffix(filepath.Base(c.File), filepath.Ext(c.File))
	}
	if name == "" || len(name) > maxSource || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", fmt.Errorf("%w: --source takes a name of at most %d bytes, without control characters", errUsage, maxSource)
	}
	return name, nil
}

// read reads the file.
func (c importCommand) read(s *surroundings, keys *seal.Keys) (list lists.List, err error) {
	file, err := os.Open(c.File)
	if err != nil {
		return list, fmt.Errorf("%s can't be read: %w", c.File, cause(err))
	}
	defer func() { _ = file.Close() }() // read only
	info, err := file.Stat()
	if err != nil {
		return list, fmt.Errorf("%s can't be read: %w", c.File, cause(err))
	}
	recogniser, err := recognize.New()
	if err != nil {
		return list, err
	}
	official, err := readOfficial(c.Official)
	if err != nil {
		return list, err
	}
	tokens := keys.Tokens()
	shown := newBar(s.stderr, "reading", time.Now)
	defer shown.end()
	list, err = lists.Read(s.ctx, file, lists.Options{Find: recogniser.Find, Official: official, Now: time.Now(), Progress: func(n int64) { shown.bytes(n, info.Size()) },
		Key: func(subject fraud.Subject) fraud.Key { return tokens.Identify(subject).Key }})
	if err != nil {
		return list, fmt.Errorf("%s: %w", c.File, err)
	}
	return list, nil
}

// shownBad is how many bad lines are shown.
const shownBad = 20

// tell says what of the file can't be used, and ends the command where nothing is to
// be loaded.
func (c importCommand) tell(s *surroundings, list lists.List) error {
	if len(list.Unused) > 0 {
		fmt.Fprintf(s.stdout, "Columns that are not read: %s.\n", visible(strings.Join(list.Unused, ", ")))
	}
	if c.Errors != "" {
		if err := writeBad(c.Errors, list.Bad); err != nil {
			return err
		}
	}
	if len(list.Bad) > 0 {
		fmt.Fprintf(s.stdout, "%d of %s can't be used:\n", len(list.Bad), counted(list.Lines, "line", "lines"))
		for _, bad := range list.Bad[:min(shownBad, len(list.Bad))] {
			fmt.Fprintf(s.stdout, "  line %d: %s\n", bad.Line, bad.Reason)
		}
		if more := len(list.Bad) - shownBad; more > 0 && c.Errors != "" {
			fmt.Fprintf(s.stdout, "  and %d more: see %s\n", more, c.Errors)
		} else if more > 0 {
			fmt.Fprintf(s.stdout, "  and %d more: --errors FILE lists them all\n", more)
		}
	}
	switch {
	case len(list.Subjects) == 0:
		return fmt.Errorf("%s holds no line that can be used: nothing was loaded", c.File)
	case c.Strict && len(list.Bad) > 0:
		return fmt.Errorf("nothing was loaded, because of what can't be used (%s): mend that, or leave --strict out", counted(len(list.Bad), "line", "lines"))
	}
	return nil
}

// badHeading is the first line of a file of lines that can't be used.
const badHeading = "line,reason\n"

// mayHoldErrors refuses a name for --errors at which something else stands: it may
// be the key, or another list. Only such a file of an earlier run is overwritten.
func mayHoldErrors(path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Lstat(path) // a link may lead to anything
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("--errors: %s can't be written (%w): name another file", path, cause(err))
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: --errors: %s is no ordinary file: name another", errUsage, path)
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("--errors: %s is there and can't be read (%w): name another file", path, cause(err))
	}
	defer func() { _ = file.Close() }() // read only
	head := make([]byte, len(badHeading))
	if _, err := io.ReadFull(file, head); err != nil || string(head) != badHeading {
		return fmt.Errorf("%w: --errors: %s is there and is not from an earlier import: name another file", errUsage, path)
	}
	return nil
}

// writeBad writes the lines that can't be used, as CSV.
func writeBad(path string, bad []lists.Bad) error {
	var out strings.Builder
	out.WriteString(badHeading)
	for _, b := range bad {
		fmt.Fprintf(&out, "%d,%q\n", b.Line, b.Reason.String())
	}
	if err := os.WriteFile(path, []byte(out.String()), 0o600); err != nil {
		return fmt.Errorf("--errors: %w", err)
	}
	return nil
}

func (c importCommand) load(s *surroundings, store *storage.Store, name string, keys *seal.Keys, list lists.List) error {
	file := hex.EncodeToString(list.Sum[:])
	if c.Replace {
		file += " replace" // what an import that broke off has still to do differs
	}
	shown := newBar(s.stderr, "loading", time.Now)
	did, err := store.Import(s.ctx, storage.Import{Name: name, File: keys.Index("import", file), Replace: c.Replace, Progress: shown.rows}, list.Subjects)
	shown.end()
	if err != nil {
		return c.broken(name, err)
	}
	if did.Before > 0 {
		fmt.Fprintf(s.stdout, "Went on behind what was loaded before: %s.\n", counted(did.Before, "subject", "subjects"))
	}
	fmt.Fprintf(s.stdout, "The list %q is loaded, and on the disk: %s new or changed, %d as they were, %d taken out.\n",
		name, counted(did.Stored, "subject", "subjects"), did.Same, did.Removed)
	if list.Merged > 0 {
		fmt.Fprintf(s.stdout, "Lines about a subject that another line is about: %d.\n", list.Merged)
	}
	return nil
}

// early says what is left behind by an import that was stopped before it had begun.
func (c importCommand) early(err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("nothing of this file was loaded (%w)", err)
	}
	return err
}

// broken says how an import goes on that broke off.
func (c importCommand) broken(name string, err error) error {
	if errors.Is(err, storage.ErrHalf) || errors.Is(err, storage.ErrHalfOut) || errors.Is(err, storage.ErrListBusy) {
		return err
	}
	return fmt.Errorf("the list %q is loaded by half: run the same command again and it goes on, or take the list out with --undo (%w)", name, err)
}

func (c importCommand) undo(s *surroundings, cfg config, name string) error {
	if err := cfg.databaseThere(); err != nil {
		return err
	}
	keys, err := cfg.keysThere()
	if err != nil {
		return err
	}
	store, err := openBeside(s, cfg, keys, storage.MustExist())
	if err != nil {
		return err
	}
	shown := newBar(s.stderr, "taking out", time.Now)
	did, err := store.Unlist(s.ctx, name, shown.rows)
	shown.end()
	switch {
	case errors.Is(err, storage.ErrNoList):
		err = fmt.Errorf("there is no list %q: `saqbol doctor` names those there are", name)
	case err != nil:
		err = fmt.Errorf("the list %q is taken out by half: run the same command again (%w)", name, err)
	default:
		fmt.Fprintf(s.stdout, "The list %q is taken out: %s. What people reported stays.\n", name, counted(did.Removed, "subject", "subjects"))
	}
	return errors.Join(err, store.Close())
}

// openBeside opens the database, which a bot may be using. An import is right
// whoever else writes: each of its transactions reads what it changes (adr/0009).
func openBeside(s *surroundings, cfg config, keys *seal.Keys, more ...storage.Option) (*storage.Store, error) {
	return storage.Open(s.ctx, cfg.databaseURL, keys, append(more, storage.WithoutLease())...)
}
