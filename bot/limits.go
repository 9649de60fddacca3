package bot

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits is how fast answers go out. Zero fields mean Telegram's own limits.
type Limits struct {
	ChatEvery  time.Duration // between messages to one person once the burst is used up; one second
	ChatBurst  int           // messages to one person at once; 5
	GroupEvery time.Duration // between messages to one group; four seconds, so that a minute with its burst stays at 20
	GroupBurst int           // messages to one group at once; 5
	PerSecond  int           // calls to everybody; 30
	Burst      int           // calls to everybody at once; 30
}

func (l Limits) withDefaults() Limits {
	return Limits{
		ChatEvery: or(l.ChatEvery, time.Second), ChatBurst: or(l.ChatBurst, 5),
		GroupEvery: or(l.GroupEvery, 4*time.Second), GroupBurst: or(l.GroupBurst, 5),
		PerSecond: or(l.PerSecond, 30), Burst: or(l.Burst, 30),
	}
}

// or returns value, or standard where value is zero.
func or[T comparable](value, standard T) T {
	var zero T
	if value == zero {
		return standard
	}
	return value
}

// pacer says when a call may be made. The times it is given are time.Now's: their
// differences are monotonic, so nobody waits longer, or less, when the clock is set.
type pacer struct {
	limits  Limits
	overall *rate.Limiter
	notices *rate.Limiter // while answers wait
	sparing sync.Mutex    // one notice at a time asks for a place

	mu    sync.Mutex
	chats map[int64]*rate.Limiter
	sweep int // how many chats there may be before the rested ones are forgotten
}

const firstSweep = 4096

func newPacer(limits Limits) *pacer {
	limits = limits.withDefaults()
	return &pacer{limits: limits, overall: rate.NewLimiter(rate.Limit(limits.PerSecond), limits.Burst),
		notices: rate.NewLimiter(rate.Limit(limits.PerSecond)/2, 1), chats: map[int64]*rate.Limiter{}, sweep: firstSweep}
}

// paced reports whether a call counts as a message to its chat. A query's answer
// is none, and neither is a deletion: they count overall only.
func paced(k call) bool { return k.Method != methodQuery && k.Method != methodDelete }

// reserve takes a place for the call and returns how long to wait for it.
func (p *pacer) reserve(k call, now time.Time) time.Duration {
	wait := p.overall.ReserveN(now, 1).DelayFrom(now)
	if !paced(k) {
		return wait
	}
	return max(wait, p.chat(k.Chat, now).ReserveN(now, 1).DelayFrom(now))
}

// free takes a place only if there is one now.
func (p *pacer) free(k call, now time.Time) bool {
	if paced(k) && p.chat(k.Chat, now).TokensAt(now) < 1 {
		return false
	}
	if p.overall.TokensAt(now) < 1 {
		return false
	}
	return p.reserve(k, now) == 0
}

// spare takes a place for a notice, which nobody waits for, only if there is one now
// and room is left for answers: one more to this chat, and half of a burst overall.
// While answers wait, notices get at most half of the overall rate.
func (p *pacer) spare(k call, now time.Time, waiting bool) bool {
	p.sparing.Lock()
	defer p.sparing.Unlock()
	chat := p.chat(k.Chat, now)
	if chat.TokensAt(now) < float64(min(2, chat.Burst())) || p.overall.TokensAt(now) < float64(1+p.overall.Burst()/2) {
		return false
	}
	if waiting && !p.notices.AllowN(now, 1) {
		return false
	}
	return p.reserve(k, now) == 0
}

func (p *pacer) chat(chat int64, now time.Time) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if limiter, ok := p.chats[chat]; ok {
		return limiter
	}
	if len(p.chats) >= p.sweep {
		for id, limiter := range p.chats {
			if limiter.TokensAt(now) >= float64(limiter.Burst()) {
				delete(p.chats, id)
			}
		}
		p.sweep = max(firstSweep, 2*len(p.chats))
	}
	every, burst := p.limits.ChatEvery, p.limits.ChatBurst
	if chat < 0 {
		every, burst = p.limits.GroupEvery, p.limits.GroupBurst
	}
	limiter := rate.NewLimiter(rate.Every(every), burst)
	p.chats[chat] = limiter
	return limiter
}
