package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"saqbol/storage"
	"saqbol/storage/seal"
)

// keys reads the key set without making one.
func (d *doctor) keys(ctx context.Context, cfg config) *seal.Keys {
	text, where := []byte(cfg.key.reveal()), "SAQBOL_KEY"
	if cfg.key.reveal() == "" {
		where = keyFile
		var err error
		if text, err = os.ReadFile(keyFile); errors.Is(err, os.ErrNotExist) && d.knows("DATABASE_URL") && orphaned(ctx, cfg.databaseURL) {
			d.report("keys", "", errNoKey)
			return nil
		} else if errors.Is(err, os.ErrNotExist) {
			d.add("keys", gradeOK, "none yet; `saqbol run` makes %s in this folder: keep a copy apart from the database", keyFile)
			return nil
		} else if err != nil {
			d.report("keys", "", fmt.Errorf("%s can't be read: %w", keyFile, err))
			return nil
		}
		if info, err := os.Stat(keyFile); err == nil && info.Mode().Perm()&0o077 != 0 {
			d.report("keys", "", fmt.Errorf("others can read %s: chmod 600 %s", keyFile, keyFile))
			return nil
		}
	}
	keys, err := seal.Read(text)
	d.report("keys", where+" holds a key set", err)
	return keys
}

// errNoKey is a database that nobody can open.
var errNoKey = errors.New("there is a database but no key for it: put " + keyFile + " or SAQBOL_KEY back, or run this in the folder in which `saqbol run` is started")

func (d *doctor) database(ctx context.Context, cfg config, keys *seal.Keys) {
	if path, missing := noFile(cfg); missing {
		d.add("database", gradeOK, "none yet; `saqbol run` makes %s", path)
		return
	}
	_, isFile := sqlitePath(cfg.databaseURL)
	var store *storage.Store
	err := storage.ErrWrongKey
	switch {
	case keys != nil:
		store, err = storage.Open(ctx, cfg.databaseURL, keys, storage.MustExist(), storage.WithStandby(cfg.readURL))
	case !isFile:
		err = askServer(ctx, cfg.databaseURL)
	}
	switch {
	case errors.Is(err, storage.ErrNoDatabase):
		d.add("database", gradeOK, "empty yet; `saqbol run` makes its tables")
		return
	case keys == nil && errors.Is(err, storage.ErrWrongKey):
		d.add("database", gradeWarn, "it is there, but can't be looked at without its key")
		return
	case err != nil:
		d.report("database", "", err)
		return
	}
	d.server(ctx, store)
	if cfg.readURL != "" {
		d.report("standby", "follows the database", store.AwaitStandby(ctx))
	}
	if d.knows("SAQBOL_BACKUP_DIR") {
		d.backups(ctx, cfg.backups, store)
	}
	d.lists(ctx, store)
	health, err := store.Check(ctx)
	if err == nil && len(health.Damage) > 0 {
		err = errors.New(health.Damage[0])
	}
	d.report("database", fmt.Sprintf("opens with the key and is sound: %s of %s; %s",
		counted(health.Reports, "report", "reports"), counted(health.Subjects, "subject", "subjects"), counted(health.Unsent, "answer waits", "answers wait")), errors.Join(err, store.Close()))
	if health.Letters > 0 {
		d.add("letters", gradeWarn, "%s could not be handled: `saqbol deadletters` lists them", counted(health.Letters, "update", "updates"))
	}
	if health.Aside > 0 {
		d.add("letters", gradeWarn, "answers, notices and letters that can't be read, set aside for a month: %d; they were sealed under another key, or damaged", health.Aside)
	}
}

// lists names the lists of reported subjects, and those that are loaded by half.
func (d *doctor) lists(ctx context.Context, store *storage.Store) {
	lists, err := store.Lists(ctx)
	if err != nil {
		d.report("lists", "", err)
		return
	}
	for _, list := range lists {
		switch {
		case list.Leaving:
			d.add("lists", gradeWarn, "%q is taken out by half: `saqbol import --undo --source %q` goes on", list.Name, list.Name)
		case list.Done.IsZero():
			d.add("lists", gradeWarn, "%q is loaded by half, since %s: `saqbol import` with the same file goes on, `saqbol import --undo --source %q` takes it out",
				list.Name, moment(list.Begun), list.Name)
		default:
			d.add("lists", gradeOK, "%q was loaded at %s", list.Name, moment(list.Done))
		}
	}
}

// lateBackup is when a backup by hand is too old.
const lateBackup = 7 * 24 * time.Hour

