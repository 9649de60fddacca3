package storage

import (
	"errors"
	"os"
	"path/filepath"
)

// syncNames brings the names of a new database and of its folders to the disk:
// SQLite does so for the files that it makes itself, but the folders above may be
// as new as the database. What can't be synced, because we may not read it or
// because the file system knows no such thing, is left as it is.
func syncNames(path string) {
	path, err := filepath.Abs(path)
	if err != nil {
		return // opening it says why
	}
	for folder := filepath.Dir(path); ; folder = filepath.Dir(folder) {
		if f, err := os.Open(folder); err == nil {
			_ = errors.Join(f.Sync(), f.Close())
		}
		if folder == filepath.Dir(folder) {
			return
		}
	}
}
