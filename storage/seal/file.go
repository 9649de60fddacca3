package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
)

// ErrExposed is returned for a key file that others on the machine can read.
var ErrExposed = errors.New("other users of this machine can read it: run chmod 600 on it")

// LoadOrCreate reads the key file at path. Where there is none it makes a new
// set and writes it there, readable by its owner only; created says so. A file
// that others can read is refused with ErrExposed.
func LoadOrCreate(path string) (keys *Keys, created bool, err error) {
	keys, err = Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, false, err
	}
	if keys, err = Generate(); err != nil {
		return nil, false, err
	}
	if err = create(path, keys); errors.Is(err, fs.ErrExist) {
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

func create(path string, keys *Keys) (err error) {
	text, err := keys.Text()
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("creating the key file: %w", err)
	}
	defer func() {
		if closed := file.Close(); err == nil && closed != nil {
			err = fmt.Errorf("writing the key file: %w", closed)
		}
		if err != nil {
			// Half a key must not be taken for one at the next start.
			_ = os.Remove(path)
		}
	}()
	if _, err = file.Write(text); err != nil {
		return fmt.Errorf("writing the key file: %w", err)
	}
	// A database sealed under a key that did not reach the disk is lost.
	if err = file.Sync(); err != nil {
		return fmt.Errorf("writing the key file: %w", err)
	}
	return nil
}
