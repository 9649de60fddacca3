package storage

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// newestSchema is what all the migrations of SQLite make together, without the way
// there: changing a table has SQLite read the whole schema anew, so that the way took
// a quarter of a first start. `make golden` writes it.
//
//go:embed schema.sql
var newestSchema string

// createSchema makes the schema of a database in which there is nothing, in one
// transaction: one wait for the disk instead of one for each migration, before the
// first answer of a first start. created is false where there is something.
func createSchema(ctx context.Context, db *sql.DB, files fs.FS) (created bool, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("beginning: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // committed where all went well
	var tables int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_master`).Scan(&tables); err != nil || tables > 0 {
		return false, err
	}
	names, err := fs.Glob(files, "*.sql") // in order
	if err != nil {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, newestSchema); err != nil {
		return false, err
	}
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return false, err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, 1)`, version); err != nil {
			return false, err
		}
	}
	return true, tx.Commit()
}
