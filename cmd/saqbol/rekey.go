package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"saqbol/storage"
	"saqbol/storage/seal"
)

type rekeyCommand struct {
	Retire       bool
	LeaveDamaged bool
	Compact      bool
	Patience     time.Duration
}

func newRekeyCommand(s *surroundings) *cobra.Command {
	var c rekeyCommand
	cmd := &cobra.Command{
		Use:   "rekey",
		Short: "Rotate the keys of the database, beside the running bot too; then take the old ones out (--retire).",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return c.Run(s) },
	}
	cmd.Flags().BoolVar(&c.Retire, "retire", false, "Second step: take the old keys out of the key file and keep them aside.")
	cmd.Flags().BoolVar(&c.LeaveDamaged, "leave-damaged", false, "With --retire: go on although some values can't be opened with any key.")
	cmd.Flags().BoolVar(&c.Compact, "compact", false, "Write the database anew, without remnants of old values. The bot must be stopped.")
	cmd.Flags().DurationVar(&c.Patience, "patience", time.Minute, "How long to wait (`DURATION`) until the running bot has taken up the new key.")
	return cmd
}

// rekeying is one run of the command. A run may be cut off at any moment; the next
// one finds out from the key file and the database how far it came.
type rekeying struct {
	out   io.Writer
	path  string // of the key file
	many  bool   // replicas may serve people, each with a key file of its own
	store *storage.Store
	now   func() time.Time
}

// minPatience is the shortest wait for the running bot: less could not be kept, and
// would be noticed only when the file has its new key.
const minPatience = time.Second

// check refuses flags that would do nothing, before anything is touched.
func (c rekeyCommand) check() error {
	switch {
	case c.Patience < minPatience:
		return fmt.Errorf("%w: --patience takes a second or more, such as 90s or 5m", errUsage)
	case c.Compact && (c.Retire || c.LeaveDamaged):
		return fmt.Errorf("%w: --compact goes alone: run saqbol rekey --retire and saqbol rekey --compact one after the other", errUsage)
	case c.LeaveDamaged && !c.Retire:
		return fmt.Errorf("%w: --leave-damaged goes with --retire only", errUsage)
	}
	return nil
}

// Run rotates the keys, or takes the old ones out of the key file.
func (c rekeyCommand) Run(s *surroundings) error {
	if err := c.check(); err != nil {
		return err
	}
	cfg, err := readStoreConfig(s.env, "LOG_LEVEL")
	if err != nil {
		return err
	}
	path, err := cfg.rekeyFile()
	if err != nil {
		return err
	}
	lock, err := lockFolder(path)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }() // nothing was written
	keys, err := readKeyFile(path)
	if err != nil {
		return err
	}
	if c.Compact {
		return compact(s, cfg, keys)
	}
	store, err := storage.Open(s.ctx, cfg.databaseURL, keys, storage.WithoutLease(), storage.MustExist())
	if err != nil {
		return err
	}
	_, isFile := sqlitePath(cfg.databaseURL)
	r := &rekeying{out: s.stdout, path: path, many: !isFile, store: store, now: time.Now}
	if c.Retire {
		err = r.retire(s.ctx, c.LeaveDamaged)
	} else {
		err = r.rotate(s.ctx, c.Patience)
	}
	return errors.Join(err, store.Close())
}

// rekeyFile is the key file, if the keys come from one and the database is there.
func (c config) rekeyFile() (string, error) {
	if c.keyPath == "" {
		return "", errors.New("SAQBOL_KEY is given directly, and a running program's environment can't be changed: write its value into a file (chmod 600), set SAQBOL_KEY_FILE to it instead of SAQBOL_KEY, restart the bot, then run this again")
	}
	if _, err := os.Stat(c.keyPath); err != nil {
		return "", fmt.Errorf("the key file %s can't be read (%w): run this in the bot's folder and with its environment", c.keyPath, cause(err))
	}
	if path, isFile := sqlitePath(c.databaseURL); isFile {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("there is no database at %s (%w): run this in the bot's folder and with its environment", path, cause(err))
		}
	}
	return c.keyPath, nil
}

