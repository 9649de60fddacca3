package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// barEvery is how often a line tells of progress where there is no terminal.
const barEvery = 10 * time.Second

// bar shows how far something long has come: on a terminal as a bar with how many,
// how fast and how long still; elsewhere, as in a log, by a line now and then.
type bar struct {
	out      io.Writer
	doing    string
	terminal bool
	now      func() time.Time

	shown *progressbar.ProgressBar // nil: none yet, or lines
	total int64
	begun time.Time
	told  time.Time
	from  int // of count: what was done before
}

func newBar(w io.Writer, doing string, now func() time.Time) *bar {
	file, ok := w.(*os.File)
	return &bar{out: w, doing: doing, now: now, terminal: ok && term.IsTerminal(int(file.Fd()))}
}

// bytes is told how many bytes of how many are read.
func (b *bar) bytes(done, total int64) {
	if b.begun.IsZero() {
		b.begin(total, progressbar.OptionShowBytes(true))
	}
	b.set(done)
}

// rows is told how many rows of how many are done. What was done before the first
// call is left out: it would make the rate too good.
func (b *bar) rows(done, total int) {
	if b.begun.IsZero() {
		b.from = done
		b.begin(int64(total-done), progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows"))
	}
	b.set(int64(done - b.from))
}

func (b *bar) begin(total int64, options ...progressbar.Option) {
	b.total, b.begun, b.told = total, b.now(), b.now()
	if b.terminal {
		b.shown = progressbar.NewOptions64(total, append(options, progressbar.OptionSetWriter(b.out), progressbar.OptionSetDescription(b.doing),
			progressbar.OptionThrottle(progressEvery), progressbar.OptionSetPredictTime(true), progressbar.OptionSetElapsedTime(true),
			progressbar.OptionSetWidth(30))...)
	}
}

// set shows how much is done. What a terminal does not take is no error.
func (b *bar) set(done int64) {
	if b.shown != nil {
		_ = b.shown.Set64(done)
		return
	}
	now := b.now()
	if took := now.Sub(b.begun); now.Sub(b.told) >= barEvery && done > 0 && b.total > 0 {
		b.told = now
		left := time.Duration(float64(took) * float64(b.total-done) / float64(done))
		fmt.Fprintf(b.out, "%s: %d of %d (%d%%), %.0f/s, %s left\n", b.doing, done, b.total, done*100/b.total,
			float64(done)/took.Seconds(), left.Round(time.Second))
	}
}

// end takes the bar away.
func (b *bar) end() {
	if b.shown != nil {
		_ = b.shown.Clear()
	}
}
