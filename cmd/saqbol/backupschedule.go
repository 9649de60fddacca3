package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"saqbol/storage"
)

const (
	defaultBackupEvery = 24 * time.Hour
	defaultBackupKeep  = 14
	minBackupEvery     = time.Minute
	maxBackupKeep      = 10_000
	// backupSoon is when the first backup is made where there is none, or the last is
	// overdue: never at the start itself.
	backupSoon = time.Minute
	// backupRetry is when a backup that failed is tried again, at the latest.
	backupRetry = 10 * time.Minute
)

// backupPlan is what the settings say of scheduled backups.
type backupPlan struct {
	folder string // "" = none are made
	every  time.Duration
	keep   int
}

// interval is the time between backups, 0 where none are made.
func (p backupPlan) interval() time.Duration {
	if p.folder == "" {
		return 0
	}
	return p.every
}

func readBackups(values map[string]string, c *config) error {
	c.backups = backupPlan{folder: values["SAQBOL_BACKUP_DIR"], every: defaultBackupEvery, keep: defaultBackupKeep}
	var wrong []error
	if v := values["SAQBOL_BACKUP_EVERY"]; v != "" {
		every, err := time.ParseDuration(v)
		if err != nil || every < minBackupEvery {
			wrong = append(wrong, fmt.Errorf("SAQBOL_BACKUP_EVERY must be a duration of a minute or more, such as 24h or 90m"))
		} else {
			c.backups.every = every
		}
	}
	if v := values["SAQBOL_BACKUP_KEEP"]; v != "" {
		keep, err := strconv.Atoi(v)
		if err != nil || keep < 1 || keep > maxBackupKeep {
			wrong = append(wrong, fmt.Errorf("SAQBOL_BACKUP_KEEP must be a whole number from 1 to %d", maxBackupKeep))
		} else {
			c.backups.keep = keep
		}
	}
	return errors.Join(wrong...)
}

// backups makes backups by a plan. One instance does, the one that serves people.
type backups struct {
	backupPlan
	make  func(ctx context.Context, file string) (storage.Backup, error)
	clock func() time.Time
	log   *slog.Logger
}

func (a *app) newBackups(plan backupPlan) *backups {
	return &backups{backupPlan: plan, clock: a.clock, log: a.log, make: func(ctx context.Context, file string) (storage.Backup, error) {
		return a.store.Backup(ctx, file, storage.BackupOptions{Clock: a.clock})
	}}
}

// run makes backups until ctx ends: the first when the interval since the last one
// in the folder is over. It counts on by the monotonic clock, so that a jump of the
// other costs a backup too many at the most.
func (b *backups) run(ctx context.Context) {
	if b.folder == "" {
		return
	}
	timer := time.NewTimer(b.first())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		err := b.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			b.log.Error("the scheduled backup failed; it is tried again", "in", min(b.every, backupRetry).String(), "error", err)
			timer.Reset(min(b.every, backupRetry))
			continue
		}
		timer.Reset(b.every)
	}
}

// first is how long to wait for the first backup.
func (b *backups) first() time.Duration {
	names, err := b.there()
	if err != nil || len(names) == 0 {
		return min(backupSoon, b.every) // once will say what is wrong
	}
	last, _ := backupTime(names[len(names)-1])
	return min(max(last.Add(b.every).Sub(b.clock()), backupSoon), b.every)
}

const (
	backupPrefix, backupSuffix = "saqbol-", ".backup"
	backupStamp                = "20060102T150405Z"
)

// backupTime reads the time in the name of a scheduled backup.
func backupTime(name string) (time.Time, bool) {
	stamp, ours := strings.CutPrefix(name, backupPrefix)
	stamp, ends := strings.CutSuffix(stamp, backupSuffix)
	at, err := time.Parse(backupStamp, stamp)
	return at, ours && ends && err == nil
}

// there lists the scheduled backups in the folder, oldest first. Other files are
// nobody's business here.
func (b *backups) there() ([]string, error) {
	entries, err := os.ReadDir(b.folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if _, ours := backupTime(entry.Name()); ours && entry.Type().IsRegular() {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names) // the names begin with the time
	return names, nil
}

// once makes a backup, and then removes those that are too many.
func (b *backups) once(ctx context.Context) error {
	if _, err := b.there(); err != nil {
		return fmt.Errorf("SAQBOL_BACKUP_DIR can't be read: create or mount it, and give this user the right to write: %w", cause(err))
	}
	b.tidy()
	name := backupPrefix + b.clock().UTC().Format(backupStamp) + backupSuffix
	made, err := b.make(ctx, filepath.Join(b.folder, name))
	switch {
	case err != nil && made.Taken.IsZero():
		return err
	case err != nil: // it is made: to make another would help nobody
		b.log.Error("a scheduled backup is made, but not noted", "file", name, "error", err)
	}
	removed, err := b.retire(name)
	if err != nil {
		b.log.Error("old backups can't be removed: give this user the right to, or remove them by hand", "error", err)
	}
	b.log.Info("backed up", "file", name, "bytes", made.Size, "removed", removed)
	return nil
}

// retire removes the oldest backups beyond those to keep, never the newest.
func (b *backups) retire(newest string) (removed int, err error) {
	names, err := b.there()
	if err != nil {
		return 0, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == newest })
	for ; len(names) > b.keep-1; names = names[1:] {
		if err := os.Remove(filepath.Join(b.folder, names[0])); err != nil {
			return removed, cause(err)
		}
		removed++
	}
	return removed, nil
}

// tidy removes what scheduled backups that were killed have left.
func (b *backups) tidy() {
	entries, err := os.ReadDir(b.folder)
	if err != nil {
		return // the caller has just read it
	}
	for _, entry := range entries {
		name, _, part := strings.Cut(entry.Name(), storage.PartMark)
		if _, ours := backupTime(name); part && ours {
			_ = os.Remove(filepath.Join(b.folder, entry.Name())) // it is only in the way
		}
	}
}
