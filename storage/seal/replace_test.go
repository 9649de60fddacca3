package seal_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"saqbol/storage/seal"
)

func keyFile(t *testing.T) (string, *seal.Keys) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "saqbol.key")
	keys, _, err := seal.LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, keys
}

// A program that reads the key file at any moment finds a whole set.
func TestReplaceIsWholeAtEveryMoment(t *testing.T) {
	path, keys := keyFile(t)
	rotated := must(t)(keys.Rotate())
	done, read := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		defer func() { read <- n }()
		for {
			select {
			case <-done:
				return
			default:
			}
			found, err := seal.Load(path)
			if err != nil || found.Fingerprint() != keys.Fingerprint() {
				t.Errorf("read in the middle: %v", err)
				return
			}
			n++
		}
	}()
	for i := range 300 {
		if err := seal.Replace(path, []*seal.Keys{keys, rotated}[i%2]); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	if n := <-read; n == 0 {
		t.Error("nothing was read meanwhile")
	}
}

func TestReplaceKeepsModeAndLink(t *testing.T) {
	path, keys := keyFile(t)
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.key")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte("left by a run that was cut off"), 0o600); err != nil {
		t.Fatal(err)
	}
	rotated := must(t)(keys.Rotate())
	if err := seal.Replace(link, rotated); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link became a file: %v", err)
	}
	if read, err := seal.Load(path); err != nil || !read.Newest(sealed(t, rotated)) {
		t.Errorf("the new set is not there: %v", err)
	}
	if _, err := os.Stat(path + ".new"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a copy of the keys was left: %v", err)
	}
}

func TestReplaceLeavesTheOldWhereItFails(t *testing.T) {
	path, keys := keyFile(t)
	if err := os.MkdirAll(filepath.Join(path+".new", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := seal.Replace(path, must(t)(keys.Rotate())); err == nil {
		t.Error("no error")
	}
	if read, err := seal.Load(path); err != nil || !read.Newest(sealed(t, keys)) {
		t.Errorf("the old set: %v", err)
	}
	if err := seal.Replace(filepath.Join(t.TempDir(), "none"), keys); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestKeepAside(t *testing.T) {
	path, keys := keyFile(t)
	aside := path + ".2026-11-22"
	for range 2 { // the second time finds its own work
		if err := seal.KeepAside(path, aside, keys); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(aside)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if read, err := seal.Load(aside); err != nil || !opens(read, sealed(t, keys)) {
		t.Errorf("the copy: %v", err)
	}
	if err := seal.KeepAside(path, aside, must(t)(keys.Rotate())); !errors.Is(err, fs.ErrExist) {
		t.Errorf("another set under the same name: %v", err)
	}
	if read, err := seal.Load(aside); err != nil || !opens(read, sealed(t, keys)) {
		t.Errorf("the first copy was touched: %v", err)
	}
}
