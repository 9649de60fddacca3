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
	ErrURL         = errors.New("DATABASE_URL must be sqlite: and a path, as in sqlite:data/saqbol.db, or postgres://user:password@host:5432/database")
	ErrNotAFile    = errors.New("this is for SQLite files: the database is on PostgreSQL, where the server looks after them")
	ErrUnreachable = errors.New("the server does not answer: start it, or correct host, port and sslmode in DATABASE_URL")
	ErrNotAdmitted = errors.New("the server does not let us in: correct user, password and database in DATABASE_URL, or create them")
	ErrNoRights    = errors.New("the user may not do this: grant it the rights that docs/operations.md lists")
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
	if code(err) == sqlite3.SQLITE_NOTADB {
		return fmt.Errorf("%w (%w)", ErrNotDatabase, err)
	}
	if meaning := postgresMeaning(err); meaning != nil {
		return fmt.Errorf("%w (%s)", meaning, strings.Join(strings.Fields(err.Error()), " ")) // in one line
	}
	switch driverFault(err) {
	case FaultBusy:
		return fmt.Errorf("%w (%w)", ErrLocked, err)
	case FaultDamaged:
		return fmt.Errorf("%w (%w)", ErrDamaged, err)
	case FaultReadOnly, FaultIO, FaultFull:
		return fmt.Errorf("%w (%w)", ErrNotWritable, err)
	}
	return err
}

// refused reports whether the disk, a lock or the network kept something from being
// saved: it may work later, and is nobody's mistake.
func refused(err error) bool {
	if errors.Is(err, errCodeTaken) || errors.Is(err, errOutdated) || errors.Is(err, ErrMoved) || damaging(err) {
		return true
	}
	switch driverFault(err) {
	case FaultBusy, FaultFull, FaultReadOnly, FaultIO, FaultLost:
		return true
	}
	return false
}

// damaging reports whether an error shows that the file is damaged.
func damaging(err error) bool {
	if errors.Is(err, ErrDamaged) {
		return true
	}
	switch driverFault(err) {
	case FaultDamaged:
		return true
	case FaultNone: // a value of another type than was written; database/sql has no name for it
		return err != nil && strings.Contains(err.Error(), "sql: Scan error on column")
	}
	return false
}

// driverFault sorts an error of a database; FaultNone for one that is none of a
// database.
func driverFault(err error) Fault {
	switch code(err) {
	case sqlite3.SQLITE_OK:
		return postgresFault(err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return FaultBusy
	case sqlite3.SQLITE_FULL:
		return FaultFull
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return FaultReadOnly
	case sqlite3.SQLITE_IOERR:
		return FaultIO
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return FaultDamaged
	case sqlite3.SQLITE_INTERRUPT:
		return FaultCanceled
	}
	return FaultOther
}

// code is SQLite's primary result code behind an error, 0 where there is none.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}
