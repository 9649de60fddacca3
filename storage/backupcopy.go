package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"modernc.org/sqlite"

	"saqbol/storage/seal"
)

// pagesAtOnce is how much of a copy is made before looking whether to go on.
const pagesAtOnce = 500

// copyDatabase copies a live database into the empty file part and compares the
// copy with what was copied.
func copyDatabase(ctx context.Context, path, part string, keys *seal.Keys, o BackupOptions) (Backup, error) {
	made, err := snapshot(ctx, path, part, o)
	if err != nil {
		return made, err
	}
	copied, err := checkCopy(ctx, part, keys)
	if err != nil {
		return made, err
	}
	if copied.Schema != made.Schema || !slices.Equal(copied.Tables, made.Tables) {
		return made, fmt.Errorf("the copy differs from what was copied: %w", ErrDamaged)
	}
	return made, nil
}

// snapshot copies within one read transaction: writers go on, and the copy is of
// the moment at which it began. It ends with the last page, because for so long the
// write-ahead log can't be emptied.
func snapshot(ctx context.Context, path, part string, o BackupOptions) (made Backup, err error) {
	source, err := lone(path, "query_only(1)")
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	conn, err := source.Conn(ctx)
	if err != nil {
		return made, explained(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `BEGIN`); err != nil {
		return made, explained(err)
	}
	defer func() {
		_, ended := conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`) // nothing was written
		err = errors.Join(err, ended)
	}()
	made.Taken = o.Clock().UTC()
	if err := made.look(ctx, conn); err != nil {
		return made, explained(err)
	}
	if err := copyPages(ctx, conn, part, o); err != nil {
		return made, explained(err)
	}
	return made, o.at("pages")
}

// lone opens a database with one connection.
func lone(path string, pragmas ...string) (*sql.DB, error) {
	name, err := dsn(path, lockWait, pragmas...)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// copyPages copies what conn's transaction sees into the file part.
func copyPages(ctx context.Context, conn *sql.Conn, part string, o BackupOptions) error {
	// Without a journal: a copy that breaks off is thrown away.
	to, err := dsn(part, lockWait, "journal_mode(OFF)", "synchronous(OFF)")
	if err != nil {
		return err
	}
	return conn.Raw(func(driver any) error {
		source, ok := driver.(interface {
			NewBackup(to string) (*sqlite.Backup, error)
		})
		if !ok {
			return fmt.Errorf("a driver of type %T makes no backups", driver)
		}
		pages, err := source.NewBackup(to)
		if err != nil {
			return err
		}
		for more := true; more && err == nil; {
			if err = ctx.Err(); err != nil {
				break
			}
			more, err = pages.Step(pagesAtOnce)
			if o.Progress != nil && err == nil {
				o.Progress(pages.PageCount()-pages.Remaining(), pages.PageCount())
			}
		}
		return errors.Join(err, pages.Finish())
	})
}

// queryer is a connection or a database.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// look reads the version, who serves, and how many rows each table has.
func (b *Backup) look(ctx context.Context, db queryer) error {
	var err error
	if b.Schema, err = sqliteSchema().version(ctx, db); err != nil {
		return err
	}
	wants, err := sqliteSchema().wanted()
	if err != nil {
		return err
	}
	if b.Schema > wants {
		return newer(b.Schema, wants)
	}
	names, err := tableNames(ctx, db)
	if err != nil {
		return err
	}
	for _, name := range names {
		size := TableSize{Table: name}
		quoted := `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+quoted).Scan(&size.Rows); err != nil {
			return fmt.Errorf("counting rows: %w", err)
		}
		b.Tables = append(b.Tables, size)
	}
	if slices.Contains(names, "leases") {
		var row leaseRow
		if err := row.scan(db.QueryRowContext(ctx, leaseQuery, instanceLease)); err != nil {
			return fmt.Errorf("reading the instance's lease: %w", err)
		}
		b.Served = row.holder != ""
	}
	return nil
}

func tableNames(ctx context.Context, db queryer) ([]string, error) {
	var names []string
	rows, err := db.QueryContext(ctx, `SELECT name FROM sqlite_master WHERE type = 'table'
		AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name <> 'goose_db_version' ORDER BY name`)
	err = each(rows, err, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		names = append(names, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing the tables: %w", err)
	}
	return names, nil
}

// checkCopy looks a copy over, with the keys, and leaves it as one file with
// nothing beside it.
func checkCopy(ctx context.Context, path string, keys *seal.Keys) (found Backup, err error) {
	db, err := lone(path, "locking_mode(EXCLUSIVE)")
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var mode string
	if err := db.QueryRowContext(ctx, `PRAGMA journal_mode = DELETE`).Scan(&mode); err != nil {
		return found, explained(err)
	}
	if mode != "delete" {
		return found, fmt.Errorf("the copy stays in journal mode %s", mode)
	}
	if err := sound(ctx, db); err != nil {
		return found, err
	}
	if err := found.look(ctx, db); err != nil {
		return found, explained(err)
	}
	of := keyRows{}
	rows, err := db.QueryContext(ctx, keyRowsQuery)
	if err := each(rows, err, of.scan); err != nil {
		return found, fmt.Errorf("reading what the copy knows of its keys: %w", explained(err))
	}
	if err := of.fit(keys); err != nil {
		return found, err
	}
	return found, examineCopy(ctx, db, keys, found.Schema)
}

// sound has SQLite look at every page, every index and every reference.
func sound(ctx context.Context, db queryer) error {
	for _, query := range []string{`PRAGMA integrity_check(1)`, `PRAGMA foreign_key_check`} {
		rows, err := db.QueryContext(ctx, query)
		err = each(rows, err, func(rows *sql.Rows) error {
			var line sql.NullString
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			into := make([]any, len(columns))
			for i := range into {
				into[i] = new(any)
			}
			into[0] = &line
			if err := rows.Scan(into...); err != nil {
				return err
			}
			if line.String != "ok" {
				return fmt.Errorf("%w (%s)", ErrDamaged, line.String)
			}
			return nil
		})
		if err != nil {
			return explained(err)
		}
	}
	return nil
}
