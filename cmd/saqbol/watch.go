package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"

	"saqbol/storage"
)

// lookedOverFirst is how large a database may be, in bytes with its write-ahead
// log, to be looked over before the first answer: about 5,000 reports, a tenth of
// a second. A larger one is looked over right after the start. Until then, as
// always, a subject's row vouches for itself, and for the rows that are not there.
const lookedOverFirst = 4 << 20

// When a complete check comes again, where it found nothing and where it could not
// be finished, and how much of the time it takes: one part of so many.
const (
	lookAgain  = 24 * time.Hour
	lookSooner = time.Hour
	lookShare  = 4
)

// lookOverFirst looks a small database over before anything is said. done is false
// for one that is too large for that.
func lookOverFirst(ctx context.Context, store *storage.Store, path string) (done bool, err error) {
	size, err := sizeOf(path)
	if err != nil || size > lookedOverFirst {
		return false, err
	}
	if err := store.Examine(ctx, 1); err != nil {
		return false, fmt.Errorf("the database %s: %w", path, err)
	}
	return true, nil
}

// sizeOf is how large a database file is with its write-ahead log.
func sizeOf(path string) (int64, error) {
	var size int64
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("looking at the database's file: %w", err)
		}
		size += info.Size()
	}
	return size, nil
}

// watch says, once, when damage is found, by a complete check or by anybody's
// question.
func (a *app) watch(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-a.store.Damaged():
		a.log.Error("the database is damaged: from now on nothing is saved and checks are answered with «can't be checked now»; stop SaqBol and restore a backup with `saqbol restore`",
			"error", a.store.Damage())
	}
}

// lookOverDaily looks the database over every day until ctx ends or damage is
// found, at first right after the start where that was not done in it.
func (a *app) lookOverDaily(ctx context.Context) {
	delay := time.Duration(0)
	if a.lookedOver {
		delay = nextLook()
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.store.Damaged():
			return
		case <-timer.C:
		}
		timer.Reset(a.lookOver(ctx))
	}
}

// lookOver is one complete check; it returns when the next is due.
func (a *app) lookOver(ctx context.Context) time.Duration {
	begun := time.Now()
	a.heap.reads(true)
	err := a.store.Examine(ctx, lookShare)
	a.heap.reads(false)
	switch {
	case err == nil:
		a.log.Info("the database was looked over and is sound", "seconds", int(time.Since(begun).Seconds()))
	case ctx.Err() != nil || errors.Is(err, storage.ErrDamaged): // watch says so
	default:
		a.log.Warn("the database could not be looked over; it is tried again in an hour", "error", err)
		return lookSooner
	}
	return nextLook()
}

// nextLook spreads the checks of several programs on one machine.
func nextLook() time.Duration { return lookAgain - time.Hour + rand.N(2*time.Hour) }
