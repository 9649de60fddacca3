package bot

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"saqbol/fraud"
)

const (
	answerLife  = 24 * time.Hour   // an answer older than this helps nobody
	clockDoubt  = 24 * time.Hour   // by which the clock of an earlier run may have differed from this one's
	queryLife   = 30 * time.Second // Telegram forgets a press of a button
	queryTries  = 2
	queryCall   = 5 * time.Second        // for one try; the message behind it waits
	calm        = 500 * time.Millisecond // an answer that waits longer goes to the outbox meanwhile
	lockedOut   = 30 * time.Second       // between tries with a token that is refused
	noticeEvery = time.Minute
	wary        = time.Minute // after a failure no answer rides, for nobody would learn of the next one
)

// sender delivers parcels in order per chat, within the limits, as long as it
// takes: what Telegram can't take now is tried again.
type sender struct {
	client  *Client
	journal Journal
	pacer   *pacer
	lanes   *lanes[*parcel]
	sent    *sentRows
	flood   *flood
	log     *slog.Logger
	meter   Meter
	clock   func() time.Time
	bounds  Bounds
	ctx     context.Context // ends when the bot stops for good

	mu      sync.Mutex
	held    map[int64]time.Time // chats that get nothing before this time, for whatever reason
	sweep   int                 // how many of them there may be before those whose time has come are forgotten
	noticed time.Time           // when the log last heard of a failing server
	trouble time.Time           // when a call last failed in a way that may be Telegram's
}

func newSender(ctx context.Context, o Options) *sender {
	s := &sender{client: o.Client, journal: o.Journal, pacer: newPacer(o.Limits), flood: newFlood(), log: o.Log, meter: o.Meter,
		clock: o.Clock, bounds: o.Bounds, ctx: ctx, held: map[int64]time.Time{}, sweep: firstSweep}
	s.sent = newSentRows(o.Journal, o.Log, o.Bounds.Commit)
	s.lanes = newLanes(o.Bounds.Senders, s.run)
	return s
}

// put queues a chat's parcels.
func (s *sender) put(chat int64, parcels ...*parcel) {
	for _, p := range parcels {
		p.begin(s.clock())
	}
	s.lanes.put(chat, parcels...)
}

// run tries a chat's first parcel.
func (s *sender) run(chat int64, p *parcel) next {
	now := time.Now()
	k := p.call()
	if s.stale(k, p) {
		return s.finish(p)
	}
	if wait := max(p.after.Sub(now), s.flood.pause(now)); wait > 0 {
		p.reserved = false // a place taken before the wait would let everybody out at once
		return s.later(p, wait)
	}
	if !p.reserved {
		p.reserved, p.at = true, now.Add(s.pacer.reserve(k, now))
	}
	if wait := p.at.Sub(now); wait > 0 {
		return s.later(p, wait)
	}
	p.reserved = false // used up by this try: the next needs another
	if wait := s.flood.enter(now); wait > 0 {
		return s.later(p, wait)
	}
	message, err := s.attempt(p)
	if s.ctx.Err() != nil && err != nil {
		return next{wait: time.Hour} // stopped in the middle: the outbox, or Telegram, still has it
	}
	return s.judge(chat, p, message, err)
}

// stale reports whether a parcel has waited so long that it is of no use.
func (s *sender) stale(k call, p *parcel) bool {
	age := p.age(time.Now())
	if k.Method == methodQuery {
		return age > queryLife || p.tries >= queryTries
	}
	if age > answerLife {
		s.log.Warn("an answer could not be delivered for a day and is dropped", "method", k.Method)
		return true
	}
	return false
}

// attempt makes the call, and the calls that may stand in for it where Telegram
// refuses it.
func (s *sender) attempt(p *parcel) (message int64, err error) {
	for {
		k := p.call()
		limit := s.bounds.Call
		if k.Method == methodQuery {
			limit = min(limit, queryCall)
		}
		ctx, cancel := context.WithTimeout(s.ctx, limit)
		begun := time.Now()
		message, err = s.client.perform(ctx, k)
		cancel()
		s.meter.Call(methodOf(k.Method), deliveryOf(err), time.Since(begun))
		p.tries++
		mended, settled, ok := k.mend(err)
		if settled {
			return k.Message, nil
		}
		if !ok {
			return message, err
		}
		p.change(mended)
	}
}

