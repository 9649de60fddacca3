package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"saqbol/storage"
	"saqbol/storage/seal"
)

// TestKeyWatch: whatever is wrong with the file, the keys stay as they were, and
// what is wrong is said once; the right file is taken up as soon as it is there.
func TestKeyWatch(t *testing.T) {
	first, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	text := func(keys *seal.Keys, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		written, err := keys.Text()
		if err != nil {
			t.Fatal(err)
		}
		return string(written)
	}
	rotated := text(first.Rotate())
	path := filepath.Join(t.TempDir(), "saqbol.key")
	var log lockedBuffer
	store, err := storage.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "saqbol.db"), first)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	adopted, down := 0, false
	watch := &keyWatch{path: path, log: newLogger(&log, 0, "json"), adopt: func(ctx context.Context, keys *seal.Keys) error {
		if down {
			return errors.New("the database is locked")
		}
		err := store.Adopt(ctx, keys)
		if err == nil {
			adopted++
		}
		return err
	}}
	put := func(content string) {
		t.Helper()
		next := path + ".next"
		if err := os.WriteFile(next, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, path); err != nil {
			t.Fatal(err)
		}
	}
	own := text(first, nil)
	steps := []struct {
		name    string
		change  func()
		adopted int    // by now
		says    string // in a new line of the log; "" = no line
	}{
		{"at the start", func() { put(own) }, 1, ""},
		{"nothing new", func() {}, 1, ""},
		{"half a file", func() { put(rotated[:len(rotated)/2]) }, 1, "from your backup"},
		{"still half a file", func() {}, 1, ""},
		{"an empty file", func() { put("") }, 1, "it is empty"},
		{"no file", func() { _ = os.Remove(path) }, 1, "no such file"},
		{"another database's", func() { put(testKey(t)) }, 1, "another key"},
		{"the right file again", func() { put(own) }, 2, "taken up"},
		{"the database is down", func() { down = true; put(rotated) }, 2, "the database is locked"},
		{"it is back", func() { down = false }, 3, "taken up"},
		{"nothing new again", func() {}, 3, ""},
	}
	for _, step := range steps {
		before := len(log.String())
		step.change()
		watch.look(t.Context())
		watch.look(t.Context()) // says nothing twice
		said := log.String()[before:]
		if adopted != step.adopted || (step.says == "") != (said == "") || !strings.Contains(said, step.says) || strings.Count(said, "\n") > 1 {
			t.Errorf("%s: taken up %d times, want %d; the log says %q, want %q", step.name, adopted, step.adopted, said, step.says)
		}
	}
	if len(first.Known()) != 4 {
		t.Error("the set that others hold was not changed")
	}
	if shown := log.String(); strings.Contains(shown, "keyData") || strings.Contains(shown, rotated[40:60]) {
		t.Errorf("the log shows a key:\n%s", shown)
	}
}
