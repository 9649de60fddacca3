package bot

import (
	"testing"
	"time"
)

// waits reserves n calls at once and returns how long the last one waits.
func waits(p *pacer, n int, k call, now time.Time) (last time.Duration) {
	for range n {
		last = p.reserve(k, now)
	}
	return last
}

func TestPacer(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		n    int
		k    call
		want time.Duration
	}{
		{"a person's burst", 5, call{Method: methodSend, Chat: 1}, 0},
		{"then one a second", 8, call{Method: methodSend, Chat: 1}, 3 * time.Second},
		{"edits count too", 8, call{Method: methodEdit, Chat: 1}, 3 * time.Second},
		{"a group's burst", 5, call{Method: methodSend, Chat: -1}, 0},
		{"20 a minute in a group", 20, call{Method: methodSend, Chat: -1}, time.Minute},
		{"answers to presses count overall only", 30, call{Method: methodQuery, Chat: 1}, 0},
		{"deletions count overall only", 30, call{Method: methodDelete, Chat: 1}, 0},
		{"30 a second overall", 60, call{Method: methodQuery, Chat: 1}, time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := waits(newPacer(Limits{}), test.n, test.k, now); got.Round(time.Millisecond) != test.want {
				t.Errorf("call %d waits %v, want %v", test.n, got, test.want)
			}
		})
	}
	p := newPacer(Limits{})
	for chat := range int64(60) {
		if wait := p.reserve(call{Method: methodSend, Chat: chat + 1}, now); (wait > 0) != (chat >= 30) {
			t.Errorf("chat %d of 60 waits %v", chat, wait)
		}
	}
}

// Notices take what is left over: never the last place in a chat, never the half
// of a burst that answers may need at once, and half of the rate while some wait.
func TestPacerSpares(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	spared := func(p *pacer, waiting bool, chats int, span time.Duration) (n int) {
		for at := now; at.Before(now.Add(span)); at = at.Add(10 * time.Millisecond) {
			for chat := range chats {
				if p.spare(call{Method: methodSend, Chat: int64(chat + 1)}, at, waiting) {
					n++
				}
			}
		}
		return n
	}
	if n := spared(newPacer(Limits{}), false, 1, time.Second); n != 4 {
		t.Errorf("one chat gets %d notices at once, want 4 of its burst of 5", n)
	}
	if n := spared(newPacer(Limits{}), false, 1, 10*time.Second); n < 12 || n > 14 {
		t.Errorf("one chat gets %d notices in ten seconds, want one a second and the burst", n)
	}
	if n := spared(newPacer(Limits{}), false, 1000, 10*time.Second); n < 300 || n > 315 {
		t.Errorf("%d notices in ten seconds, want the overall rate and half a burst", n)
	}
	if n := spared(newPacer(Limits{}), true, 1000, 10*time.Second); n < 140 || n > 151 {
		t.Errorf("%d notices in ten seconds while answers wait, want half of the overall rate", n)
	}
	p := newPacer(Limits{})
	spared(p, false, 1000, time.Second)
	for chat := range 14 {
		if wait := p.reserve(call{Method: methodSend, Chat: int64(2000 + chat)}, now.Add(time.Second)); wait > 0 {
			t.Errorf("after a second of notices answer %d waits %v", chat+1, wait)
		}
	}
	if p.spare(call{Method: methodSend, Chat: 5000}, now.Add(time.Second), false) {
		t.Error("a notice takes the room of answers")
	}
}

// Chats that have rested are forgotten, others are not.
func TestPacerForgets(t *testing.T) {
	p := newPacer(Limits{PerSecond: 1e9, Burst: 1e9})
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for chat := range int64(firstSweep) {
		p.reserve(call{Method: methodSend, Chat: chat + 1}, now)
	}
	now = now.Add(time.Minute)
	waits(p, 10, call{Method: methodSend, Chat: 1}, now)
	p.reserve(call{Method: methodSend, Chat: -1}, now)
	if n := len(p.chats); n != 2 {
		t.Errorf("%d chats are remembered, want 2", n)
	}
	if wait := p.reserve(call{Method: methodSend, Chat: 1}, now); wait == 0 {
		t.Error("a busy chat was forgotten")
	}
}
