//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// errRunning is met where another SaqBol runs on the same database file: both
// would send the answers that wait, and both would poll.
var errRunning = errors.New("another SaqBol runs on this database: stop it first, or set DATABASE_URL to another file")

// lockDatabase keeps other instances off the database file at path until the
// file it returns is closed, by us or by the death of the process. The lock is on
// a file beside the database: SQLite's own locks stay untouched. Where there can
// be no lock (some network file systems) the file is nil, and the lease in the
// database alone keeps others off.
func lockDatabase(path string) (*os.File, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // another name of the file must not give another lock
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, nil // the store says what is wrong with the folder
	}
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil // as above
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		switch {
		case errors.Is(err, unix.EWOULDBLOCK):
			return nil, errRunning
		case errors.Is(err, unix.ENOLCK), errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.ENOSYS):
			return nil, nil
		}
		return nil, fmt.Errorf("locking %s.lock: %w", path, err)
	}
	return f, nil
}
