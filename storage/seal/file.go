package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// ErrExposed is returned for a key file that others on the machine can read.
var ErrExposed = errors.New("other users of this machine can read it: run chmod 600 on it")

// LoadOrCreate reads the key file at path. Where there is none it makes a new
// set and writes it there, readable by its owner only; created says so. A file
// that others can read is refused with ErrExposed.
func LoadOrCreate(path string) (keys *Keys, created bool, err error) {
	keys, err = Load(path)
	if err == nil {
		// The start that made it may have died before its name was on the disk. Where
		// that can't be told, on a file system that is read only, say, it is there.
		_ = syncFolder(path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, false, err
	}
	if keys, err = Generate(); err != nil {
		return nil, false, err
	}
	if err = Create(path, keys); errors.Is(err, fs.ErrExist) {
		// Another start of the program was faster: its key counts.
		keys, err = Load(path)
		return keys, false, err
	}
	if err != nil {
		return nil, false, err
	}
	return keys, true, nil
}

// Load reads the key file at path. A file that others can read is refused with
// ErrExposed.
func Load(path string) (*Keys, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the key file: %w", err)
	}
	// Windows keeps who may read a file elsewhere; its mode bits say nothing.
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the key file %s: %w", path, ErrExposed)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the key file: %w", err)
	}
	keys, err := Read(text)
	if err != nil {
		return nil, fmt.Errorf("the key file %s: %w", path, err)
	}
	return keys, nil
}

// Create makes the key file, which must not be there: fs.ErrExist where it is. It
// gets its name when it is whole and on the disk, so that neither a crash nor a
// power cut leaves half a key, or none beside a database that is sealed under it.
func Create(path string, keys *Keys) error {
	text, err := keys.Text()
	if err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new*")
	if err != nil {
		return fmt.Errorf("creating the key file: %w", err)
	}
	defer func() { _ = os.Remove(next.Name()) }() // a second name of the key, or of nothing
	_, err = next.Write(text)
	if err == nil {
		err = next.Sync()
	}
	if err = errors.Join(err, next.Close()); err != nil {
		return fmt.Errorf("writing the key file: %w", err)
	}
	if err := name(next.Name(), path); err != nil {
		return fmt.Errorf("creating the key file: %w", err)
	}
	return syncFolder(path)
}

// name gives a file another name, but never one that is taken.
func name(file, path string) error {
	err := os.Link(file, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// A file system without links: there two first starts at the very same moment
	// are not kept apart.
	if _, there := os.Lstat(path); there == nil {
		return fs.ErrExist
	}
	return os.Rename(file, path)
}
