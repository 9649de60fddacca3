package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"saqbol/storage/seal"
)

// copyServer copies a database on a server into the empty file part, as a SQLite
// database of one moment, while others write to it.
func copyServer(ctx context.Context, e engine, part string, keys *seal.Keys, o BackupOptions) (made Backup, err error) {
	from := &Store{keys: keys, engine: e, damage: newDamage()}
	to, err := Open(ctx, "sqlite:"+part, keys, WithoutLease())
	if err != nil {
		return made, err
	}
	made.Taken = o.Clock().UTC()
	err = copyInto(ctx, from, to, &made, o)
	if err = errors.Join(err, to.Close()); err != nil {
		return made, err
	}
	if err := os.Remove(part + WitnessSuffix); err != nil && !errors.Is(err, os.ErrNotExist) { // no database is written to any more
		return made, err
	}
	if err := o.at("pages"); err != nil {
		return made, err
	}
	found, err := checkCopy(ctx, part, keys)
	made.Schema, made.Tables = found.Schema, found.Tables
	return made, err
}

// copyInto copies what one snapshot shows, and counts it on both sides.
func copyInto(ctx context.Context, from, to *Store, made *Backup, o BackupOptions) error {
	var progress func(done, total int64)
	if o.Progress != nil {
		progress = func(done, total int64) { o.Progress(int(done), int(total)) }
	}
	_, held, err := copyAll(ctx, from, to, sql.LevelRepeatableRead, progress, nil)
	if err != nil {
		return err
	}
	has, err := contentsOf(ctx, to.read.db)
	if err != nil {
		return err
	}
	made.Served = held.served
	return held.same(has)
}

// restoreToServer brings a backup into an empty database on a server. Until all of
// it is there the database is closed; cut off and begun again it goes on.
func restoreToServer(ctx context.Context, url string, keys *seal.Keys, file string, o RestoreOptions) (done Restored, err error) {
	folder, err := os.MkdirTemp("", "saqbol-restore-")
	if err != nil {
		return done, fmt.Errorf("making a folder for the backup's database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	part := filepath.Join(folder, "saqbol.db")
	if err := create(part); err != nil {
		return done, err
	}
	if done.Backup, err = fetch(ctx, file, part, keys, o); err != nil {
		return done, fmt.Errorf("the backup %s: %w", file, err)
	}
	of := done.Backup
	if o.Unsealed { // nothing but our clock says when it was taken
		of.Taken = time.Time{}
	}
	id := sha256.Sum256(fmt.Append(nil, "restore ", of))
	if err := done.settle(ctx, part, o); err != nil {
		return done, fmt.Errorf("preparing the restored database: %w", err)
	}
	from, err := Open(ctx, "sqlite:"+part, keys, WithoutLease(), withClosed()) // one that was moved away is whole
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := openToMove(ctx, url, keys, false)
	if err != nil {
		return done, err
	}
	m := &move{from: from, to: to, still: true, id: hex.EncodeToString(id[:16])}
	_, err = m.all(ctx)
	return done, errors.Join(err, to.Close())
}
