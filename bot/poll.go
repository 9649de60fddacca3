package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	tg "github.com/go-telegram/bot"
)

const (
	batchSize    = 100
	pollGrace    = 15 * time.Second       // for the network, on top of the time Telegram holds a request
	windowPause  = 100 * time.Millisecond // between looks for news while an old update is still being handled
	windowWait   = 200 * time.Millisecond // how long a whole batch is waited for before looking for news
	fullPause    = 50 * time.Millisecond  // between looks whether there is room again
	confirmGrace = 2 * time.Second
)

// poller asks for updates. The offset, which acknowledges everything before it,
// moves only past updates that are done with.
type poller struct {
	bot    *Bot
	offset int64
	limit  int
	window []*entry // taken in since offset, in order; acknowledged ones in front are dropped
	warned time.Time
}

func newPoller(b *Bot) *poller { return &poller{bot: b, limit: batchSize} }

type getUpdates struct {
	Offset  int64    `json:"offset,omitempty"`
	Limit   int      `json:"limit"`
	Timeout int      `json:"timeout"`
	Allowed []string `json:"allowed_updates"`
}

// run polls until ctx ends, and returns an error only where the token is refused.
func (p *poller) run(ctx context.Context) error {
	failures := 0
	fail := func(err error) error {
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(known(err), ErrToken):
			return fmt.Errorf("asking for updates: %w", ErrToken)
		}
		sleep(ctx, p.failed(err, failures))
		failures++
		return nil
	}
	for ready := false; !ready && ctx.Err() == nil; {
		err := p.bot.deleteWebhook(ctx)
		if ready = err == nil; !ready {
			if err := fail(err); err != nil {
				return err
			}
		}
	}
	p.bot.open.Store(true)
	p.bot.health.polled(time.Now()) // the server is there; the first request for updates is held for long
	p.bot.log.Info("updates come by polling", "bot", p.bot.me.username)
	for ctx.Err() == nil {
		asked := p.limit
		batch, err := p.fetch(ctx)
		if err != nil && p.limit < asked {
			p.failed(err, 0) // for the log: a smaller batch is asked for, there is nothing to wait for
			continue
		}
		if err != nil {
			if err := fail(err); err != nil {
				return err
			}
			continue
		}
		failures = 0
		p.bot.health.polled(time.Now())
		p.take(ctx, batch)
	}
	return nil
}

// fetch makes one request. It is held by Telegram until there is something, but
// not while an update of the last batch is unfinished: that would come at once.
func (p *poller) fetch(ctx context.Context) ([]json.RawMessage, error) {
	hold := p.bot.options.Bounds.Poll
	if len(p.window) > 0 {
		hold = 0
	}
	ctx, cancel := context.WithTimeout(ctx, hold+pollGrace)
	defer cancel()
	var batch []json.RawMessage
	err := p.bot.options.Client.post(ctx, "getUpdates", getUpdates{Offset: p.offset, Limit: p.limit,
		Timeout: int(hold / time.Second), Allowed: allowedUpdates()}, &batch, maxBatch)
	var broken *unreadable
	switch {
	case err == nil:
		p.limit = batchSize
	case errors.As(err, &broken) && p.limit == 1:
		if raw, ok := loneUpdate(broken.answer); ok {
			p.limit = batchSize
			return []json.RawMessage{raw}, nil
		}
	case errors.Is(err, errTooLong) || errors.As(err, &broken):
		p.limit = max(1, p.limit/10) // one by one if need be
	}
	return batch, err
}

// loneUpdate cuts the one update out of an answer that can't be decoded as a
// whole, because it is nested too deep, say: it must cost itself alone.
func loneUpdate(answer []byte) (json.RawMessage, bool) {
	start, end := bytes.IndexByte(answer, '['), bytes.LastIndexByte(answer, ']')
	if start < 0 || end < start || !bytes.Contains(answer[:start], []byte(`"result"`)) {
		return nil, false
	}
	raw := bytes.TrimSpace(answer[start+1 : end])
	_, named := updateID(raw)
	return raw, named
}

// failed logs a failed request and says how long to wait before the next.
func (p *poller) failed(err error, failures int) time.Duration {
	log := p.bot.log
	wait := backoff(failures)
	switch out := outcomeOf(err); {
	case errors.Is(err, tg.ErrorConflict):
		if p.bot.health.conflict() {
			log.Error("another program polls with this token: stop it, or take another token; trying on slowly")
		}
		return max(wait, 5*time.Second)
	case out.fate == fateWait:
		wait = out.wait
	}
	if now := time.Now(); now.Sub(p.warned) >= noticeEvery {
		p.warned = now
		log.Warn("no updates can be had now; trying on", "error", err)
	}
	return wait
}

// take hands a batch to the dispatcher and moves the offset as far as it may go.
func (p *poller) take(ctx context.Context, batch []json.RawMessage) {
	news := false // something new was taken in, or the offset moved
	for _, raw := range batch {
		a := decode(raw)
		if p.knows(a.id) {
			continue
		}
		for p.bot.full() && sleep(ctx, fullPause) {
			news = true
		}
		if ctx.Err() != nil {
			return
		}
		switch e := p.bot.accept(a, false); {
		case e != nil:
			p.window, news = append(p.window, e), true
		case e == nil && a.named && len(p.window) == 0: // handled before
			p.pass(a.id)
			news = true
		}
	}
	switch {
	case len(p.window) > 0 && news:
		p.wait(ctx, windowWait)
	case len(p.window) > 0:
		p.wait(ctx, windowPause)
	case len(batch) > 0 && !news:
		sleep(ctx, windowPause) // the server gives what can't be acknowledged
	}
}

// knows reports whether an update was taken in since the offset: it was asked for
// again because not all before it was done with, which is no second delivery. It may
// have been acknowledged while it was on its way.
func (p *poller) knows(id int64) bool {
	return slices.ContainsFunc(p.window, func(e *entry) bool { return e.id == id })
}

// wait waits until every update of the window is acknowledged, at most so long,
// and moves the offset.
func (p *poller) wait(ctx context.Context, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	for p.advance(); len(p.window) > 0; p.advance() {
		select {
		case <-p.window[0].done:
			continue
		case <-timer.C:
		case <-ctx.Done():
		}
		return
	}
}

// advance moves the offset past what is acknowledged at the window's front.
func (p *poller) advance() {
	for len(p.window) > 0 {
		select {
		case <-p.window[0].done:
			first := p.window[0]
			p.window = p.window[1:]
			p.pass(first.id)
		default:
			return
		}
	}
}

// pass moves the offset past an update. One without an id of its own is passed
// together with the next that has one; alone it counts as the one that was due,
// but never takes along an update behind it that is still being handled.
func (p *poller) pass(id int64) {
	switch {
	case id >= 0:
		p.offset = id + 1
	case p.offset > 0:
		p.offset++
		for _, behind := range p.window {
			if behind.id >= 0 {
				p.offset = min(p.offset, behind.id)
				return
			}
		}
	}
}

// confirm tells Telegram how far the updates are done with, so that they don't
// come again after the next start.
func (p *poller) confirm() {
	p.advance()
	if p.offset == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), confirmGrace)
	defer cancel()
	var rest []json.RawMessage
	err := p.bot.options.Client.post(ctx, "getUpdates", getUpdates{Offset: p.offset, Limit: 1, Allowed: allowedUpdates()}, &rest, maxBatch)
	if err != nil {
		p.bot.log.Warn("the last updates could not be acknowledged; they come again", "error", err)
	}
}
