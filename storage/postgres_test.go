package storage_test

import (
	"testing"

	"saqbol/storage"
	"saqbol/storage/pgtest"
	"saqbol/storage/seal"
	"saqbol/storage/storagetest"
)

// server is PostgreSQL for all tests of this package, started by the first that
// asks and ended by TestMain.
var server pgtest.Shared

// openServer opens a database on the server; the caller closes it.
func openServer(t testing.TB, url string, keys *seal.Keys, options ...storage.Option) *storage.Store {
	t.Helper()
	store, err := storage.Open(t.Context(), url, keys, options...)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestContractOnPostgres(t *testing.T) {
	keys := newKeys(t)
	storagetest.Run(t, func(t *testing.T) storagetest.Store {
		return openServer(t, server.Database(t), keys)
	})
}
