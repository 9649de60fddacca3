package storage

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"

	"saqbol/storage/seal"
)

// WitnessSuffix is what the name of a database's witness ends with: a file of a
// few bytes beside it that says how many transactions were stored.
const WitnessSuffix = "-count"

// witness notes after each transaction that it was stored. SQLite ends a
// write-ahead log at the first byte that is wrong and says nothing of what stood
// behind it: what was acknowledged would be gone, and asked for it would have no
// reports. The witness knows. It is written without waiting for the disk, after
// the transaction has reached it: so it may lag behind, and is never ahead.
type witness struct {
	path string
	keys *seal.Keys

	mu   sync.Mutex
	file *os.File // nil where it is missing, until something is noted
	n    int64
}

const witnessSize = 8 + seal.MarkSize

// readWitness reads what the witness beside a database says: nothing where it is
// missing, or is not as it was written. From then on the file is held open: should
// a restore move the database aside under a tool that has it open, the tool's
// count goes with that, and is not noted beside the new one.
func readWitness(path string, keys *seal.Keys) *witness {
	w := &witness{path: path + WitnessSuffix, keys: keys}
	if file, err := os.OpenFile(w.path, os.O_RDWR, 0); err == nil {
		w.file = file
	}
	content, err := os.ReadFile(w.path)
	if err != nil || len(content) != witnessSize {
		return w
	}
	if mark := keys.Mark(witnessed(content[:8])); bytes.Equal(mark[:], content[8:]) {
		w.n = int64(binary.BigEndian.Uint64(content))
	}
	return w
}

func witnessed(n []byte) marking { return markingOf("commits").bytes(n) }

// note notes that n transactions are stored. Where it can't be written there is
// one guard less, and nothing else is lost.
func (w *witness) note(n int64) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if n <= w.n {
		return
	}
	if w.file == nil {
		file, err := os.OpenFile(w.path, os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return
		}
		w.file = file
	}
	content := binary.BigEndian.AppendUint64(nil, uint64(n))
	mark := w.keys.Mark(witnessed(content))
	if _, err := w.file.WriteAt(append(content, mark[:]...), 0); err == nil {
		w.n = n
	}
}

func (w *witness) close() error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}

// complete holds the database against its witness.
func (s *Store) complete(ctx context.Context) error {
	if s.witness == nil || s.witness.n == 0 {
		return nil
	}
	version, err := s.engine.schema().version(ctx, s.read.db)
	if err != nil {
		return err
	}
	var n int64
	if version >= marksSince { // no transaction was counted before
		if err := s.read.db.QueryRowContext(ctx, `SELECT n FROM commits WHERE id = 1`).Scan(&n); err != nil {
			return fmt.Errorf("counting transactions: %w", err)
		}
	}
	if missing := s.witness.n - n; missing > 0 {
		return fmt.Errorf("%w; its last %d changes are missing (if this is an older copy put here on purpose, remove the file beside it that ends in %s)",
			ErrDamaged, missing, WitnessSuffix)
	}
	return nil
}

// counted counts a transaction, where they are counted.
func (s *Store) counted(ctx context.Context, t *tx) (n int64, err error) {
	if !s.engine.single() {
		return 0, nil
	}
	err = t.row(ctx, `UPDATE commits SET n = n + 1 WHERE id = 1 RETURNING n`).Scan(&n)
	if err != nil {
		err = errors.Join(errors.New("counting the transaction failed"), err)
	}
	return n, err
}
