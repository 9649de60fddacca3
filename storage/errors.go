package storage

import (
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What Open can find wrong. Each says in one line what to do; Open puts the path before it.
var (
	ErrURL         = errors.New("DATABASE_URL must be sqlite: and a path, as in sqlite:data/saqbol.db")
	ErrNoPostgres  = errors.New("this version keeps its data in SQLite only: set DATABASE_URL to sqlite: and a path")
	ErrFolder      = errors.New("its folder can't be created: create it, or name another place in DATABASE_URL")
	ErrNotWritable = errors.New("it can't be read and written: give this user the right to, free the disk, or name another place in DATABASE_URL")
	ErrNotDatabase = errors.New("it is no SQLite database: name another file in DATABASE_URL")
	ErrDamaged     = errors.New("it is damaged: restore a backup with `saqbol restore`")
	ErrForeign     = errors.New("it belongs to another program: name another file in DATABASE_URL")
	ErrNewer       = errors.New("a newer SaqBol wrote it: update this program")
	ErrOlder       = errors.New("the SaqBol that serves people with it is older than this program: use that one's own, or stop it and start this version with `saqbol run`")
	ErrWrongKey    = errors.New("it was sealed with another key: put back the saqbol.key or SAQBOL_KEY it was made with")
	ErrLocked      = errors.New("another program holds it locked: stop that program, then start again")
)

// errMissing is a row that other rows say must be there.
var errMissing = fmt.Errorf("%w: a row of subjects is missing", ErrDamaged)

// altered is a row whose mark does not fit.
func altered(table string) error {
	return fmt.Errorf("%w: a row of %s is not as it was written", ErrDamaged, table)
}

// errCodeTaken is a report code drawn twice (40 bits); drawing again helps.
var errCodeTaken = errors.New("another person's report has this code")

// errOutdated is a value that was sealed before the transaction in which a rotation
// of the keys was found to have gone on. Doing it again helps.
var errOutdated = errors.New("a value was sealed under a key that is being retired")

// explained gives an error of opening its meaning for the operator.
func explained(err error) error {
	switch code(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w (%w)", ErrLocked, err)
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w (%w)", ErrNotDatabase, err)
	case sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%w (%w)", ErrDamaged, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w (%w)", ErrNotWritable, err)
	}
	return err
}

// refused reports whether the disk or a lock kept something from being saved: it
// may work later, and is nobody's mistake.
func refused(err error) bool {
	if errors.Is(err, errCodeTaken) || errors.Is(err, errOutdated) || damaging(err) {
		return true
	}
	switch code(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM,
		sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL:
		return true
	}
	return false
}

// damaging reports whether an error shows that the file is damaged.
func damaging(err error) bool {
	if errors.Is(err, ErrDamaged) {
		return true
	}
	switch code(err) {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	case 0: // a value of another type than was written; database/sql has no name for it
		return err != nil && strings.Contains(err.Error(), "sql: Scan error on column")
	}
	return false
}

// code is SQLite's primary result code behind an error, 0 where there is none.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}
