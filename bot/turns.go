package bot

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"saqbol/fraud"
)

const (
	turnPatience = 20 * time.Second      // for another replica's turn to end; then the update is refused and comes again
	turnLook     = 5 * time.Millisecond  // between the first looks whether it has; then longer
	turnLooks    = 80 * time.Millisecond // at the most
	strandedLook = time.Second           // between looks for answers that nobody sends
	strandedPage = 100                   // chats with such answers that are taken over at once
)

// Turns gives one replica at a time the right to work for a chat: to handle its
// updates and to send its answers.
type Turns interface {
	// TakeTurn takes a chat's turn and returns the token that proves it (fraud.Turn);
	// 0 where another replica that lives has it.
	TakeTurn(ctx context.Context, chat int64) (token int64, err error)
	// GiveTurns gives turns back: tokens by chat. Those that are no longer this
	// replica's are no matter. With them it marks the updates that were answered in
	// these turns as handled, where nothing else has.
	GiveTurns(ctx context.Context, turns map[int64]int64, answered []int64) error
	// Stranded returns chats whose answers wait while nobody has their turn, at most
	// limit.
	Stranded(ctx context.Context, limit int) (chats []int64, err error)
}

// turns are the chats for which this replica works. A turn is taken before anything
// is read for a chat, and given back once nothing of the chat is under way here. Nil
// where no other replica is: then every chat is this one's, always.
type turns struct {
	store  Turns
	adopt  func(ctx context.Context, chat int64) error // queues the answers that wait for a chat
	busy   func(chat int64) bool                       // something of a chat is under way
	owing  func() bool                                 // answers were delivered, and the outbox does not know
	meter  Meter
	log    *slog.Logger
	commit time.Duration // for one write to the store

	owed     map[int64]int64 // given up here, and the store does not know
	answered []int64         // updates answered in them

	mu   sync.Mutex
	held map[int64]*hold

	ends  sync.Mutex // never locked before mu
	ended map[int64]struct{}
	news  chan struct{} // something has ended
}

// hold is a turn that is being taken, or is held.
type hold struct {
	token  int64 // 0 while it is being taken
	ready  bool  // what waited for the chat is queued
	taking bool  // somebody is taking it, or reads what waits
	pins   int   // who uses it besides the chat's lanes

	answered []int64 // updates that the store knows nothing of
}

func newTurns(o Options) *turns {
	if o.Turns == nil {
		return nil
	}
	return &turns{store: o.Turns, meter: o.Meter, log: o.Log, commit: o.Bounds.Commit,
		owed: map[int64]int64{}, held: map[int64]*hold{}, ended: map[int64]struct{}{}, news: make(chan struct{}, 1)}
}

// enter takes a chat's turn where this replica does not have it yet, and queues
// what waits for the chat, so that whatever comes now comes behind. ok is false
// where another replica has it. The caller's work must show as busy, or pin it.
func (t *turns) enter(ctx context.Context, chat int64, pin bool) (ok bool, err error) {
	if t == nil || chat == 0 { // what belongs to no chat has no order
		return true, nil
	}
	t.mu.Lock()
	h := t.held[chat]
	switch {
	case h == nil:
		h = &hold{taking: true}
		t.held[chat] = h
	case h.taking:
		t.mu.Unlock()
		return false, nil
	case h.ready:
		h.pin(pin)
		t.mu.Unlock()
		return true, nil
	default:
		h.taking = true
	}
	token := h.token
	t.mu.Unlock()
	if token == 0 {
		token, err = t.store.TakeTurn(ctx, chat)
	}
	if token != 0 && err == nil {
		err = t.adopt(ctx, chat)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	h.token, h.taking, h.ready = token, false, token != 0 && err == nil
	switch {
	case h.ready:
		h.pin(pin)
	case token == 0:
		delete(t.held, chat)
	default:
		t.over(chat) // it is given back unless somebody tries again
	}
	return h.ready, err
}

func (h *hold) pin(pin bool) {
	if pin {
		h.pins++
	}
}

// leave is the end of what enter pinned.
func (t *turns) leave(chat int64) {
	if t == nil || chat == 0 {
		return
	}
	t.mu.Lock()
	if h := t.held[chat]; h != nil {
		h.pins--
	}
	t.mu.Unlock()
	t.over(chat)
}

// of is the proof that a chat's turn is this replica's; the zero Turn proves
// nothing, and is right where there are no other replicas.
func (t *turns) of(chat int64) fraud.Turn {
	if t == nil || chat == 0 {
		return fraud.Turn{}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if h := t.held[chat]; h != nil {
		return fraud.Turn{Chat: chat, Token: h.token}
	}
	return fraud.Turn{Chat: chat}
}

// length is how many turns are held.
func (t *turns) length() int {
	if t == nil {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.held)
}

// over notes that something of a chat has ended: its turn may be free.
func (t *turns) over(chat int64) {
	t.ends.Lock()
	t.ended[chat] = struct{}{}
	t.ends.Unlock()
	t.signal()
}

func (t *turns) signal() {
	select {
	case t.news <- struct{}{}:
	default:
	}
}

// run gives turns back as they become free, all those at a time that became free
// while the last were being given, until ctx ends.
func (t *turns) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.news:
		}
		if t.give(ctx) {
			continue
		}
		if !sleep(ctx, strandedLook) {
			return
		}
		t.signal()
	}
}

