package storage

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql migrations/postgres/*.sql
var migrations embed.FS

// schema is how the tables of an engine came to be.
type schema struct {
	dialect goose.Dialect
	folder  string // of the migrations
	exists  string // counts the tables that hold the version
	// begin makes that table, safely beside others who do the same; nil leaves it to
	// the migration library.
	begin func(ctx context.Context, db *sql.DB) error
}

// migrate brings the schema up to date. A schema that is current is seen with one
// query, without the cost of the migration library: start-up is part of how
// fast the first answer comes.
func (s schema) migrate(ctx context.Context, db *sql.DB) error {
	for try := 1; ; try++ {
		err := s.up(ctx, db)
		if err == nil || try == migrateTries || !overtaken(err) {
			return err
		}
		// Another replica does the same at this moment. Each migration is one
		// transaction with its row of the version, of which there can be only one.
		if pause(ctx, backOff(try)) != nil {
			return err
		}
	}
}

// migrateTries is how often a migration may find that another was faster.
const migrateTries = 12

func (s schema) up(ctx context.Context, db *sql.DB) error {
	has, err := s.version(ctx, db)
	if err != nil {
		return err
	}
	wants, err := s.wanted()
	if err != nil {
		return err
	}
	switch {
	case has > wants:
		return newer(has, wants)
	case has == wants:
		return nil
	}
	if s.begin != nil {
		if err := s.begin(ctx, db); err != nil {
			return fmt.Errorf("making the table of the schema's version: %w", err)
		}
	}
	files, err := s.files()
	if err != nil {
		return err
	}
	if has == 0 && s.dialect == goose.DialectSQLite3 {
		created, err := createSchema(ctx, db, files)
		if err != nil {
			return fmt.Errorf("making the schema: %w", err)
		}
		if created {
			return nil
		}
	}
	provider, err := goose.NewProvider(s.dialect, db, files, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bringing the schema up to date: %w", err)
	}
	return nil
}

func (s schema) files() (fs.FS, error) {
	files, err := fs.Sub(migrations, s.folder)
	if err != nil {
		return nil, fmt.Errorf("reading the migrations: %w", err)
	}
	return files, nil
}

func newer(has, wants int64) error {
	return fmt.Errorf("%w (schema %d, this program knows %d)", ErrNewer, has, wants)
}

// wanted is the version that migrate brings a schema to.
func (s schema) wanted() (int64, error) {
	files, err := s.files()
	if err != nil {
		return 0, err
	}
	return latest(files)
}

// latest is the highest version among the migrations.
func latest(files fs.FS) (int64, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return 0, fmt.Errorf("reading the migrations: %w", err)
	}
	var highest int64
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		version, err := goose.NumericComponent(entry.Name())
		if err != nil {
			return 0, fmt.Errorf("reading the migrations: %w", err)
		}
		highest = max(highest, version)
	}
	return highest, nil
}

// version is the version of the database's schema, 0 for an empty one.
func (s schema) version(ctx context.Context, db queryer) (int64, error) {
	var tables int
	if err := db.QueryRowContext(ctx, s.exists).Scan(&tables); err != nil {
		return 0, fmt.Errorf("reading the schema's version: %w", err)
	}
	if tables == 0 {
		return 0, nil
	}
	var version sql.NullInt64
	if err := db.QueryRowContext(ctx, `SELECT MAX(version_id) FROM goose_db_version`).Scan(&version); err != nil {
		return 0, fmt.Errorf("reading the schema's version: %w", err)
	}
	return version.Int64, nil
}
