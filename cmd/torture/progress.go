package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// progress tells whoever waits how far a row is: one line that is written over on
// a terminal; elsewhere a line for each row's begin and end.
type progress struct {
	out      io.Writer
	terminal bool

	mu    sync.Mutex
	row   string
	began time.Time
	shown time.Time
}

func newProgress(out io.Writer) *progress {
	file, isFile := out.(*os.File)
	return &progress{out: out, terminal: isFile && term.IsTerminal(int(file.Fd()))}
}

func (p *progress) begin(row string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.row, p.began, p.shown = row, time.Now(), time.Time{}
	if !p.terminal {
		fmt.Fprintf(p.out, "%s …\n", row)
	}
}

// say shows where the row is, at most ten times a second.
func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); p.terminal && now.Sub(p.shown) > 100*time.Millisecond {
		p.shown = now
		fmt.Fprintf(p.out, "\r\x1b[K%s %s (%.0f s)", p.row, fmt.Sprintf(format, args...), now.Sub(p.began).Seconds())
	}
}

func (p *progress) end(o outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
	fmt.Fprintf(p.out, "%s %s: %s (%.0f s)\n", o.row.name, o.verdict(), o.measured, o.took.Seconds())
	if o.err != nil {
		fmt.Fprintf(p.out, "%v\n", o.err)
	}
}
