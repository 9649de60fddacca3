package storage_test

import (
	"context"
	"path/filepath"
	"testing"

	"saqbol/storage"
	"saqbol/storage/seal"
	"saqbol/storage/storagetest"
)

func newKeys(t testing.TB) *seal.Keys {
	t.Helper()
	keys, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// open opens the database at path; the test closes it, unless it did so itself.
func open(t testing.TB, path string, keys *seal.Keys, options ...storage.Option) *storage.Store {
	t.Helper()
	store, err := storage.Open(context.Background(), "sqlite:"+path, keys, options...)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestContractOnSQLite(t *testing.T) {
	keys := newKeys(t)
	storagetest.Run(t, func(t *testing.T) storagetest.Store {
		return open(t, filepath.Join(t.TempDir(), "data", "saqbol.db"), keys)
	})
}
