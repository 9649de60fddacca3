package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the driver

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/seal"
)

// fill makes both databases: SaqBol's own, sealed and marked, in which people
// have reported one number of ten, and one with as many rows for the plain lookup
// of the peers, who have no keys.
func fill(folder string, numbers int) error {
	var reported []string
	for i := 0; i < numbers; i += reportedEvery {
		reported = append(reported, "+7"+strconv.Itoa(firstNumber+i))
	}
	if err := fillPeers(filepath.Join(folder, "peers.db"), reported); err != nil {
		return fmt.Errorf("filling the peers' database: %w", err)
	}
	if err := fillSaqBol(folder, reported); err != nil {
		return fmt.Errorf("filling SaqBol's database: %w", err)
	}
	return nil
}

func fillPeers(path string, reported []string) (err error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	ctx := context.Background()
	if _, err = db.ExecContext(ctx, `CREATE TABLE subjects (subject BLOB PRIMARY KEY, reporters INTEGER NOT NULL) WITHOUT ROWID`); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, number := range reported {
		key := sha256.Sum256([]byte(number))
		if _, err := tx.ExecContext(ctx, `INSERT INTO subjects VALUES (?, 1)`, key[:16]); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

func fillSaqBol(folder string, reported []string) (err error) {
	if err := os.MkdirAll(filepath.Join(folder, "data"), 0o700); err != nil {
		return err
	}
	keys, _, err := seal.LoadOrCreate(filepath.Join(folder, "saqbol.key"))
	if err != nil {
		return err
	}
	ctx := context.Background()
	store, err := storage.Open(ctx, "sqlite:"+filepath.Join(folder, "data", "saqbol.db"), keys)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	now := time.Now().UTC()
	for i, number := range reported {
		code, err := fraud.NewCode(rand.Reader)
		if err != nil {
			return err
		}
		ref := keys.Tokens().Identify(fraud.Subject{Kind: fraud.KindPhone, Value: number, Shown: number, Country: "KZ"})
		report := &fraud.Report{Code: code, Subjects: []fraud.Ref{ref}, Status: fraud.StatusReceived, Created: now, Updated: now,
			Details: fraud.Details{Scenario: fraud.ScenarioSafeAccount, Loss: fraud.LossNothing, When: now}}
		if _, err := store.Commit(ctx, fraud.Change{Person: int64(9_000_000_000 + i), Now: now, File: report}); err != nil {
			return err
		}
	}
	return nil
}
