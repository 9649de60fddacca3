package main

import (
	"context"
	"os"
	"runtime/debug"
	"sync"
	"time"
)

// settleAfter is when the memory that only the start needed is given back.
const settleAfter = 2 * time.Second

// settle gives memory back to the system once the start is over: what parsing the
// catalogues, the numbering plans and the migrations took is half of the heap of
// an idle bot.
func settle(ctx context.Context) {
	timer := time.NewTimer(settleAfter)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
		debug.FreeOSMemory()
	}
}

// heapRoom is by how many bytes the heap may grow between two collections. An idle
// bot's heap is a few megabytes, heapBesides, so at Go's 100 percent a busy one
// collected dozens of times a second, a tenth of its work. readingRoom holds while a
// complete check reads every row, for minutes a day: what it leaves behind fills any
// room, whoever asks meanwhile.
const (
	heapRoom    = 16 << 20
	readingRoom = 4 << 20
	heapBesides = 4 << 20
)

// heap gives the program's heap room to grow, unless GOGC says how much: as many
// bytes with a filter in it as without. The zero heap is that of a start.
type heap struct {
	mu      sync.Mutex
	filter  int  // bytes
	reading bool // every row
}

// holds notes how large the filter is.
func (h *heap) holds(filter int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.filter = filter
	h.room()
}

// reads notes that a complete check begins or ends; at its end what it left behind
// is given back to the system.
func (h *heap) reads(reading bool) {
	h.mu.Lock()
	h.reading = reading
	h.room()
	h.mu.Unlock()
	if !reading {
		debug.FreeOSMemory()
	}
}

// room sets the percentage. The caller holds mu.
func (h *heap) room() {
	room := heapRoom
	if h.reading {
		room = readingRoom
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(100 * room / (heapBesides + h.filter))
	}
}
