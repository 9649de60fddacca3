package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"saqbol/storage"
	"saqbol/storage/seal"
)

// keyFile is where run keeps the key set without SAQBOL_KEY: in the working
// folder, outside the data folder, so that a copy of the data is no copy of the key.
const keyFile = "saqbol.key"

// keys reads the key set from SAQBOL_KEY, else from saqbol.key, which is made if
// it is not there.
func (c config) keys(ctx context.Context, log *slog.Logger) (*seal.Keys, error) {
	if c.key.reveal() != "" {
		return c.givenKeys()
	}
	if orphaned(ctx, c.databaseURL) {
		return nil, fmt.Errorf("the database is there but its key is not: run this in the folder in which %s stands, put that or SAQBOL_KEY back, or set DATABASE_URL to a new one", keyFile)
	}
	keys, created, err := seal.LoadOrCreate(keyFile)
	if err != nil {
		return nil, keyFileAdvice(err)
	}
	if created {
		tellNewKeys(log)
	}
	return keys, nil
}

// keysAtLast is keys for a command that may come to nothing: where there is no key
// file, the set that it draws is in none until keep is called.
func (c config) keysAtLast(ctx context.Context, log *slog.Logger) (keys *seal.Keys, keep func() error, err error) {
	_, err = os.Stat(keyFile)
	if c.key.reveal() != "" || !errors.Is(err, fs.ErrNotExist) || orphaned(ctx, c.databaseURL) {
		keys, err = c.keys(ctx, log)
		return keys, func() error { return nil }, err
	}
	if keys, err = seal.Generate(); err != nil {
		return nil, nil, err
	}
	keep = func() error {
		err := seal.Create(keyFile, keys)
		switch {
		case errors.Is(err, fs.ErrExist):
			return fmt.Errorf("another SaqBol has made %s meanwhile: run this again", keyFile)
		case err != nil:
			return keyFileAdvice(err)
		}
		tellNewKeys(log)
		return nil
	}
	return keys, keep, nil
}

func tellNewKeys(log *slog.Logger) {
	log.Warn("made a new key set: copy it to a safe place apart from the database, without it the reports can't be read", "file", keyFile)
}

// keyFileAdvice says what to do where the key file can't be read or made.
func keyFileAdvice(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s can't be read or made in this folder: run as the user who owns it, or set SAQBOL_KEY_FILE (%w)", keyFile, cause(err))
	}
	return err
}

// keysThere reads the key set and makes none: what a backup was sealed with can't
// be made anew.
func (c config) keysThere() (*seal.Keys, error) {
	if c.key.reveal() != "" {
		return c.givenKeys()
	}
	if _, err := os.Stat(keyFile); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s here and no SAQBOL_KEY: run this in the folder in which `saqbol run` is started, or put back the key that the database was made with", keyFile)
	}
	return readKeyFile(keyFile)
}

// givenKeys reads the key set from SAQBOL_KEY.
func (c config) givenKeys() (*seal.Keys, error) {
	keys, err := seal.Read([]byte(c.key.reveal()))
	if err != nil {
		return nil, fmt.Errorf("SAQBOL_KEY: %w", err)
	}
	return keys, nil
}

// orphaned tells whether there is a database but no key file: a new key would
// not open it.
func orphaned(ctx context.Context, databaseURL string) bool {
	if _, err := os.Stat(keyFile); !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	path, isFile := sqlitePath(databaseURL)
	if isFile {
		info, err := os.Stat(path)
		return err == nil && info.Size() > 0
	}
	// Where the server can't be asked, opening the database says why.
	return errors.Is(askServer(ctx, databaseURL), storage.ErrWrongKey)
}

// askServer asks a server whether it holds a database of ours, for whoever has no key
// to it: by one that fits none. The answer is ErrWrongKey where it does,
// ErrNoDatabase where it does not, else why that can't be known.
func askServer(ctx context.Context, databaseURL string) error {
	stranger, err := seal.Generate()
	if err != nil {
		return err
	}
	store, err := storage.Open(ctx, databaseURL, stranger, storage.MustExist())
	if err == nil {
		err = store.Close()
	}
	return err
}
