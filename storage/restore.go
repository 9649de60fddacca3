package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"saqbol/storage/seal"
)

// What Restore can find in the way.
var (
	ErrOccupied  = errors.New("there is a database already: stop SaqBol and move it aside with --force")
	ErrRestoring = errors.New("a restore of it is under way or was cut off: `saqbol run` or `saqbol restore` finishes it")
	ErrServed    = errors.New("a SaqBol on another machine serves people with it: stop that one first")
)

// RestoreOptions changes how a backup is brought back; the zero value will do.
type RestoreOptions struct {
	Force    bool // move an existing database aside
	Unsealed bool // take a file that bears no seal
	Silent   bool // send nothing of what the backup says is still to be sent
	Clock    func() time.Time

	step func(name string) error // tests stop here; nil goes on
}

// Restored is what a restore has done.
type Restored struct {
	Backup
	Aside   string // where the former database is now, "" = there was none
	Waiting int64  // answers and notices that will be sent
	Dropped int64  // those that will not, see settle
}

// Restore puts the database in file in the place that url names. The caller holds
// the lock that keeps instances off it. What is there before stays as it was, or
// what comes is there complete, whenever the process is killed; FinishRestore ends
// what was cut off.
func Restore(ctx context.Context, url string, keys *seal.Keys, file string, o RestoreOptions) (done Restored, err error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if onPostgres(url) {
		return restoreToServer(ctx, url, keys, file, o)
	}
	path, err := pathOf(url)
	if err != nil {
		return done, err
	}
	if _, err := FinishRestore(url); err != nil { // an earlier one, which got as far as that
		return done, err
	}
	if there(path) && !o.Force {
		return done, fmt.Errorf("the database %s: %w", path, ErrOccupied)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return done, fmt.Errorf("the database %s: %w (%w)", path, ErrFolder, err)
	}
	clearParts(path)
	part, err := newPart(path)
	if err != nil {
		return done, fmt.Errorf("the database %s: %w (%w)", path, ErrNotWritable, err)
	}
	defer func() {
		if err != nil {
			removeDatabase(part)
		}
	}()
	if done.Backup, err = fetch(ctx, file, part, keys, o); err != nil {
		return done, fmt.Errorf("the backup %s: %w", file, err)
	}
	if err = done.settle(ctx, part, o); err != nil {
		return done, fmt.Errorf("preparing the restored database: %w", err)
	}
	if err = o.at("settled"); err != nil {
		return done, err
	}
	if err = promise(path, part); err != nil {
		return done, err
	}
	done.Aside, err = finishRestore(path, o.at)
	return done, err
}

func (o RestoreOptions) at(step string) error {
	if o.step == nil {
		return nil
	}
	return o.step(step)
}

// there reports whether a database, or a piece of one, stands at path. A log
// without its database would be played into the new one.
func there(path string) bool {
	return slices.ContainsFunc(databaseFiles(path), exists)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// clearParts removes what killed restores have left.
func clearParts(path string) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return // the folder shows what is wrong with it soon enough
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), filepath.Base(path)+PartMark) {
			_ = os.Remove(filepath.Join(filepath.Dir(path), entry.Name())) // it is only in the way
		}
	}
}

// What settle measures by: how long an answer takes at the most where nothing is
// wrong, how long one may wait, and how long marks are kept, as Prune has them.
const (
	underWay    = time.Minute
	answersKept = 24 * time.Hour
	marksKept   = 48 * time.Hour
)

// asideSince is the schema's version that sets rows aside which can't be read.
const asideSince = 5

// settle makes a copy into a database to go on with, and durable:
//
// Answers that were stored within a minute before a backup of a served database
// have been sent by the instance that went on; they are not sent again. Neither
// are those that nobody waits for any more, a day after. Others are, and notices
// too: better twice than never.
//
// Marks of handled updates stay for the time Telegram may deliver them again. Dead
// letters stay. Nobody holds a lease.
func (r *Restored) settle(ctx context.Context, part string, o RestoreOptions) (err error) {
	db, err := lone(part, "locking_mode(EXCLUSIVE)", "journal_mode(DELETE)", "synchronous(FULL)", "secure_delete(ON)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tables, err := tableNames(ctx, db)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return explained(err)
	}
	if err := r.settleIn(ctx, tx, tables, o); err != nil {
		return errors.Join(explained(err), tx.Rollback())
	}
	return explained(tx.Commit())
}

func (r *Restored) settleIn(ctx context.Context, tx *sql.Tx, tables []string, o RestoreOptions) error {
	now := o.Clock()
	sent := r.Taken.Add(-underWay) // what is older than that and still waits was not under way
	if !r.Served {
		sent = r.Taken.Add(time.Hour)
	}
	late := now.Add(-answersKept)
	if o.Silent {
		late = now.Add(time.Hour)
	}
	readable := ""
	if r.Schema >= asideSince {
		readable = ` AND aside = 0` // the others are the developers'
	}
	for _, step := range []struct {
		table, query string
		args         []any
		into         *int64
	}{
		{"outbox", `DELETE FROM outbox WHERE (at < $1 OR at > $2)` + readable, []any{millis(late), millis(sent)}, &r.Dropped},
		{"notices", `DELETE FROM notices WHERE $1 <> 0` + readable, []any{bit(o.Silent)}, &r.Dropped},
		{"handled", `DELETE FROM handled WHERE at < $1`, []any{millis(now.Add(-marksKept))}, nil},
		{"meta", `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
			[]any{metaBackup, strconv.AppendInt(nil, millis(r.Taken), 10)}, nil},
		{"leases", `UPDATE leases SET holder = '', until = 0, token = token + 1`, nil, nil},
	} {
		if !slices.Contains(tables, step.table) {
			continue
		}
		result, err := tx.ExecContext(ctx, step.query, step.args...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return err
		}
		if step.into != nil {
			*step.into += n
		}
	}
	for _, table := range []string{"outbox", "notices"} {
		if !slices.Contains(tables, table) {
			continue
		}
		var n int64
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+table+` WHERE 1 = 1`+readable).Scan(&n); err != nil {
			return err
		}
		r.Waiting += n
	}
	return nil
}
