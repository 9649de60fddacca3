package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Call is one call of the Bot API as the server answered it.
type Call struct {
	Seq         int    // counts up from 1
	Method      string // as Telegram spells it; as it came, where there is none such
	ChatID      int64  // 0 where the call names no chat, or names it by @username
	Params      map[string]any
	Code        int // 200, or the error_code
	Description string
	Result      json.RawMessage
	Time        time.Time
	InWebhook   bool   // the call came in the answer to a webhook delivery
	Fault       string // what a [Fault] made of it
}

// OK tells whether the call was answered with ok: true.
func (c Call) OK() bool { return c.Code == 200 }

// callLog remembers the latest calls and wakes who waits for one.
type callLog struct {
	mu      sync.Mutex
	keep    int
	onCall  func(Call)
	seq     int
	calls   []Call
	waiting map[*callWaiter]struct{}
}

type callWaiter struct {
	fits  func(Call) bool
	found chan Call
}

func (l *callLog) add(c Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	c.Seq = l.seq
	if l.onCall != nil {
		l.onCall(c)
	}
	if l.keep > 0 {
		l.calls = append(l.calls, c)
		if len(l.calls) >= 2*l.keep { // cut now and then, not at every call
			l.calls = slices.Clone(l.calls[len(l.calls)-l.keep:])
		}
	}
	for w := range l.waiting {
		if w.fits(c) {
			w.found <- c
			delete(l.waiting, w)
		}
	}
}

// wanted tells whether anybody will look at a call.
func (l *callLog) wanted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.keep > 0 || l.onCall != nil || len(l.waiting) > 0
}

// latest is what is kept, the oldest first.
func (l *callLog) latest() []Call {
	return slices.Clone(l.calls[max(0, len(l.calls)-max(l.keep, 0)):])
}

// Calls lists the latest calls in the order in which they were answered. The
// polls for updates are among them.
func (s *Server) Calls() []Call {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	return s.calls.latest()
}

// CallsOf lists the latest calls of one method.
func (s *Server) CallsOf(method string) []Call {
	return slices.DeleteFunc(s.Calls(), func(c Call) bool { return c.Method != method })
}

// WaitCall gives the first call that fits, out of those remembered and those to
// come. fits is called with the log locked: it must not call the server.
func (s *Server) WaitCall(ctx context.Context, fits func(Call) bool) (Call, error) {
	w := &callWaiter{fits: fits, found: make(chan Call, 1)}
	s.calls.mu.Lock()
	for _, c := range s.calls.latest() {
		if fits(c) {
			s.calls.mu.Unlock()
			return c, nil
		}
	}
	if s.calls.waiting == nil {
		s.calls.waiting = map[*callWaiter]struct{}{}
	}
	s.calls.waiting[w] = struct{}{}
	s.calls.mu.Unlock()
	err := errClosed
	select {
	case c := <-w.found:
		return c, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-s.done:
	}
	s.calls.mu.Lock()
	delete(s.calls.waiting, w)
	s.calls.mu.Unlock()
	return Call{}, fmt.Errorf("waiting for a call: %w", err)
}

// logged are the parameters as a Call keeps them: files by name and size.
func logged(p params) map[string]any {
	out := maps.Clone(map[string]any(p))
	for name, v := range out {
		if u, ok := v.(*upload); ok {
			out[name] = UploadedFile{Name: u.name, MIME: u.mime, Size: int64(len(u.data))}
		}
	}
	return out
}

// UploadedFile stands in Call.Params where the call brought a file.
type UploadedFile struct {
	Name string
	MIME string
	Size int64
}
