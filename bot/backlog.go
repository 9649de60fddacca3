package bot

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"time"

	"saqbol/fraud"
)

const (
	backlogPage  = 200         // answers of earlier runs that are read at once
	backlogInAir = 100         // of them on their way, before more are read
	backlogPause = time.Second // between tries where the store can't be read, or too much waits
)

// backlog queues the answers that earlier runs could not deliver: page by page,
// however many there are, and those of a chat before anything newer for it.
type backlog struct {
	outbox Outbox
	put    func(chat int64, parcels ...*parcel)
	log    *slog.Logger
	room   chan struct{} // something has arrived

	mu     sync.Mutex
	done   bool
	after  int64          // the last row that was queued in turn
	last   int64          // the last row of the earlier runs
	ahead  map[int64]bool // chats whose rows were all queued out of turn
	flying int            // on their way, and not held up
	total  int
}

func newBacklog(outbox Outbox, log *slog.Logger, put func(int64, ...*parcel)) *backlog {
	return &backlog{outbox: outbox, put: put, log: log, room: make(chan struct{}, 1), ahead: map[int64]bool{}}
}

// begin queues the first page, before anything new is taken in.
func (b *backlog) begin(ctx context.Context) error {
	page, err := b.outbox.Unsent(ctx, 0, backlogPage)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = page.Newest
	b.take(ctx, page)
	return nil
}

// take queues a page. The caller holds mu.
func (b *backlog) take(ctx context.Context, page fraud.Waiting) {
	aside(b.log, "answers", page.Aside)
	for _, row := range page.Rows {
		if row.ID <= b.last && !b.ahead[row.Chat] {
			b.queue(ctx, row)
		}
	}
	if b.after = page.Next; b.after == 0 || b.after >= b.last {
		b.done, b.ahead = true, nil
		if b.total > 0 {
			b.log.Info("answers of the last run are being delivered", "count", b.total)
		}
	}
}

// queue puts one row on its way. The caller holds mu.
func (b *backlog) queue(ctx context.Context, row fraud.Outgoing) {
	k, err := decodeCall(row.Payload)
	if err != nil {
		if err := b.outbox.SetAside(ctx, []int64{row.ID}); err != nil {
			b.log.Error("an answer can't be read, nor set aside", "error", err)
			return
		}
		aside(b.log, "answers", 1)
		return
	}
	b.flying, b.total = b.flying+1, b.total+1
	var once sync.Once
	b.put(row.Chat, &parcel{content: k, row: row.ID, notify: func() { once.Do(b.landed) }})
}

// landed counts an answer that is delivered, or held up for long.
func (b *backlog) landed() {
	b.mu.Lock()
	b.flying--
	b.mu.Unlock()
	select {
	case b.room <- struct{}{}:
	default:
	}
}

// catchUp queues what waits for a chat, so that an answer to it comes behind.
func (b *backlog) catchUp(ctx context.Context, chat int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done || b.ahead[chat] {
		return
	}
	rows, err := b.outbox.UnsentOf(ctx, chat, b.after, b.last)
	if err != nil {
		b.log.Error("the answers that wait for a chat can't be read; they may come behind newer ones", "error", err)
		return
	}
	for _, row := range rows {
		b.queue(ctx, row)
	}
	b.ahead[chat] = true
}

// adopt queues everything that waits for a chat whose turn is new to this replica:
// nothing of it is on its way here.
func (b *backlog) adopt(ctx context.Context, chat int64) error {
	rows, err := b.outbox.UnsentOf(ctx, chat, 0, math.MaxInt64)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, row := range rows {
		b.queue(ctx, row)
	}
	return nil
}

// run queues the rest as answers arrive, until ctx ends. full says that so much
// waits already that more would only fill the memory.
func (b *backlog) run(ctx context.Context, full func() bool) {
	for !b.finished() {
		if full() {
			if !sleep(ctx, backlogPause) {
				return
			}
			continue
		}
		if b.crowded() {
			select {
			case <-b.room:
			case <-ctx.Done():
				return
			}
			continue
		}
		if err := b.more(ctx); err != nil {
			b.log.Error("answers of the last run can't be read; trying on", "error", err)
			if !sleep(ctx, backlogPause) {
				return
			}
		}
	}
}

func (b *backlog) more(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	page, err := b.outbox.Unsent(ctx, b.after, backlogPage)
	if err != nil {
		return err
	}
	b.take(ctx, page)
	return nil
}

func (b *backlog) finished() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.done
}

func (b *backlog) crowded() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.flying >= backlogInAir
}

// aside tells of rows that can't be read, once: they are not read again.
func aside(log *slog.Logger, what string, count int) {
	if count > 0 {
		log.Error("stored "+what+" can't be read: sealed under another key, or damaged; they are set aside as they are for a month", "count", count)
	}
}
