package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

// promised is the name of a complete database that is to take path's place. While
// it stands the restore is decided and only has to be finished: a file can be
// renamed in one step, a database with its log can't.
func promised(path string) string { return path + ".restored" }

// promise makes the copy durable and decides the restore.
func promise(path, part string) error {
	if err := syncFile(part); err != nil {
		return fmt.Errorf("writing the restored database: %w", err)
	}
	if err := os.Rename(part, promised(path)); err != nil {
		return fmt.Errorf("naming the restored database: %w", err)
	}
	return durable(path)
}

func durable(path string) error {
	if err := syncFolder(path); err != nil {
		return fmt.Errorf("making the names durable: %w", err)
	}
	return nil
}

// FinishRestore ends a restore that was cut off after it was decided; aside says
// where the former database is, "" where there was nothing to do. The caller holds
// the lock that keeps instances off the database.
func FinishRestore(url string) (aside string, err error) {
	path, err := pathOf(url)
	if err != nil {
		return "", nil // Open says what is wrong with it
	}
	return finishRestore(path, func(string) error { return nil })
}

// finishRestore moves what stands at path aside and puts the promised database in
// its place. Every step can be cut off and done again: the former database's new
// name is made from the promised one, which stays until the last step.
func finishRestore(path string, at func(step string) error) (aside string, err error) {
	info, err := os.Stat(promised(path))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("looking for a restore that was cut off: %w", err)
	}
	name := path + ".before-" + info.ModTime().UTC().Format("20060102T150405.000Z")
	for _, from := range databaseFiles(path) {
		to := name + strings.TrimPrefix(from, path)
		switch err := os.Rename(from, to); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", fmt.Errorf("moving the former database aside: %w", err)
		}
		if err := at("moved " + strings.TrimPrefix(from, path)); err != nil {
			return "", err
		}
	}
	if err := durable(path); err != nil {
		return "", err
	}
	if err := os.Rename(promised(path), path); err != nil {
		return "", fmt.Errorf("putting the restored database in its place: %w", err)
	}
	if err := durable(path); err != nil {
		return "", err
	}
	if exists(name) {
		aside = name
	}
	return aside, nil
}

// Unserved returns ErrServed where an instance on another machine than the
// claimant's holds the database and shows itself alive within a term. What can't
// be read serves nobody.
func Unserved(ctx context.Context, url string, c Claim) error {
	path, err := pathOf(url)
	if err != nil {
		return err
	}
	if !exists(path) {
		return nil
	}
	db, err := lone(path, "query_only(1)")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // read only
	if c.Term <= 0 {
		c.Term = leaseTerm
	}
	var first leaseRow
	if err := first.scan(db.QueryRowContext(ctx, leaseQuery, instanceLease)); err != nil || first.free(c) {
		return nil
	}
	if c.Waiting != nil {
		c.Waiting(first.holder)
	}
	ticker := time.NewTicker(max(c.Term/looksATerm, time.Millisecond))
	defer ticker.Stop()
	for begun := time.Now(); time.Since(begun) < c.Term; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		var now leaseRow
		if err := now.scan(db.QueryRowContext(ctx, leaseQuery, instanceLease)); err == nil && now != first && now.holder != "" {
			return fmt.Errorf("the database %s: %w (%s)", path, ErrServed, now.holder)
		}
	}
	return nil
}
