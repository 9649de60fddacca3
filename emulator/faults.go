package emulator

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// FaultKind is what goes wrong.
type FaultKind int

// The ways in which a call can fail.
const (
	FaultTooMany    FaultKind = iota + 1 // 429 with retry_after
	FaultInternal                        // 500 Internal Server Error
	FaultBadGateway                      // 502 with a page of HTML, as a proxy sends it
	FaultForbidden                       // 403 bot was blocked by the user
	FaultBadRequest                      // 400 with Fault.Description
	FaultHang                            // no answer until the caller gives up
	FaultCut                             // the connection is closed without an answer
	FaultBadJSON                         // 200 with a body that breaks off
)

// String names the kind as Call.Fault does.
func (k FaultKind) String() string {
	names := [...]string{"none", "429", "500", "502", "403", "400", "hang", "cut", "bad JSON"}
	if k < 0 || int(k) >= len(names) {
		return "unknown"
	}
	return names[k]
}

// Fault says which calls fail, and how. The zero Method and Chat fit any call.
type Fault struct {
	Method      string // in any case
	Chat        int64
	After       int // so many calls that fit are let through first
	Times       int // so many fail then; 0 = until the fault is removed
	Kind        FaultKind
	RetryAfter  int    // seconds, for FaultTooMany; 1 if 0
	Description string // for FaultBadRequest and FaultForbidden, without the prefix
	Applied     bool   // the call takes effect and only its answer is lost or wrong
}

// Fail makes calls fail from now on, and gives the function that stops it. Where
// several faults fit a call, the one made first counts.
func (s *Server) Fail(f Fault) (remove func()) {
	a := &armed{Fault: f}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.armed = append(slices.DeleteFunc(s.faults.armed, func(a *armed) bool { return a.removed }), a)
	return func() {
		s.faults.mu.Lock()
		defer s.faults.mu.Unlock()
		a.removed = true
	}
}

type faultSet struct {
	mu    sync.Mutex
	armed []*armed
}

type armed struct {
	Fault
	seen    int
	removed bool
}

// pick gives the fault that hits a call, if one does.
func (f *faultSet) pick(method string, chat int64) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.armed {
		spent := a.removed || a.Times > 0 && a.seen >= a.After+a.Times
		if spent || a.Method != "" && !strings.EqualFold(a.Method, method) || a.Chat != 0 && a.Chat != chat {
			continue
		}
		a.seen++
		if a.seen > a.After {
			return &a.Fault
		}
	}
	return nil
}

// refusal is the API's answer for the kinds that have one.
func (f *Fault) refusal() *apiError {
	switch f.Kind {
	case FaultTooMany:
		return tooMany(max(f.RetryAfter, 1))
	case FaultInternal:
		return &apiError{code: http.StatusInternalServerError, text: "Internal Server Error"}
	case FaultForbidden:
		if f.Description != "" {
			return forbid(f.Description)
		}
		return forbid("bot was blocked by the user")
	case FaultBadRequest:
		return refuse("%s", f.Description)
	}
	return nil
}

// answer spoils the answer of a call; done is false where the API's own form of
// refusal is to be sent.
func (f *Fault) answer(ctx context.Context, s *Server, w http.ResponseWriter) (done bool) {
	switch f.Kind {
	case FaultBadGateway:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		write(w, []byte("<html><head><title>502 Bad Gateway</title></head></html>\r\n"))
	case FaultBadJSON:
		w.Header().Set("Content-Type", "application/json")
		write(w, []byte(`{"ok":true,"result":{"message_id":`))
	case FaultHang:
		select {
		case <-ctx.Done():
		case <-s.done:
		}
		panic(http.ErrAbortHandler)
	case FaultCut:
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}
