package bot

import (
	"context"
	"errors"
	"sync"
	"time"
)

// staleAfter is how old the last successful request for updates may be: two of
// Telegram's long polls and a little.
const staleAfter = 2 * time.Minute

// Health is how the edge is doing.
type Health struct {
	Started  time.Time // when updates could first come, zero before that
	LastPoll time.Time // the last successful request for updates; zero with a webhook
	Conflict bool      // another program polls with this token
	Updates  int       // taken in, not yet handled
	Answers  int       // not yet delivered
}

type health struct {
	mu   sync.Mutex
	seen Health
}

func (h *health) started(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seen.Started.IsZero() {
		h.seen.Started = at
	}
}

func (h *health) polled(at time.Time) {
	h.started(at)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen.LastPoll, h.seen.Conflict = at, false
}

// conflict notes that another program polls; it reports true the first time.
func (h *health) conflict() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := !h.seen.Conflict
	h.seen.Conflict = true
	return first
}

// Health reports how the edge is doing.
func (b *Bot) Health() Health {
	b.health.mu.Lock()
	seen := b.health.seen
	b.health.mu.Unlock()
	seen.Updates, seen.Answers = b.dispatch.length(), b.sender.lanes.length()
	return seen
}

// Ready returns nil while updates come in, and else what keeps them out.
func (b *Bot) Ready(context.Context) error {
	h := b.Health()
	switch {
	case !b.open.Load() || h.Started.IsZero():
		return errors.New("the bot takes no updates in yet, or no more")
	case h.Conflict:
		return errors.New("another program polls with this token")
	case b.options.Webhook.URL == "" && b.options.Clock().Sub(h.LastPoll) > staleAfter:
		return errors.New("the Bot API gives no updates")
	case b.full():
		return errors.New("the bot has more to do than it can take")
	}
	return nil
}
