package storage

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"saqbol/storage/seal"
)

// fetch brings the database of a backup into the empty file part, and returns only
// if it is what was backed up.
func fetch(ctx context.Context, file, part string, keys *seal.Keys, o RestoreOptions) (Backup, error) {
	from, err := os.Open(file)
	if err != nil {
		return Backup{}, fmt.Errorf("it can't be read: %w", pathless(err))
	}
	defer func() { _ = from.Close() }() // read only
	m, sealed, err := examine(ctx, from, keys, o)
	if err != nil {
		return Backup{}, err
	}
	if !sealed {
		return fetchUnsealed(ctx, file, part, keys, o)
	}
	if err := fetchSealed(from, part, m); err != nil {
		return Backup{}, err
	}
	if err := o.at("fetched"); err != nil {
		return Backup{}, err
	}
	found, err := checkCopy(ctx, part, keys)
	if err != nil {
		return Backup{}, err
	}
	if found.Schema != m.Schema || !slices.Equal(found.Tables, m.Tables) {
		return Backup{}, ErrBroken
	}
	return m.backup(), nil
}

// FitToRestore looks whether Restore would take file, as far as that shows without
// reading all of it: it is there, it is a backup, and its seal opens with the keys.
func FitToRestore(ctx context.Context, file string, keys *seal.Keys, o RestoreOptions) error {
	from, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("the backup %s: it can't be read: %w", file, pathless(err))
	}
	defer func() { _ = from.Close() }() // read only
	if _, _, err := examine(ctx, from, keys, o); err != nil {
		return fmt.Errorf("the backup %s: %w", file, err)
	}
	return nil
}

// examine reads the seal of a backup; sealed is false for a file that has none and
// that o takes all the same.
func examine(ctx context.Context, file *os.File, keys *seal.Keys, o RestoreOptions) (m manifest, sealed bool, err error) {
	head, err := header(file.Name())
	if err != nil {
		return m, false, fmt.Errorf("it can't be read: %w", pathless(err))
	}
	database := strings.HasPrefix(string(head), sqliteMagic)
	m, err = readSeal(file, keys)
	switch {
	case errors.Is(err, ErrUnsealed) && !database:
		return m, false, ErrNoBackup
	case !database || len(head) < 100:
		return m, false, ErrBroken
	case errors.Is(err, ErrUnsealed) && o.Unsealed && !ours(head) && inspect(ctx, file.Name(), lockWait) != nil:
		return m, false, fmt.Errorf("%w (it belongs to another program)", ErrBroken)
	case errors.Is(err, ErrUnsealed) && o.Unsealed:
		return m, false, nil
	case err != nil:
		return m, false, err
	}
	wants, err := sqliteSchema().wanted()
	if err != nil {
		return m, false, err
	}
	if m.Schema > wants {
		return m, false, newer(m.Schema, wants)
	}
	return m, true, nil
}

// fetchSealed copies the bytes before the seal and compares them with it.
func fetchSealed(from *os.File, part string, m manifest) (err error) {
	to, err := os.OpenFile(part, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	hash := sha256.New()
	if _, err := io.Copy(io.MultiWriter(to, hash), io.NewSectionReader(from, 0, m.Size)); err != nil {
		return fmt.Errorf("copying: %w", err)
	}
	if string(hash.Sum(nil)) != string(m.SHA256) {
		return ErrBroken
	}
	return nil
}

// fetchUnsealed copies a database that bears no seal, with what stands in its log.
func fetchUnsealed(ctx context.Context, file, part string, keys *seal.Keys, o RestoreOptions) (Backup, error) {
	made, err := copyDatabase(ctx, file, part, keys, BackupOptions{Clock: o.Clock})
	if err != nil {
		return Backup{}, err
	}
	info, err := os.Stat(part)
	if err != nil {
		return Backup{}, err
	}
	made.Size = info.Size()
	return made, nil
}
