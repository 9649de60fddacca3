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
	if p.free(call{Method: methodSend, Chat: 99}, now) || !p.free(call{Method: methodSend, Chat: 99}, now.Add(2*time.Second)) {
		t.Error("free is not what the limit says")
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