// rotate goes from one step to the next until no value is under an old key.
func (r *rekeying) rotate(ctx context.Context, patience time.Duration) error {
	keys, err := readKeyFile(r.path) // the store's own copy follows the database
	if err != nil {
		return err
	}
	state, err := r.state(ctx, keys)
	if err != nil {
		return err
	}
	if state.Alone && !keys.Pending() {
		if keys.Spare() > 0 {
			r.say("The keys are rotated, nothing is under an old one. Next: saqbol rekey --retire")
			return nil
		}
		if keys, err = r.begin(keys); err != nil {
			return err
		}
		if r.many { // which of them know it, the database does not say
			r.say("Now put the file in place for every replica. Each takes it up within seconds (a service that reads a copy, when it is restarted) and says so in its log. Then run this again: it goes on from here. A replica that lacks the key then could store nothing.")
			return nil
		}
	} else {
		r.say("Going on where an earlier run was cut off, or where an older backup was restored.")
	}
	if err := r.choose(ctx, keys, patience); err != nil {
		return err
	}
	if keys.Pending() {
		if keys, err = keys.Promote(); err != nil {
			return err
		}
		if err := seal.Replace(r.path, keys); err != nil {
			return err
		}
	}
	return r.sealAnew(ctx)
}

// state asks the database how far a rotation to the file's newest key has come.
func (r *rekeying) state(ctx context.Context, keys *seal.Keys) (storage.Rekeyed, error) {
	promoted, err := keys.Promote()
	if err != nil {
		return storage.Rekeyed{}, err
	}
	return r.store.Rekeyed(ctx, promoted)
}

// begin puts a new key into the file, which seals nothing yet.
func (r *rekeying) begin(keys *seal.Keys) (*seal.Keys, error) {
	next, err := keys.Add()
	if err != nil {
		return nil, err
	}
	if err := seal.Replace(r.path, next); err != nil {
		return nil, err
	}
	r.say("%s holds a new key now. It seals nothing yet. Copy the file to where you keep its copy.", r.path)
	return next, nil
}

// choose makes the new key the one that seals, once the running bot knows it.
func (r *rekeying) choose(ctx context.Context, keys *seal.Keys, patience time.Duration) error {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := r.store.SealUnder(waiting, keys, func() {
		r.say("Waiting until the running bot has taken up the new key… (One that reads a copy of the file, as with LoadCredential of systemd, takes it up when it is restarted: do that now.)")
	})
	if errors.Is(err, storage.ErrKeyUnknown) {
		return fmt.Errorf("the running bot did not take up the new key in %s; nothing was sealed under it: if the bot reads a copy of %s, as with LoadCredential of systemd, restart it; else see in its log what it makes of the file (a key given directly in SAQBOL_KEY can't change while it runs). Then run this again", patience, r.path)
	}
	if err != nil {
		return fmt.Errorf("%w: nothing is lost, run this again to go on", err)
	}
	r.say("Everything that is stored from now on is sealed under the new key.")
	return nil
}

// sealAnew moves everything to the new key and looks whether that is so.
func (r *rekeying) sealAnew(ctx context.Context) error {
	if _, err := r.store.Reseal(ctx, func(column string, anew int) {
		if anew > 0 {
			r.say("%s: %d sealed anew", column, anew)
		}
	}); err != nil {
		return fmt.Errorf("%w: nothing is lost, run this again to go on", err)
	}
	found, err := r.store.FinishRekey(ctx)
	if err != nil {
		return fmt.Errorf("%w: nothing is lost, run this again to go on", err)
	}
	if found.Outdated > 0 {
		return fmt.Errorf("%d values are still under an old key (%s): run this again", found.Outdated, strings.Join(found.Columns, ", "))
	}
	if found.Unreadable > 0 {
		r.say("%d of %d values are under the new key and open.", found.Values-found.Unreadable, found.Values)
		return unreadable(found)
	}
	r.say("All %d values are under the new key and open.", found.Values)
	if err := r.remnants(ctx); err != nil {
		return err
	}
	r.say("%s holds the old key too: backups made until now need it. Make a backup, then take it out with: saqbol rekey --retire", r.path)
	return nil
}

