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
	// When an update came in last, by the webhook or by polling; zero before the first.
	LastUpdate time.Time
	// How long the oldest update has waited for its turn and its answers, and how
	// long the oldest one that is not acknowledged; by polling that one holds the
	// offset. 0 where none waits.
	UpdateWait, OffsetWait time.Duration
	AnswerWait             time.Duration // since the oldest answer not yet delivered was made
	Turns                  int           // chats that are this replica's now; 0 where there are no replicas
}

// health notes times of time.Now: their differences are monotonic, so a clock that is
// set makes nothing look old.
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

// came notes that an update came in.
func (h *health) came(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen.LastUpdate = at
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
	seen.Turns = b.turns.length()
	return seen
}

// Waiting is Health with how long the oldest have waited, for which every queue is
// walked through: not for each request, but for a look every few seconds.
func (b *Bot) Waiting() Health {
	h := b.Health()
	h.UpdateWait = age(time.Now(), b.dispatch.oldest(func(j *job) time.Time { return j.entry.taken }))
	h.OffsetWait = age(time.Now(), b.recent.oldest())
	h.AnswerWait = age(time.Now(), b.sender.lanes.oldest(func(p *parcel) time.Time { return p.since.Add(-p.before) }))
	return h
}

// age is how long ago something was, 0 for never and for a clock that went back.
func age(now, then time.Time) time.Duration {
	if then.IsZero() {
		return 0
	}
	return max(0, now.Sub(then))
}

// Ready returns nil while updates come in, and else what keeps them out.
func (b *Bot) Ready(context.Context) error {
	h := b.Health()
	switch {
	case !b.open.Load() || h.Started.IsZero():
		return errors.New("the bot takes no updates in yet, or no more")
	case h.Conflict:
		return errors.New("another program polls with this token")
	case b.options.Webhook.URL == "" && time.Since(h.LastPoll) > staleAfter:
		return errors.New("the Bot API gives no updates")
	case b.full():
		return errors.New("the bot has more to do than it can take")
	}
	return nil
}
