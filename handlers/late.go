package handlers

import (
	"context"
	"time"

	"saqbol/fraud"
)

// lately is how long after an update its id can be compared with another's:
// Telegram counts them up, but begins anywhere after a week without one.
const lately = 48 * time.Hour

// inTurn answers a turn as the conversation stood when it came. What changes
// nothing (a plain check) leaves no mark, so where the program dies it may come
// again, after the person has begun a report: then it must not be taken for an
// answer to that. It is answered as if no conversation were open; where that would
// change anything, it has come for the first time, late, and is handled as usual.
func (r *Router) inTurn(ctx context.Context, t Turn) (Reply, error) {
	if late(t) {
		before := t
		before.Session = fraud.Session{}
		if reply, err := r.find(before)(ctx, before); err != nil || reply.Change.Empty() {
			return reply, err
		}
	}
	return r.find(t)(ctx, t)
}

// late reports whether a turn is older than the step at which the conversation
// stands. Only what comes from the private chat is in one order with that.
func late(t Turn) bool {
	s := t.Session
	return t.Private && s.Open() && t.Update != 0 && t.Update < s.Update && t.Now.Sub(s.At).Abs() < lately
}
