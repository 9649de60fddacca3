package bot

import (
	"sync"
	"time"
)

const (
	floodChats = 3                // this many chats told to wait, and nobody served between them: the limit is everybody's
	floodLook  = 10 * time.Second // within which they are counted, and between two looks whether it is over
)

// flood finds out who a 429 is for. Telegram limits each chat and the whole bot,
// and its answer says how long to wait but not which of the two it is. So a chat
// that is told to wait waits alone, for as long as it was told. Only where
// several are told so and no call is taken in between is the limit the bot's.
// Everybody waits then, but never on the word of one chat's answer for long: every
// few seconds one call goes out to look, and the first that is taken ends it.
type flood struct {
	mu     sync.Mutex
	told   map[int64]time.Time // chats told to wait since a call was taken, and when
	all    bool                // everybody waits
	paused time.Time           // until then, or until a call is taken
}

func newFlood() *flood { return &flood{told: map[int64]time.Time{}} }

// refused notes that a chat was told to wait. begun is true where from now on
// everybody waits.
func (f *flood) refused(chat int64, wait time.Duration, now time.Time) (begun bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for other, at := range f.told {
		if now.Sub(at) > floodLook {
			delete(f.told, other)
		}
	}
	f.told[chat] = now
	if !f.all && len(f.told) < floodChats {
		return false
	}
	begun, f.all = !f.all, true
	f.paused = now.Add(min(wait, floodLook))
	return begun
}

// taken notes that Telegram took a message, from whatever chat: the bot as a
// whole may write. ended is true where everybody had to wait.
func (f *flood) taken() (ended bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ended, f.all = f.all, false
	clear(f.told)
	return ended
}

// pause is how long everybody still has to wait.
func (f *flood) pause(now time.Time) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.all {
		return 0
	}
	return f.paused.Sub(now)
}

// on reports whether everybody waits, or one call is looking whether it is over.
func (f *flood) on() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all
}

// enter asks leave for a call that is made at once. After a pause the first to ask
// goes and looks, and the others wait for what it learns.
func (f *flood) enter(now time.Time) (wait time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.all {
		return 0
	}
	if wait = f.paused.Sub(now); wait > 0 {
		return wait
	}
	f.paused = now.Add(floodLook)
	return 0
}
