package storage_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/seal"
	"saqbol/storage/storagetest"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(childFolder); folder != "" {
		fmt.Fprintln(os.Stderr, child(folder))
		os.Exit(1)
	}
	for of, work := range map[string]func(string) error{childMove: moveChild, importingFolder: importing} {
		if where := os.Getenv(of); where != "" {
			if err := work(where); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	goleak.VerifyTestMain(closing{m})
}

// closing runs the tests and ends the server that they shared.
type closing struct{ *testing.M }

func (c closing) Run() int {
	code := c.M.Run()
	if err := server.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

func TestContractOnSQLite(t *testing.T) {
	keys := newKeys(t)
	if racing {
		histories(t, "20")
	}
	storagetest.Run(t, func(t *testing.T) storagetest.Store {
		return open(t, filepath.Join(t.TempDir(), "data", "saqbol.db"), keys)
	})
}

// histories sets how many histories the contract goes through, until the test ends.
func histories(t *testing.T, n string) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	was := checks.Value.String()
	if err := flag.Set(checks.Name, n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set(checks.Name, was) }) // it was that before
}

func newKeys(t testing.TB) *seal.Keys {
	t.Helper()
	keys, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// open opens the database at path; the caller closes it.
func open(t testing.TB, path string, keys *seal.Keys, options ...storage.Option) *storage.Store {
	t.Helper()
	store, err := storage.Open(t.Context(), "sqlite:"+path, keys, options...)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func shut(t testing.TB, store *storage.Store) {
	t.Helper()
	if err := store.Close(); err != nil {
		t.Error(err)
	}
}

func commit(t testing.TB, store *storage.Store, c fraud.Change) []int64 {
	t.Helper()
	if c.Now.IsZero() {
		c.Now = storagetest.Now()
	}
	ids, err := store.Commit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}
