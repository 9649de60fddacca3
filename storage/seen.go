package storage

import (
	"context"
	"sync"
)

// newestMark knows the highest number of an update that may be marked as handled.
// Telegram numbers updates upwards, so nearly every update that comes is above it,
// and the database need not be asked.
type newestMark struct {
	mu    sync.Mutex
	known bool // id counts what the database held at the start, too
	id    int64
}

// raise notes a mark that is about to be stored; whether it then is, is no matter.
func (n *newestMark) raise(id int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.id = max(n.id, id)
}

// above reports whether an update is above every mark. ask tells the highest one in
// the database; it is called once.
func (n *newestMark) above(id int64, ask func() (int64, error)) (bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.known {
		stored, err := ask()
		if err != nil {
			return false, err
		}
		n.id, n.known = max(n.id, stored), true
	}
	return id > n.id, nil
}

// Seen reports whether an update's effect is stored.
func (s *Store) Seen(ctx context.Context, update int64) (seen bool, err error) {
	defer s.measure(OpSeen, s.begun(), &err)
	if s.instance != nil && s.engine.single() { // nobody else marks updates
		above, err := s.handled.above(update, func() (int64, error) {
			n, err := s.count(ctx, `SELECT COALESCE(MAX(update_id), 0) FROM handled`)
			return int64(n), err
		})
		if err != nil {
			return false, s.unreadable("looking for the newest update's mark", err)
		}
		if above {
			return false, nil
		}
	}
	n, err := s.count(ctx, `SELECT COUNT(*) FROM handled WHERE update_id = $1`, update)
	if err != nil {
		return false, s.unreadable("looking for an update's mark", err)
	}
	return n > 0, nil
}
