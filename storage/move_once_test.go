package storage_test

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

// bothWays are the two kinds of databases as the source of moves, each with targets
// of the other kind and of the same.
func bothWays(t *testing.T) map[string]struct{ from, first, second string } {
	t.Helper()
	return map[string]struct{ from, first, second string }{
		"a file":             {newFile(t), newFile(t), server.Database(t)},
		"a file to a server": {newFile(t), server.Database(t), newFile(t)},
		"a server":           {server.Database(t), newFile(t), server.Database(t)},
	}
}

// Data that were moved away are not moved once more: two databases would go on with
// them, each without what the other gets. What has gone on again may be moved.
func TestMoveOnlyOnce(t *testing.T) {
	for name, tt := range bothWays(t) {
		t.Run(name, func(t *testing.T) {
			keys := newKeys(t)
			store := openAt(t, tt.from, keys)
			live(t, store, 1, 10)
			shut(t, store)
			was := allRows(t, tt.from)
			moved(t, tt.from, tt.first, keys) // and again to the same, which says that it was done before
			store = openAt(t, tt.first, keys)
			live(t, store, 11, 1)
			shut(t, store)

			movedAlready(t, tt.from, tt.first, tt.second, keys, storage.MoveOptions{})
			movedAlready(t, tt.from, tt.first, tt.second, keys, storage.MoveOptions{Prepare: true})
			untouched(t, tt.second)
			if _, err := storage.Open(t.Context(), tt.from, keys); !errors.Is(err, storage.ErrMoved) || !strings.Contains(err.Error(), named(tt.first)) {
				t.Errorf("the source opens: %v, want where it is now", err)
			}
			reopened(t, tt.from, keys)
			moved(t, tt.from, tt.second, keys)
			holds(t, was, tt.second, keys)
		})
	}
}

// movedAlready tries a move that is refused, because the source went to another
// database.
func movedAlready(t *testing.T, from, first, to string, keys *seal.Keys, o storage.MoveOptions) {
	t.Helper()
	if _, err := storage.Move(t.Context(), from, to, keys, o); !errors.Is(err, storage.ErrMoved) || !strings.Contains(err.Error(), "moved already, to ") ||
		!strings.Contains(err.Error(), named(first)) {
		t.Errorf("moved once more: %v, want that it went to %s", err, first)
	}
}

// untouched looks whether nothing was made at a database's place.
func untouched(t *testing.T, url string) {
	t.Helper()
	if path, isFile := strings.CutPrefix(url, "sqlite:"); isFile {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s was made", path)
		}
		return
	}
	if tables := tablesIn(t, url); len(tables) > 0 {
		t.Errorf("%d tables were made in %s", len(tables), url)
	}
}

// reopened lets a database go on, and tries that once more on the open one.
func reopened(t *testing.T, url string, keys *seal.Keys) {
	t.Helper()
	for _, want := range []bool{true, false} {
		if closed, err := storage.Reopen(t.Context(), url, keys); err != nil || closed != want {
			t.Errorf("reopening: it was closed: %v, %v, want %v", closed, err, want)
		}
	}
}

// To reopen what was never closed changes nothing: what was prepared is moved there.
func TestReopenOfAnOpenOne(t *testing.T) {
	for name, tt := range bothWays(t) {
		t.Run(name, func(t *testing.T) {
			keys := newKeys(t)
			store := openAt(t, tt.from, keys)
			live(t, store, 1, 10)
			shut(t, store)
			if _, err := storage.Move(t.Context(), tt.from, tt.first, keys, storage.MoveOptions{Prepare: true}); err != nil {
				t.Fatal(err)
			}
			if closed, err := storage.Reopen(t.Context(), tt.from, keys); closed || err != nil {
				t.Errorf("it was closed: %v, %v", closed, err)
			}
			moved(t, tt.from, tt.first, keys)
		})
	}
}

// named is how a database is called in errors; the test server's URLs bear a user.
func named(url string) string {
	if path, isFile := strings.CutPrefix(url, "sqlite:"); isFile {
		return path
	}
	address, _, _ := strings.Cut(url, "?")
	return address[strings.LastIndex(address, "/"):]
}

// Of two databases that were prepared one gets the data. Where that move was cut off
// after the source was closed, it alone goes on.
func TestMoveOfOneThatWasPreparedTwice(t *testing.T) {
	for name, tt := range bothWays(t) {
		t.Run(name, func(t *testing.T) {
			keys := newKeys(t)
			store := openAt(t, tt.from, keys)
			live(t, store, 1, 10)
			shut(t, store)
			was := allRows(t, tt.from)
			for _, to := range []string{tt.first, tt.second} {
				if _, err := storage.Move(t.Context(), tt.from, to, keys, storage.MoveOptions{Prepare: true}); err != nil {
					t.Fatal(err)
				}
			}
			_, err := storage.Move(t.Context(), tt.from, tt.first, keys, storage.MoveOptions{}.At(func(step string) error {
				if step == "closed" {
					movedAlready(t, tt.from, tt.first, tt.second, keys, storage.MoveOptions{})
				}
				return nil
			}))
			must(t, err)
			if _, err := rawAt(t, tt.first).Exec(`INSERT INTO meta (name, value) VALUES ('closed', $1)`, []byte("half")); err != nil { // as if it had been killed
				t.Fatal(err)
			}
			movedAlready(t, tt.from, tt.first, tt.second, keys, storage.MoveOptions{})
			moved(t, tt.from, tt.first, keys)
			holds(t, was, tt.first, keys)
			movedAlready(t, tt.from, tt.first, tt.second, keys, storage.MoveOptions{})
		})
	}
}

// Of two moves at once one closes the source; the other does not open it again.
func TestMoveBesideAMove(t *testing.T) {
	for name, tt := range bothWays(t) {
		t.Run(name, func(t *testing.T) {
			keys := newKeys(t)
			store := openAt(t, tt.from, keys)
			live(t, store, 1, 10)
			shut(t, store)
			was := allRows(t, tt.from)
			_, err := storage.Move(t.Context(), tt.from, tt.second, keys, storage.MoveOptions{}.At(func(step string) error {
				if step != "beside" {
					return nil
				}
				_, err := storage.Move(context.WithoutCancel(t.Context()), tt.from, tt.first, keys, storage.MoveOptions{})
				return err
			}))
			if !errors.Is(err, storage.ErrMoved) {
				t.Errorf("the slower move: %v", err)
			}
			if _, err := storage.Open(t.Context(), tt.from, keys); !errors.Is(err, storage.ErrMoved) {
				t.Errorf("the source opens: %v", err)
			}
			if _, err := storage.Open(t.Context(), tt.second, keys); !errors.Is(err, storage.ErrHalfMoved) {
				t.Errorf("the slower target opens: %v", err)
			}
			holds(t, was, tt.first, keys)
		})
	}
}

// A target is known again in another folder and by another name.
func TestMoveGoesOnByAnotherName(t *testing.T) {
	keys, from, to := newKeys(t), newFile(t), newFile(t)
	store := openAt(t, from, keys)
	live(t, store, 1, 10)
	shut(t, store)
	moved(t, from, to, keys)
	if _, err := rawAt(t, to).Exec(`INSERT INTO meta (name, value) VALUES ('closed', 'half')`); err != nil { // as if it had been killed
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(strings.TrimPrefix(to, "sqlite:")))
	moved(t, from, "sqlite:saqbol.db", keys)
}
