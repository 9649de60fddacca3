package storage

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"
)

// ids makes numbers for rows, without asking the database for the next: a sequence
// would be one more thing that all replicas wait for. A number is the time in
// milliseconds (41 bits, until 2089), a count within it (10) and the Store that
// makes it (12), drawn at its start. Numbers of a Store only grow, whatever its
// clock does, and lie behind all that it has seen. Should two Stores have drawn the
// same 12 bits, the second to store a number meets the first one's row, and draws
// anew (pool.again).
type ids struct {
	clock  func() time.Time
	random io.Reader

	mu   sync.Mutex
	last int64
	node int64
}

const (
	nodeBits  = 12
	countBits = 10
	idsSince  = 1_577_836_800_000 // 2020, Unix milliseconds
)

func newIDs(clock func() time.Time, random io.Reader) (*ids, error) {
	i := &ids{clock: clock, random: random}
	return i, i.draw()
}

// draw makes another node of this Store.
func (i *ids) draw() error {
	var drawn [2]byte
	if _, err := io.ReadFull(i.random, drawn[:]); err != nil {
		return fmt.Errorf("reading randomness: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.node = int64(binary.BigEndian.Uint16(drawn[:])) % (1 << nodeBits)
	return nil
}

func (i *ids) next() int64 {
	now := max(0, i.clock().UnixMilli()-idsSince) << (nodeBits + countBits)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last = max(now, (i.last|(1<<nodeBits-1))+1) // the next count, or the next millisecond
	return i.last | i.node
}

// seen keeps the numbers to come behind one that is there.
func (i *ids) seen(id int64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last = max(i.last, id)
}

// seeIDs sees the numbers of the rows that are there.
func (s *Store) seeIDs(ctx context.Context) error {
	for _, query := range []string{`SELECT COALESCE(MAX(id), 0) FROM outbox`, `SELECT COALESCE(MAX(id), 0) FROM notices`,
		`SELECT COALESCE(MAX(id), 0) FROM dead_letters`} {
		newest, err := s.count(ctx, query)
		if err != nil {
			return fmt.Errorf("looking for the newest rows: %w", err)
		}
		s.ids.seen(int64(newest))
	}
	return nil
}