// give gives back what is free; it reports false where that is to be tried again.
// Only one goroutine at a time may.
func (t *turns) give(ctx context.Context) bool {
	if t.owing() {
		return false // whoever takes the chat next would send its last answers again
	}
	free, answered := t.free()
	maps.Copy(t.owed, free)
	t.answered = append(t.answered, answered...)
	if len(t.owed) == 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, t.commit)
	defer cancel()
	if err := t.store.GiveTurns(ctx, t.owed, t.answered); err != nil {
		t.log.Warn("chats can't be given back to the other replicas now; trying on", "error", err)
		return false
	}
	clear(t.owed)
	t.answered = t.answered[:0]
	return true
}

// answer notes that an update of a chat is answered and done, while the store does
// not know of it: another replica may be given it too.
func (t *turns) answer(chat, update int64) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if h := t.held[chat]; h != nil {
		h.answered = append(h.answered, update)
	}
}

// free takes away, out of those in which something has ended, the turns of chats in
// which nothing is under way any more, and the updates answered in them.
func (t *turns) free() (free map[int64]int64, answered []int64) {
	t.ends.Lock()
	ended := t.ended
	t.ended = map[int64]struct{}{}
	t.ends.Unlock()
	free = map[int64]int64{}
	t.mu.Lock()
	defer t.mu.Unlock()
	for chat := range ended {
		if h := t.held[chat]; h != nil && !h.taking && h.pins == 0 && !t.busy(chat) {
			free[chat] = h.token
			answered = append(answered, h.answered...)
			delete(t.held, chat)
		}
	}
	return free, answered
}

// sweep takes over, until ctx ends, the chats whose answers wait while nobody has
// their turn: a replica has died with them, or has stopped. full says that enough
// waits here already.
func (t *turns) sweep(ctx context.Context, full func() bool) {
	failed := false
	for first := true; first || sleep(ctx, strandedLook/2+rand.N(strandedLook)); first = false {
		if full() {
			continue
		}
		err := t.rescue(ctx)
		if err != nil && !failed && ctx.Err() == nil {
			t.log.Error("the answers that other replicas have left can't be read now; trying on", "error", err)
		}
		failed = err != nil
	}
}

func (t *turns) rescue(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.commit)
	defer cancel()
	chats, err := t.store.Stranded(ctx, strandedPage)
	if err != nil {
		return err
	}
	taken := 0
	for _, chat := range chats {
		ok, err := t.enter(ctx, chat, true)
		if err != nil {
			return err
		}
		if ok {
			taken++
			t.leave(chat)
		}
	}
	if taken > 0 {
		t.log.Info("answers that nobody was sending are being delivered", "chats", taken)
	}
	return nil
}

// turn has a job wait until its chat's turn is this replica's; ok says that it is,
// or that the store can't tell: then the person is to hear of that.
func (b *Bot) turn(chat int64, j *job) (wait next, ok bool) {
	if b.turns == nil {
		return next{}, true
	}
	ctx, cancel := context.WithTimeout(b.ctx, b.options.Bounds.Commit)
	defer cancel()
	if j.waited.IsZero() {
		j.waited = time.Now()
	}
	switch ok, err := b.turns.enter(ctx, chat, false); {
	case ok:
		b.options.Meter.Turn(time.Since(j.waited))
		return next{}, true
	case err != nil:
		j.turnless = err
		return next{}, true
	case b.options.Webhook.URL != "" && (time.Since(j.entry.taken) > turnPatience || !b.open.Load()):
		b.refuse(j)
		return next{done: true}, false
	}
	j.looks++
	most := min(turnLook<<min(j.looks, 10), turnLooks)
	return next{wait: most/2 + rand.N(most)}, false
}

// refuse lets an update go that could not be begun: it comes again.
func (b *Bot) refuse(j *job) {
	if j.acked = true; j.letter != nil {
		close(j.entry.done) // it is still marked
	} else {
		b.recent.refuse(j.entry)
	}
}
