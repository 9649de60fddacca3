package storage

import (
	"context"
	"io"
	"strings"
	"time"

	"saqbol/storage/seal"
)

// engine is what differs between SQLite and PostgreSQL. All else, the statements
// too, is the same for both.
type engine interface {
	// place names the database in errors, without a password.
	place() string
	// home is place for a note that is read in another folder, or by another process:
	// one database has one, whichever way it was named.
	home() string
	// prepare does what must be done before connections are made.
	prepare(ctx context.Context) error
	// pools are for those who write and those who read.
	pools() (write, read *pool, err error)
	// looking is a pool for a complete check, whose transactions each see one state.
	looking() (*pool, error)
	// broken lists what the database itself finds wrong with its files.
	broken(ctx context.Context, p *pool) ([]string, error)
	// scrub removes what was deleted from where it still stands.
	scrub(ctx context.Context, write *pool) error
	schema() schema
	// single says that one instance has the database for itself: it holds a lease
	// that every write is fenced with, and transactions are counted.
	single() bool
	// chained says that rows of subjects form a chain (chain.go).
	chained() bool
	// slot draws a Store's place in the sums that all add to.
	slot(random io.Reader) (int64, error)
	// witness is what knows how many transactions were stored; nil = nobody.
	witness(keys *seal.Keys) *witness
}

// engineOf is the engine for a DATABASE_URL.
func engineOf(url string, wait time.Duration) (engine, error) {
	if onPostgres(url) {
		return newPostgres(url)
	}
	path, err := pathOf(url)
	if err != nil {
		return nil, err
	}
	return &sqliteFile{path: path, wait: wait}, nil
}

// CheckURL looks whether url is what a DATABASE_URL may be. It asks nobody whether
// the database is there.
func CheckURL(url string) error {
	_, err := engineOf(url, lockWait)
	return err
}

// file is the database's file; ErrNotAFile where it is none.
func (s *Store) file() (string, error) {
	if f, ok := s.engine.(*sqliteFile); ok {
		return f.path, nil
	}
	return "", ErrNotAFile
}

func onPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}