// backups says how old the last backup is.
func (d *doctor) backups(ctx context.Context, plan backupPlan, store *storage.Store) {
	if plan.folder != "" {
		if _, err := os.ReadDir(plan.folder); err != nil {
			d.report("backups", "", fmt.Errorf("SAQBOL_BACKUP_DIR can't be read: create or mount it, and give this user the right to write: %w", cause(err)))
			return
		}
	}
	last, err := store.LastBackup(ctx)
	late := lateBackup
	if plan.interval() > 0 {
		late = 2 * plan.interval()
	}
	switch age := time.Since(last); {
	case err != nil:
		d.report("backups", "", err)
	case last.IsZero() && plan.interval() > 0:
		d.add("backups", gradeWarn, "none has been made yet: the bot makes one within %s of its start", min(backupSoon, plan.interval()))
	case last.IsZero():
		d.add("backups", gradeWarn, "none has been made yet: `saqbol backup FILE`, or set SAQBOL_BACKUP_DIR")
	case age > late && plan.interval() > 0:
		d.add("backups", gradeWarn, "the last is %s old, though one is due every %s: the bot's log says why, or it does not run", age.Round(time.Second), plan.interval())
	case age > late:
		d.add("backups", gradeWarn, "the last is %s old: `saqbol backup FILE`, or set SAQBOL_BACKUP_DIR", age.Round(time.Second))
	default:
		d.add("backups", gradeOK, "the last is %s old", age.Round(time.Second))
	}
}

// folder looks at who can read the database and where it stands.
func (d *doctor) folder(cfg config) {
	path, isFile := sqlitePath(cfg.databaseURL)
	if !isFile {
		return
	}
	folder := filepath.Dir(path)
	info, err := os.Stat(folder)
	if errors.Is(err, os.ErrNotExist) {
		return // run makes it, for its owner only
	}
	if err != nil {
		d.report("folder", "", fmt.Errorf("the folder of the database can't be looked at: %w", err))
		return
	}
	well := true
	say := func(g grade, format string, args ...any) {
		well = false
		d.add("folder", g, format, args...)
	}
	for _, name := range []string{path, path + "-wal"} {
		if file, err := os.Stat(name); err == nil && file.Mode().Perm()&0o077 != 0 {
			say(gradeFail, "others can read %s: chmod 600 %s", name, name)
		}
	}
	if info.Mode().Perm()&0o022 != 0 {
		say(gradeWarn, "others can write into %s, and so take the database away: chmod 700 %s", folder, folder)
	}
	if owner, known := ownerOf(info); known && owner != os.Geteuid() {
		say(gradeWarn, "%s belongs to the user with the id %d: run doctor as the user who runs the bot, or files that it makes are not the bot's", folder, owner)
	}
	if _, err := os.Stat(filepath.Join(folder, keyFile)); err == nil {
		say(gradeWarn, "the key stands beside the database, so who copies the folder can read everything: move %s to another folder", keyFile)
	}
	if well {
		d.add("folder", gradeOK, "%s is this user's alone", folder)
	}
}

// enoughDisk is the free space below which doctor warns: a million reports take
// about half of it.
const enoughDisk = 1 << 30

// What an fsync takes: below quickSync no disk has written anything, unless it
// keeps what it was given through a power cut; above slowSync people wait.
const (
	syncs     = 21
	quickSync = 15 * time.Microsecond
	slowSync  = 50 * time.Millisecond
)

func (d *doctor) disk(cfg config) {
	path, isFile := sqlitePath(cfg.databaseURL)
	if !isFile {
		return
	}
	folder, there := filepath.Dir(path), true
	for folder != "." && folder != "/" {
		if _, err := os.Stat(folder); err == nil {
			break
		}
		folder, there = filepath.Dir(folder), false
	}
	free, err := freeBytes(folder)
	if err == nil && free < enoughDisk {
		err = fmt.Errorf("only %d MB are free for the database in %s: make room", free>>20, folder)
	}
	d.report("disk", fmt.Sprintf("%d GB are free", free>>30), err)
	if kind := fileSystem(folder); kind != "" {
		d.add("disk", gradeWarn, "%s is on %s", folder, kind)
	}
	if !there {
		return
	}
	took, err := syncTime(folder)
	switch {
	case err != nil:
		d.report("fsync", "", fmt.Errorf("nothing can be written into %s: %w", folder, err))
	case took < quickSync:
		d.add("fsync", gradeWarn, "an fsync takes %s, faster than a disk writes: unless its cache survives a power cut, one can take the last reports with it", took)
	case took > slowSync:
		d.add("fsync", gradeWarn, "an fsync takes %s: every report waits for one; look for other programs on this disk", took)
	default:
		d.add("fsync", gradeOK, "takes %s", took)
	}
}

// syncTime is the median time of writing a page and having it on the disk.
func syncTime(folder string) (_ time.Duration, err error) {
	f, err := os.CreateTemp(folder, ".doctor-*")
	if err != nil {
		return 0, cause(err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	page, times := make([]byte, 4096), make([]time.Duration, 0, syncs)
	for range syncs {
		begun := time.Now()
		if _, err := f.Write(page); err != nil {
			return 0, cause(err)
		}
		if err := f.Sync(); err != nil {
			return 0, cause(err)
		}
		times = append(times, time.Since(begun))
	}
	slices.Sort(times)
	return times[len(times)/2].Round(time.Microsecond), nil
}
