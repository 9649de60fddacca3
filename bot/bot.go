package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"saqbol/fraud"
)

// Bot takes updates in, has them answered and sends the answers.
type Bot struct {
	options  Options
	log      *slog.Logger
	me       self
	render   renderer
	recent   *recent
	dispatch *lanes[*job]
	sender   *sender
	backlog  *backlog
	noticer  *noticer
	replayer *replayer
	turns    *turns // nil where there are no replicas
	refused  strangers
	health   health
	open     atomic.Bool // updates are taken in

	ctx  context.Context // of the work itself; outlives Run's by the time to drain
	halt context.CancelCauseFunc
	back sync.WaitGroup // the flusher and the profile
	dice sync.Mutex     // Random is read by one at a time
}

// New builds a Bot. It makes no call; Run does.
func New(o Options) (*Bot, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	b := &Bot{
		options: o,
		log:     o.Log,
		me:      self{id: o.Client.ID(), username: o.Client.Username()},
		render:  renderer{catalogue: o.Catalogue, clock: o.Clock},
		recent:  newRecent(),
		refused: strangers{log: o.Log},
	}
	b.ctx, b.halt = context.WithCancelCause(context.Background())
	b.sender = newSender(b.ctx, o)
	b.backlog = newBacklog(o.Journal, o.Log, b.sender.put)
	b.dispatch = newLanes(o.Bounds.Handlers, b.run)
	b.replayer = &replayer{box: o.Journal, take: b.replay, log: o.Log, commit: o.Bounds.Commit}
	busy := func(chat int64) bool { return b.dispatch.has(chat) || b.sender.lanes.has(chat) }
	if b.turns = newTurns(o); b.turns != nil {
		b.backlog.done = true // whoever takes a chat's turn takes over its answers
		b.turns.adopt, b.turns.busy, b.turns.owing = b.backlog.adopt, busy, b.sender.sent.owing
		b.dispatch.emptied, b.sender.lanes.emptied = b.turns.over, b.turns.over
	}
	b.noticer = newNoticer(o, b.sender, b.turns, busy)
	return b, nil
}

// introduceAfter keeps the dozen calls that introduce the bot from delaying the
// answers to whoever has waited for the start.
const introduceAfter = 300 * time.Millisecond

// Run takes updates in until ctx ends and then stops gracefully: what was taken
// in is finished and sent within Bounds.Drain; answers that could not be sent
// stay in the outbox for the next start. It returns nil after such a stop,
// ErrToken where Telegram refuses the token, ErrUnreachable where the webhook
// can't be set, and fraud.ErrFenced where the journal, or the cause of ctx's end,
// says that another instance has taken over: then nothing more is said or
// acknowledged, because that instance will. A Bot runs once.
func (b *Bot) Run(ctx context.Context) error {
	defer b.halt(nil)
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	defer context.AfterFunc(b.ctx, func() { end(context.Cause(b.ctx)) })()
	beside, stopBeside := context.WithCancel(ctx)
	defer stopBeside()
	if err := b.resume(beside); err != nil {
		if ctx.Err() != nil && !errors.Is(context.Cause(ctx), fraud.ErrFenced) {
			return nil // told to stop before it had begun
		}
		return err
	}
	flushing, stopFlushing := context.WithCancel(b.ctx)
	defer stopFlushing()
	b.back.Go(func() { b.sender.sent.run(flushing) })
	b.back.Go(func() {
		if sleep(beside, introduceAfter) {
			b.introduce(beside)
		}
	})
	noticed := make(chan struct{})
	b.back.Go(func() {
		defer close(noticed)
		b.options.Alone(beside, "notices", b.noticer.run)
	})
	b.back.Go(func() { b.options.Alone(beside, "letters", b.replayer.run) })
	if b.turns != nil {
		b.back.Go(func() { b.turns.run(flushing) })
		b.back.Go(func() { b.turns.sweep(beside, b.crowded) })
	}
	var err error
	var poll *poller
	if b.options.Webhook.URL == "" {
		poll = newPoller(b)
		err = poll.run(ctx)
	} else {
		err = b.serve(ctx)
	}
	stopBeside() // ctx goes on where it was Telegram that ended the run
	b.open.Store(false)
	confirmed := make(chan struct{})
	if errors.Is(context.Cause(ctx), fraud.ErrFenced) {
		err = fraud.ErrFenced
		close(confirmed)
	} else {
		b.drain(noticed)
		go func() { // Telegram may hang, and so may the store
			defer close(confirmed)
			if poll != nil && err == nil {
				poll.confirm()
			}
		}()
	}
	stopFlushing()
	b.halt(nil)
	b.dispatch.close()
	b.sender.lanes.close()
	b.back.Wait()
	last, cancel := context.WithTimeout(context.Background(), lastFlush)
	defer cancel()
	b.sender.sent.flush(last)
	if b.turns != nil {
		b.turns.give(last)
	}
	<-confirmed
	return err
}

// resume queues the answers that the last run could not deliver: the first page
// before anything new is taken in, the rest beside. Among replicas no run is the
// last: what waits may be on its way elsewhere.
func (b *Bot) resume(ctx context.Context) error {
	if b.turns != nil {
		return nil
	}
	if err := b.backlog.begin(ctx); err != nil {
		return fmt.Errorf("reading the answers that wait in the outbox: %w", err)
	}
	if !b.backlog.finished() {
		b.back.Go(func() {
			b.backlog.run(ctx, b.crowded)
		})
	}
	return nil
}

// serve has updates delivered to the webhook until ctx ends.
func (b *Bot) serve(ctx context.Context) error {
	b.open.Store(true) // Telegram may deliver before its answer is here
	for tries := 0; ; tries++ {
		err := b.setWebhook(ctx)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return nil
		}
		if out := outcomeOf(err); out.fate == fateRefused || errors.Is(known(err), ErrToken) {
			return fmt.Errorf("telling Telegram where to deliver updates: %w", known(err))
		}
		b.log.Warn("the webhook is not set yet", "error", err)
		if !sleep(ctx, backoff(tries)) {
			return nil
		}
	}
	b.health.started(time.Now())
	b.log.Info("updates come by webhook", "bot", b.me.username)
	<-ctx.Done()
	return nil
}

// drain finishes what was taken in, and sends what can be sent; of the notices
// only those whose call is being made.
func (b *Bot) drain(noticed <-chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), b.options.Bounds.Drain)
	defer cancel()
	handled := b.dispatch.drained(ctx)
	sent := b.sender.lanes.drained(ctx)
	select {
	case <-noticed:
	case <-ctx.Done():
	}
	if handled != nil || sent != nil {
		b.log.Warn("stopping with work left; Telegram delivers the updates again, the outbox keeps the answers",
			"updates", b.dispatch.length(), "answers", b.sender.lanes.length())
	}
}

// crowded reports whether so much waits that more would only fill the memory.
func (b *Bot) crowded() bool { return b.sender.lanes.length() >= b.options.Bounds.Answers/2 }

// full reports whether there is so much to do that nothing more is taken in.
func (b *Bot) full() bool {
	return b.dispatch.length() >= b.options.Bounds.Updates || b.sender.lanes.length() >= b.options.Bounds.Answers
}

// sleep waits; it reports false if ctx ended first.
func sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