func unreadable(found storage.Sealed) error {
	return fmt.Errorf("%d values can't be opened with any key (%s): they were damaged before and are as they were; saqbol doctor tells more, a backup may have them whole", found.Unreadable, strings.Join(found.Columns, ", "))
}

// remnants tells of what no query finds.
func (r *rekeying) remnants(ctx context.Context) error {
	found, err := r.store.Remnants(ctx)
	if err != nil {
		return err
	}
	if found > 0 {
		r.say("%d remnants of values under the old key stand in parts of the file that nothing uses. If somebody may have that key, remove them when the bot may be stopped for a moment: saqbol rekey --compact", found)
	}
	return nil
}

// compact writes the database anew. It holds the place of the bot meanwhile.
func compact(s *surroundings, cfg config, keys *seal.Keys) error {
	log := newLogger(s.stderr, cfg.logLevel, cfg.logFormat)
	path, isFile := sqlitePath(cfg.databaseURL)
	if !isFile {
		return errors.New("--compact is for SQLite files: PostgreSQL overwrites what is deleted when it vacuums; to have it done at once: VACUUM FULL")
	}
	lock, err := lockDatabase(path)
	if err != nil {
		return err
	}
	if lock != nil {
		defer func() { _ = lock.Close() }() // nothing was written
	}
	store, err := storage.Open(s.ctx, cfg.databaseURL, keys, storage.WithInstance(claim(log, lock != nil)))
	if err != nil {
		return err
	}
	err = store.Compact(s.ctx)
	if err == nil {
		fmt.Fprintln(s.stdout, "The database is written anew; nothing but what is stored stands in it. Start the bot again.")
	}
	return errors.Join(err, store.Close())
}

// retire takes the old keys out of the file, once nothing is under them.
func (r *rekeying) retire(ctx context.Context, leaveDamaged bool) error {
	keys, err := readKeyFile(r.path)
	if err != nil {
		return err
	}
	state, err := r.state(ctx, keys)
	if err != nil {
		return err
	}
	if keys.Pending() || !state.Alone {
		return errors.New("the rotation is not finished, the old key is still needed: run saqbol rekey first")
	}
	if keys.Spare() == 0 {
		r.say("%s holds no old key.", r.path)
		return nil
	}
	found, err := r.store.Inspect(ctx)
	if err != nil {
		return err
	}
	if found.Outdated > 0 {
		return fmt.Errorf("%d values are under an old key (%s): run saqbol rekey first", found.Outdated, strings.Join(found.Columns, ", "))
	}
	if found.Unreadable > 0 && !leaveDamaged {
		return fmt.Errorf("%w; to retire the old key all the same: saqbol rekey --retire --leave-damaged", unreadable(found))
	}
	aside, err := r.keepAside(keys)
	if err != nil {
		return err
	}
	alone, err := keys.Retire()
	if err != nil {
		return err
	}
	if err := seal.Replace(r.path, alone); err != nil {
		return err
	}
	r.say("%s holds only the new key now.", r.path)
	r.say("Backups made before %s open only with %s: move it to where those backups' keys are, away from this machine and from the backups, and delete it with the last of them.", state.Finished.Local().Format("2006-01-02 15:04:05"), aside)
	r.say("Buttons under answers from before the rotation say that they are out of date; sending the number again gives new ones.")
	return nil
}

// keepAside writes the set with all keys to a file of its own, and gives its name.
func (r *rekeying) keepAside(keys *seal.Keys) (string, error) {
	name := r.path + "." + r.now().Format("2006-01-02")
	for n := 2; ; n++ {
		err := seal.KeepAside(r.path, name, keys)
		if !errors.Is(err, fs.ErrExist) {
			return name, err
		}
		name = fmt.Sprintf("%s.%s-%d", r.path, r.now().Format("2006-01-02"), n)
	}
}

func (r *rekeying) say(format string, args ...any) { fmt.Fprintf(r.out, format+"\n", args...) }
