package bot

import (
	"context"
	"errors"
	"time"

	"saqbol/fraud"
	"saqbol/handlers"
)

// commit stores a change together with the answers, acknowledges, and sends. Where
// the store fails nothing has happened, and the person is told so.
func (b *Bot) commit(chat int64, j *job, reply handlers.Reply, calls []call) {
	parcels := b.parcels(j, calls)
	rows, kept, err := outgoing(parcels)
	if err == nil {
		reply.Change.Outgoing = append(reply.Change.Outgoing, rows...)
		err = j.turnless
	}
	if err == nil {
		err = b.store(chat, reply.Change, kept)
	}
	switch {
	case errors.Is(err, fraud.ErrSeen):
		j.result = ResultSeen
		b.acknowledge(j)
		return
	case errors.Is(err, fraud.ErrFenced), err != nil && b.ctx.Err() != nil:
		b.leave(j)
		return
	case err != nil:
		b.volatile(chat, j, b.failed(j, reply.Lang, err))
		return
	}
	j.result, j.parcels = ResultStored, parcels
	countReports(b.options.Meter, reply.Change)
	countAnswer(b.options.Meter, reply)
	b.acknowledge(j)
	j.deadline = time.Now().Add(b.options.Bounds.Patience)
	b.sender.put(chat, parcels...)
}

// store commits a change whose last Outgoing rows are those of kept, and proves
// that the chat is this replica's.
func (b *Bot) store(chat int64, change fraud.Change, kept []*parcel) error {
	if change.Now.IsZero() {
		change.Now = b.options.Clock().UTC()
	}
	ctx, cancel := context.WithTimeout(b.ctx, b.options.Bounds.Commit)
	defer cancel()
	change.Turn = b.turns.of(chat)
	ids, err := b.options.Journal.Commit(ctx, change)
	if err != nil {
		return err
	}
	own := len(change.Outgoing) - len(kept)
	for i, p := range kept {
		if own+i < len(ids) {
			b.sender.saved(p, ids[own+i])
		}
	}
	return nil
}

// leave stops everything at an update that another instance will handle, or the
// next run where this one has no time left: it is not acknowledged, nobody is told
// anything, and what stands behind it in its chat stays there.
func (b *Bot) leave(j *job) {
	j.left = true
	b.halt(fraud.ErrFenced)
}

// volatile sends the answers of an update that changes nothing: it is
// acknowledged when they have arrived.
func (b *Bot) volatile(chat int64, j *job, calls []call) {
	j.parcels = b.parcels(j, calls)
	j.deadline = time.Now().Add(b.options.Bounds.Patience)
	if !b.carried(chat, j) {
		b.sender.put(chat, j.parcels...)
	}
}

// carried gives a lone answer to the webhook delivery that waits for it, where
// nothing else is on its way from this chat or to it, Telegram is well and the
// limits allow it now: of an answer that rides nobody learns what became of it, or
// when.
func (b *Bot) carried(chat int64, j *job) bool {
	if b.options.Webhook.Calls || len(j.parcels) != 1 || !b.dispatch.alone(j.chat) || b.sender.lanes.has(chat) {
		return false
	}
	p, now := j.parcels[0], time.Now()
	k := p.call()
	if !k.riding() || b.sender.troubled(now) || b.sender.holds(chat) || !b.sender.pacer.free(k, now) {
		return false
	}
	p.begin(b.options.Clock())
	p.reserved, p.at = true, now // for the call, where the delivery can't carry it
	return j.entry.offer(p)
}

// parcels wraps calls so that the job's lane hears of their end.
func (b *Bot) parcels(j *job, calls []call) []*parcel {
	out := make([]*parcel, len(calls))
	lane := j.chat
	for i, k := range calls {
		out[i] = &parcel{content: k, notify: func() { b.dispatch.wake(lane) }}
	}
	return out
}

// settle decides whether a job is over. One whose effect is committed waits a
// little for its answers, so that the next update of the chat finds the message
// they left; one that changed nothing is acknowledged when they have arrived, or
// put into the outbox when that takes too long.
func (b *Bot) settle(j *job) next {
	if j.left {
		return next{wait: time.Hour}
	}
	waiting, slow := 0, false
	for _, p := range j.parcels {
		finished, late := p.state()
		if !finished {
			waiting++
			slow = slow || late || b.sender.holds(j.origin.chat)
		}
	}
	left := time.Until(j.deadline)
	switch {
	case waiting == 0:
		b.acknowledge(j)
		return next{done: true}
	case !slow && left > 0:
		return next{wait: left}
	case j.acked:
		return next{done: true}
	}
	if err := b.postpone(j); err != nil {
		b.log.Error("an answer is late and can't be put into the outbox", "update", j.id, "error", err)
		j.deadline = time.Now().Add(b.options.Bounds.Patience)
		return next{wait: b.options.Bounds.Patience}
	}
	b.acknowledge(j)
	return next{done: true}
}

// postpone puts a job's answers that have not arrived into the outbox, together
// with the mark that the update was handled.
func (b *Bot) postpone(j *job) error {
	rows, kept, err := outgoing(j.parcels)
	if err != nil {
		return err
	}
	if len(kept) == 0 {
		return nil // only the press of a button waits for its answer: not worth a row
	}
	change := fraud.Change{Update: j.id, Person: j.origin.person, Outgoing: rows}
	if !j.named || j.buried {
		change.Update = 0
	}
	if _, err := b.turns.enter(b.ctx, j.chat, false); err != nil {
		return err
	}
	err = b.store(j.chat, change, kept)
	if errors.Is(err, fraud.ErrSeen) {
		return nil
	}
	return err
}

func (b *Bot) acknowledge(j *job) {
	if j.acked {
		return
	}
	if j.acked = true; j.letter != nil {
		close(j.entry.done) // it is not among the updates that came
		return
	}
	// An answer that rode may not have arrived, and then is to be given again.
	if j.named && b.options.Webhook.Calls && j.result != ResultStored && j.result != ResultSeen {
		b.turns.answer(j.chat, j.id)
	}
	b.recent.acknowledge(j.entry)
}
