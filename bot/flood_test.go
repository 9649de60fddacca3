package bot

import (
	"testing"
	"time"
)

// One chat's limit is its own, however many have one, as long as others are served.
func TestFloodOfChats(t *testing.T) {
	f, now := newFlood(), time.Now()
	for chat := range int64(100) {
		if f.refused(chat, time.Hour, now) {
			t.Fatalf("everybody waits after %d chats, though others are served", chat+1)
		}
		if f.taken() {
			t.Fatal("a wait of everybody ends that never began")
		}
	}
	for range 10 { // one chat, again and again
		if f.refused(1, time.Hour, now) {
			t.Fatal("everybody waits for one chat")
		}
	}
	for chat := range int64(10) { // long after one another
		now = now.Add(floodLook + time.Second)
		if f.refused(chat, time.Hour, now) {
			t.Fatal("everybody waits for chats that met their limits at different times")
		}
	}
	if wait := max(f.pause(now), f.enter(now)); wait > 0 {
		t.Errorf("a chat that was told nothing waits %v", wait)
	}
}

// Where nobody is served, everybody waits, but looks now and then, one at a time.
func TestFloodOfTheBot(t *testing.T) {
	f, now := newFlood(), time.Now()
	for chat := range int64(floodChats) {
		if f.pause(now) > 0 {
			t.Fatalf("everybody waits after %d chats", chat)
		}
		if begun := f.refused(chat, time.Hour, now); begun != (chat == floodChats-1) {
			t.Fatalf("after %d chats: %v", chat+1, begun)
		}
	}
	if wait := f.pause(now); wait != floodLook {
		t.Errorf("everybody waits %v on the word of a chat's answer, want %v", wait, floodLook)
	}
	now = now.Add(floodLook)
	if f.enter(now) > 0 || f.enter(now) <= 0 || f.pause(now) <= 0 {
		t.Error("after the pause one goes and looks, the others wait for it")
	}
	if f.refused(99, 2*time.Second, now) || f.pause(now) != 2*time.Second {
		t.Errorf("the look found a limit of two seconds; everybody waits %v", f.pause(now))
	}
	if !f.taken() || f.pause(now) > 0 || f.enter(now) > 0 {
		t.Error("a call is taken, and somebody still waits")
	}
}
