package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"
)

// update is one update that waits for the bot.
type update struct {
	id   int64
	chat int64 // whose order it belongs to; 0 = none
	body json.RawMessage

	copies    int // how many times it still has to be delivered
	delivered bool
	done      bool
}

// queue holds updates in order until they are confirmed. Server.mu guards it.
type queue struct {
	next      int64
	updates   []*update // the first is not done
	waiting   int       // of them not done
	confirmed int64     // the highest offset
	allowed   []string  // nil = the default set
	changed   chan struct{}
	poller    *poller
}

// poller is a getUpdates call in progress.
type poller struct {
	ended chan struct{} // closed to end it
	why   *apiError
}

func (q *queue) wait() <-chan struct{} {
	if q.changed == nil {
		q.changed = make(chan struct{})
	}
	return q.changed
}

func (q *queue) tell() {
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
}

// wants tells whether updates of a kind are asked for.
func (q *queue) wants(kind string) bool {
	if len(q.allowed) == 0 {
		return kind != "chat_member" && kind != "message_reaction" && kind != "message_reaction_count"
	}
	return slices.Contains(q.allowed, kind)
}

// finish marks an update as delivered for good.
func (q *queue) finish(u *update) {
	if u.done {
		return
	}
	u.done, u.body = true, nil
	q.waiting--
	q.tell()
}

// trim forgets the updates at the front that are done.
func (q *queue) trim() {
	n := 0
	for n < len(q.updates) && q.updates[n].done {
		n++
	}
	clear(q.updates[:n])
	q.updates = q.updates[n:]
}

// confirm acknowledges every update below offset. An update that is to be
// delivered twice stays once more.
func (q *queue) confirm(offset int64) {
	q.confirmed = max(q.confirmed, offset)
	for _, u := range q.updates {
		if u.id >= offset {
			break
		}
		if u.done {
			continue
		}
		u.copies--
		if u.copies > 0 && u.delivered {
			u.delivered = false
			continue
		}
		q.finish(u)
	}
	q.trim()
}

// push makes an update of what happened, if the bot asks for that kind. The
// caller holds the lock.
func (s *Server) push(w *wireUpdate) {
	kind, chat := w.kind()
	if !s.queue.wants(kind) {
		return
	}
	w.ID = s.queue.next
	body, err := json.Marshal(w)
	if err != nil { // can't be: the types above hold nothing that does not encode
		s.log.Error("emulator: encoding an update", "error", err)
		return
	}
	s.enqueue(chat, body)
}

func (s *Server) enqueue(chat int64, body []byte) {
	u := &update{id: s.queue.next, chat: chat, body: body, copies: 1}
	if s.redeliver.Load() {
		u.copies = 2
	}
	s.queue.next++
	s.queue.updates = append(s.queue.updates, u)
	s.queue.waiting++
	s.queue.tell()
	if s.hook != nil {
		s.hook.enqueue(u)
	}
}

// Push puts any JSON object into the queue as an update, whatever it holds: the
// poison of the tests. Its update_id is set to the next one, which is given
// back. It counts as an update of the chat it names at message.chat.id, if any.
func (s *Server) Push(raw []byte) (int64, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return 0, fmt.Errorf("reading a raw update: %w", err)
	}
	var chat struct {
		Message struct {
			Chat struct{ ID int64 }
		}
	}
	// What does not decode belongs to no chat: such updates are the point.
	_ = json.Unmarshal(raw, &chat)
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.queue.next
	fields["update_id"] = json.RawMessage(fmt.Appendf(nil, "%d", id))
	body, err := json.Marshal(fields)
	if err != nil {
		return 0, fmt.Errorf("encoding a raw update: %w", err)
	}
	s.enqueue(chat.Message.Chat.ID, body)
	return id, nil
}

// Redeliver makes every update from now on be delivered twice, the second time
// after the first was acknowledged.
func (s *Server) Redeliver(on bool) { s.redeliver.Store(on) }

// Confirmed is the highest offset that getUpdates acknowledged: all updates
// below it are handled, says the bot. 0 = none yet.
func (s *Server) Confirmed() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.confirmed
}

// Pending counts the updates that are not acknowledged yet.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.waiting
}

// Drained waits until every update is acknowledged.
func (s *Server) Drained(ctx context.Context) error {
	for {
		s.mu.Lock()
		waiting, changed := s.queue.waiting, s.queue.wait()
		s.mu.Unlock()
		if waiting == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %d updates to be acknowledged: %w", waiting, ctx.Err())
		case <-s.done:
			return fmt.Errorf("waiting for %d updates to be acknowledged: %w", waiting, errClosed)
		}
	}
}

const (
	maxBatch    = 100
	maxPollTime = 50 * time.Second
)

// getUpdates is the long poll. A second poll ends the first with 409.
func (s *Server) getUpdates(ctx context.Context, p params) (any, *apiError) {
	limit := int(p.int("limit"))
	if limit < 1 || limit > maxBatch {
		limit = maxBatch
	}
	timeout := min(time.Duration(max(p.int("timeout"), 0))*time.Second, maxPollTime)
	me, refused := s.beginPoll(p)
	if refused != nil {
		return nil, refused
	}
	defer s.endPoll(me)
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for {
		batch, changed, refused := s.batch(me, limit)
		if refused != nil || len(batch) > 0 || timeout == 0 {
			return batch, refused
		}
		select {
		case <-changed:
		case <-me.ended:
			return nil, me.why
		case <-timer.C:
			timeout = 0
		case <-ctx.Done():
			return batch, nil
		case <-s.done:
			return batch, nil
		}
	}
}

// beginPoll applies the offset and the kinds asked for, and ends an older poll.
func (s *Server) beginPoll(p params) (*poller, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hook != nil {
		return nil, conflict("can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
	}
	s.queue.stop(conflict("terminated by other getUpdates request; make sure that only one bot instance is running"))
	if p.has("allowed_updates") {
		s.queue.allowed = p.strings("allowed_updates")
	}
	switch offset := p.int("offset"); {
	case offset > 0:
		s.queue.confirm(offset)
	case offset < 0:
		if n := int64(len(s.queue.updates)) + max(offset, -math.MaxInt32); n > 0 {
			s.queue.confirm(s.queue.updates[n].id)
		}
	}
	s.queue.poller = &poller{ended: make(chan struct{})}
	return s.queue.poller, nil
}

func (s *Server) endPoll(me *poller) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.poller == me {
		s.queue.poller = nil
	}
}

// stop ends the poll in progress, if there is one.
func (q *queue) stop(why *apiError) {
	if q.poller != nil {
		q.poller.why = why
		close(q.poller.ended)
		q.poller = nil
	}
}

// batch takes what waits, or the channel that closes at the next change. An
// update is handed to the poll that is in force, and to no other.
func (s *Server) batch(me *poller, limit int) ([]json.RawMessage, <-chan struct{}, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.poller != me {
		return nil, nil, me.why
	}
	out := []json.RawMessage{}
	for _, u := range s.queue.updates {
		if len(out) == limit {
			break
		}
		if !u.done {
			u.delivered = true
			out = append(out, u.body)
		}
	}
	return out, s.queue.wait(), nil
}
