//go:build unix

package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Replace writes the set in place of the key file at path, which must be there.
// Whoever reads the path meanwhile, or after a power cut, finds the old set or
// the new one, whole. The file keeps its owner and its mode; a link stays a link.
func Replace(path string, keys *Keys) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("finding the key file: %w", err)
	}
	old, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("reading the key file: %w", err)
	}
	text, err := keys.Text()
	if err != nil {
		return err
	}
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) { // left by a run that was cut off
		return fmt.Errorf("removing what an earlier run left: %w", err)
	}
	if err := write(next, text, old); err != nil {
		_ = os.Remove(next) // a copy of the keys that nobody needs
		return fmt.Errorf("writing the new key file: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		_ = os.Remove(next) // as above
		return fmt.Errorf("putting the new key file in place: %w", err)
	}
	return syncFolder(path)
}

// KeepAside writes the set to a new file beside the key file at path, with the
// key file's owner, readable by that owner only. It returns fs.ErrExist where there
// is a file of that name with another content.
func KeepAside(path, aside string, keys *Keys) error {
	old, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("reading the key file: %w", err)
	}
	text, err := keys.Text()
	if err != nil {
		return err
	}
	if there, err := os.ReadFile(aside); err == nil && bytes.Equal(there, text) {
		return nil // an earlier run got this far
	}
	err = write(aside, text, private{old})
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	if err != nil {
		_ = os.Remove(aside) // half a key helps nobody
		return fmt.Errorf("writing a copy of the key file: %w", err)
	}
	return syncFolder(aside)
}

// private is a file's description with the mode of a file for its owner only.
type private struct{ fs.FileInfo }

// Mode is that of a file which only its owner reads.
func (private) Mode() fs.FileMode { return 0o600 }

// write makes a file with the owner and the mode of another, on the disk when it
// returns. Root may rotate the keys of a bot that runs as somebody else.
func write(path string, text []byte, like fs.FileInfo) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	want, ok1 := like.Sys().(*syscall.Stat_t)
	has, ok2 := info.Sys().(*syscall.Stat_t)
	if ok1 && ok2 && (want.Uid != has.Uid || want.Gid != has.Gid) {
		if err := file.Chown(int(want.Uid), int(want.Gid)); err != nil {
			return fmt.Errorf("giving it to the owner of the key file (run as that user): %w", err)
		}
	}
	if err := file.Chmod(like.Mode().Perm()); err != nil {
		return err
	}
	if _, err := file.Write(text); err != nil {
		return err
	}
	return file.Sync()
}
