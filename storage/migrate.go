package storage

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date. A schema that is current is seen with one
// query, without the cost of the migration library: start-up is part of how
// fast the first answer comes.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	has, err := schemaVersion(ctx, db)
	if err != nil {
		return err
	}
	wants, err := latest(files)
	if err != nil {
		return err
	}
	switch {
	case has > wants:
		return newer(has, wants)
	case has == wants:
		return nil
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bringing the schema up to date: %w", err)
	}
	return nil
}

func newer(has, wants int64) error {
	return fmt.Errorf("%w (schema %d, this program knows %d)", ErrNewer, has, wants)
}

// wantedVersion is the version that migrate brings a schema to.
func wantedVersion() (int64, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return 0, fmt.Errorf("reading the migrations: %w", err)
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
		version, err := goose.NumericComponent(entry.Name())
		if err != nil {
			return 0, fmt.Errorf("reading the migrations: %w", err)
		}
		highest = max(highest, version)
	}
	return highest, nil
}

// schemaVersion is the version of the database's schema, 0 for an empty one.
func schemaVersion(ctx context.Context, db queryer) (int64, error) {
	var tables int
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_master WHERE name = 'goose_db_version'`).Scan(&tables); err != nil {
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
