package bot

import (
	"log/slog"
	"sync"
	"time"
)

// strangers logs requests that came to the webhook without its secret: at once the
// first one, then once a minute how many there were, so that a flood of them is no
// flood of lines. Nothing of a request is logged.
type strangers struct {
	log *slog.Logger

	mu    sync.Mutex
	count int
	last  time.Time // the last line
}

func (s *strangers) seen(now time.Time) {
	s.mu.Lock()
	s.count++
	count := s.count
	silent := !s.last.IsZero() && now.Sub(s.last) < noticeEvery
	if !silent {
		s.count, s.last = 0, now
	}
	s.mu.Unlock()
	if !silent {
		s.log.Warn("requests to the webhook without its secret are refused: somebody tries, or WEBHOOK_SECRET is not the one Telegram was told", "count", count)
	}
}