func (s *sender) judge(chat int64, p *parcel, message int64, err error) next {
	k := p.call()
	switch out := outcomeOf(err); out.fate {
	case fateDone:
		s.taken(k)
		s.anchor(k, message)
	case fateRefused:
		s.log.Error("Telegram refuses an answer; it is dropped", "method", k.Method, "error", err)
	case fateGone:
		s.gone(chat, k)
	case fateMoved:
		k.Chat = out.chat
		p.change(k)
		return next{}
	case fateWait:
		s.troubles(time.Now())
		return s.limited(chat, p, out.wait)
	default:
		s.troubles(time.Now())
		wait := backoff(p.tries - 1)
		if errors.Is(known(err), ErrToken) {
			wait = lockedOut
		}
		s.notice(err)
		p.after = time.Now().Add(wait)
		return s.later(p, wait)
	}
	return s.finish(p)
}

// later has a parcel tried again; whoever waits for it is told if that is too long.
func (s *sender) later(p *parcel, wait time.Duration) next {
	if wait > calm {
		s.hold(p.call().Chat, time.Now().Add(wait))
		p.delay()
	}
	return next{wait: wait}
}

// finish ends a parcel and has its row taken off the outbox. What stands behind it
// waits for that: where the program dies, one answer a chat comes twice, no more.
func (s *sender) finish(p *parcel) next {
	if told := s.drop(p); told != nil {
		select {
		case <-told:
		case <-s.ctx.Done():
		}
	}
	return next{done: true}
}

// drop ends a parcel; told is nil where nobody need wait for its row's end.
func (s *sender) drop(p *parcel) (told <-chan struct{}) {
	if row := p.finish(); row != 0 {
		told = s.sent.add(row)
	}
	return told
}

// saved notes the outbox's row of a parcel that may be on its way already.
func (s *sender) saved(p *parcel, row int64) {
	if p.saved(row) {
		s.sent.add(row)
	}
}

// anchor notes the message that the conversation goes on in.
func (s *sender) anchor(k call, message int64) {
	if !k.Anchor || message == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.bounds.Commit)
	defer cancel()
	if err := s.journal.Anchor(ctx, k.Person, message); err != nil {
		s.log.Error("a conversation's message is not noted; its next step comes as a new message", "error", err)
	}
}

// hold notes that a chat gets nothing for a while.
func (s *sender) hold(chat int64, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.held) >= s.sweep {
		forgetPast(s.held, time.Now())
		s.sweep = max(firstSweep, 2*len(s.held)) // not at each call where many wait for long
	}
	s.held[chat] = until
}

// holds reports whether answers to a chat have to wait.
func (s *sender) holds(chat int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Before(s.held[chat])
}

func forgetPast(times map[int64]time.Time, now time.Time) {
	for id, at := range times {
		if !at.After(now) {
			delete(times, id)
		}
	}
}

// gone marks a person as gone and drops what waits for their chat.
func (s *sender) gone(chat int64, k call) {
	for _, waiting := range s.lanes.clear(chat) {
		s.drop(waiting)
	}
	s.depart(k)
}

// depart marks whom a call is for as gone.
func (s *sender) depart(k call) {
	if k.Chat <= 0 || k.Person == 0 {
		s.log.Info("a group has shut the bot out; its answers are dropped")
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.bounds.Commit)
	defer cancel()
	gone := true
	if _, err := s.journal.Commit(ctx, fraud.Change{Person: k.Person, Now: s.clock().UTC(), Gone: &gone}); err != nil {
		s.log.Error("a person who blocked the bot is not marked as gone", "error", err)
	}
}

// limited has a parcel wait for as long as Telegram says, and everybody where the
// limit turns out to be the bot's.
func (s *sender) limited(chat int64, p *parcel, wait time.Duration) next {
	now := time.Now()
	k := p.call()
	if paced(k) && s.flood.refused(chat, wait, now) {
		s.log.Warn("Telegram limits the whole bot; all answers wait until it takes one", "seconds", int(wait.Seconds()))
	}
	p.after = now.Add(wait)
	if k.Method == methodQuery && p.age(now)+wait > queryLife {
		return s.finish(p) // by then it is forgotten, and what stands behind it would have waited for nothing
	}
	return s.later(p, wait)
}

// taken notes that Telegram took a call, which ends a wait of everybody.
func (s *sender) taken(k call) {
	if paced(k) && s.flood.taken() {
		s.log.Info("Telegram takes answers again")
		s.lanes.wakeAll()
	}
}

// troubles notes that Telegram does not take everything now.
func (s *sender) troubles(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = now
}

// troubled reports whether that was a short while ago.
func (s *sender) troubled(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.trouble.IsZero() && now.Sub(s.trouble) < wary
}

// notice logs a server that fails, once a minute however many answers it holds up.
func (s *sender) notice(err error) {
	s.mu.Lock()
	now := time.Now()
	silent := now.Sub(s.noticed) < noticeEvery
	if !silent {
		s.noticed = now
	}
	s.mu.Unlock()
	if !silent {
		s.log.Warn("answers can't be delivered now; they are kept and tried again", "error", err)
	}
}
