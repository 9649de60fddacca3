package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Codes of PostgreSQL's errors (https://www.postgresql.org/docs/current/errcodes-appendix.html).
const (
	pgSerialization = "40001"
	pgDeadlock      = "40P01"
	pgUnknownFate   = "40003" // statement completion unknown: CockroachDB's word for a commit without an answer
	pgUnique        = "23505"
	pgHasTable      = "42P07"
	pgHasObject     = "42710"
	pgReadOnly      = "25006"
	pgDiskFull      = "53100"
	pgIO            = "58030"
	pgNoRights      = "42501"
	pgNoDatabase    = "3D000"
	pgLocked        = "55P03"
	pgTooLong       = "57014" // statement_timeout
	pgDamagedData   = "XX001"
	pgDamagedIndex  = "XX002"
)

// pgCode is PostgreSQL's code behind an error, "" where there is none.
func pgCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// postgresFault is driverFault for PostgreSQL.
func postgresFault(err error) Fault {
	switch code := pgCode(err); {
	case code == "" && lost(err):
		return FaultLost
	case code == "":
		return FaultNone
	case code == pgDiskFull:
		return FaultFull
	case code == pgReadOnly:
		return FaultReadOnly
	case code == pgIO:
		return FaultIO
	case code == pgDamagedData || code == pgDamagedIndex:
		return FaultDamaged
	case code == pgLocked || code == pgTooLong || code == pgUnknownFate || strings.HasPrefix(code, "40"), // in another's way
		strings.HasPrefix(code, "53"): // not enough memory, connections, …
		return FaultBusy
	case strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57"): // the connection; the server stops
		return FaultLost
	}
	return FaultOther
}

// lost reports whether an error without a code is a lost connection, or one that
// could not be made.
func lost(err error) bool {
	var network *net.OpError
	switch {
	case err == nil:
		return false
	case unreached(err) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone):
		return true
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded): // our time was up, not theirs
		return false
	}
	return errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		strings.HasSuffix(err.Error(), "conn closed") // pgconn has no name for it
}

// unreached reports that no connection could be made.
func unreached(err error) bool {
	var connecting *pgconn.ConnectError
	return errors.As(err, &connecting)
}

// passing reports whether a transaction of a shared database failed for a reason
// that may be gone the next time.
func passing(err error) bool {
	switch code := pgCode(err); code {
	case pgSerialization, pgDeadlock, pgUnknownFate:
		return true
	case "":
		return lost(err)
	default:
		return postgresFault(err) == FaultLost
	}
}

// drawnTwice reports whether two Stores made the same id (ids.go).
func drawnTwice(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == pgUnique &&
		(e.TableName == "outbox" || e.TableName == "notices" || e.TableName == "dead_letters")
}

// overtaken reports whether a migration failed because another replica was faster.
func overtaken(err error) bool {
	switch pgCode(err) {
	case pgUnique, pgHasTable, pgHasObject, pgSerialization, pgDeadlock:
		return true
	}
	return false
}

// postgresMeaning is what an error of opening means to the operator; nil where it
// says nothing special.
func postgresMeaning(err error) error {
	switch code := pgCode(err); {
	case errors.Is(err, context.Canceled): // the program stops
		return nil
	case strings.HasPrefix(code, "28") || code == pgNoDatabase:
		return ErrNotAdmitted
	case code == pgNoRights:
		return ErrNoRights
	case code == "" && lost(err) || strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57P"):
		return ErrUnreachable
	}
	return nil
}
