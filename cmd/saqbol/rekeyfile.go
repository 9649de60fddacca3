//go:build unix

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"saqbol/storage/seal"
)

// readKeyFile reads the set that a key file holds. Of saqbol.key it wants that
// nobody else may read it; a file that the operator named may be a mounted secret
// with rights of its own.
func readKeyFile(path string) (*seal.Keys, error) {
	if path == keyFile {
		keys, err := seal.Load(path)
		return keys, keyFileAdvice(err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the key file %s can't be read (%w): correct the path, or run this as a user who may read it", path, cause(err))
	}
	defer func() { _ = file.Close() }() // read only
	text, err := io.ReadAll(io.LimitReader(file, maxSecretFile))
	if err != nil {
		return nil, fmt.Errorf("the key file %s can't be read: %w", path, cause(err))
	}
	keys, err := seal.Read(text)
	if err != nil {
		return nil, fmt.Errorf("the key file %s: %w", path, err)
	}
	return keys, nil
}

// lockFolder keeps a second rekey off the folder of a key file until the file it
// returns is closed, by us or by the death of the process.
func lockFolder(path string) (*os.File, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fmt.Errorf("finding the key file: %w", err)
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("locking the key file's folder: %w", err)
	}
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = folder.Close() // nothing was written
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.New("another saqbol rekey is at work on this key file: wait for it")
		}
		return nil, fmt.Errorf("locking the key file's folder: %w", err)
	}
	return folder, nil
}
