package lists

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"saqbol/fraud"
)

const (
	maxLine   = 4096
	blockSize = 256 << 10
)

// Options is what a list is read with.
type Options struct {
	Find     func(text string) []fraud.Subject // recognises subjects
	Key      func(fraud.Subject) fraud.Key     // makes the key under which one is stored
	Official fraud.Directory                   // numbers that no list may hold
	Now      time.Time
	Progress func(bytes int64) // told of every piece that is read; nil tells nobody
}

// List is what a file holds.
type List struct {
	Subjects []fraud.Listed // in the order of their keys, each once
	Lines    int            // with something in them, without the heading
	Merged   int            // lines about a subject that another line is about
	Bad      []Bad          // in the order of their lines
	Unused   []string       // columns that are not read
	Sum      [sha256.Size]byte
}

// Read reads a list. Subjects that stand in several lines are merged: the most
// reporters, the latest day, the scenario of the line with the most reporters. An
// error means that the file as a whole can't be used; it says what to do.
func Read(ctx context.Context, r io.Reader, o Options) (List, error) {
	sum := sha256.New()
	in := &blocks{from: bufio.NewReaderSize(io.TeeReader(r, sum), blockSize), progress: o.Progress}
	start, err := in.from.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return List{}, fmt.Errorf("reading: %w", err)
	}
	if err := otherwise(start); err != nil {
		return List{}, err
	}
	c, err := in.columns()
	if err != nil {
		return List{}, err
	}
	out := List{Unused: c.unused}
	var mu sync.Mutex
	var parts [][]fraud.Listed
	work, ctx := errgroup.WithContext(ctx)
	queue := make(chan block, runtime.GOMAXPROCS(0))
	work.Go(func() error {
		defer close(queue)
		return in.all(ctx, queue)
	})
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() error {
			l := newLines(o, c)
			for b := range queue {
				part, bad, err := l.block(b)
				if err != nil {
					return err
				}
				mu.Lock()
				parts, out.Bad = append(parts, part), append(out.Bad, bad...)
				mu.Unlock()
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return List{}, err
	}
	out.Bad = append(out.Bad, in.bad...)
	slices.SortFunc(out.Bad, func(a, b Bad) int { return a.Line - b.Line })
	all := slices.Concat(parts...)
	out.Lines = len(all) + len(out.Bad)
	out.Subjects = merged(all)
	out.Merged = len(all) - len(out.Subjects)
	sum.Sum(out.Sum[:0])
	return out, nil
}

// block is a piece of a file that ends where a line ends.
type block struct {
	first int // number of its first line
	data  []byte
}

// block makes subjects of the lines of a block.
func (l *lines) block(b block) (found []fraud.Listed, bad []Bad, err error) {
	found = make([]fraud.Listed, 0, bytes.Count(b.data, []byte{'\n'})+1)
	number := b.first
	for line := range bytes.Lines(b.data) {
		line = bytes.TrimRight(line, "\r\n")
		if !utf8.Valid(line) {
			return nil, nil, fmt.Errorf("line %d: %w", number, ErrEncoding)
		}
		if listed, ok, reason := l.read(line); reason != 0 {
			bad = append(bad, Bad{Line: number, Reason: reason})
		} else if ok {
			found = append(found, listed)
		}
		number++
	}
	return found, bad, nil
}

// blocks cuts a file into blocks.
type blocks struct {
	from     *bufio.Reader
	line     int // read last
	bad      []Bad
	progress func(int64)
	read     int64
}

// columns reads the heading.
func (b *blocks) columns() (columns, error) {
	line, err := b.next()
	if sep, named := separator(line); named {
		if !strings.ContainsRune(separators, rune(sep)) {
			return columns{}, fmt.Errorf("line %d: %w", b.line, ErrSeparator)
		}
		if err == nil {
			line, err = b.next()
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return columns{}, err
	}
	c, err := readHeading(bytes.TrimRight(line, "\r\n"))
	if err != nil {
		return columns{}, fmt.Errorf("line %d: %w", b.line, err)
	}
	return c, nil
}

// separator is what a line names by which Excel is told the separator of the file:
// sep=; and no more. Which of those that are read it is, the heading tells too.
func separator(line []byte) (sep byte, named bool) {
	line = bytes.TrimRight(bytes.TrimPrefix(line, []byte("\ufeff")), "\r\n")
	if len(line) != len("sep=;") || !bytes.EqualFold(line[:4], []byte("sep=")) {
		return 0, false
	}
	return line[4], true
}

// next reads a line with its end. One that is too long is bad, and read as empty.
func (b *blocks) next() ([]byte, error) {
	b.line++
	line, err := b.from.ReadSlice('\n')
	b.read += int64(len(line))
	if errors.Is(err, bufio.ErrBufferFull) || len(line) > maxLine {
		b.bad = append(b.bad, Bad{Line: b.line, Reason: ReasonLong})
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = b.from.ReadSlice('\n')
			b.read += int64(len(line))
		}
		line = []byte{'\n'}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading: %w", err)
	}
	return line, err
}

// all sends the blocks of a file, the heading excepted.
func (b *blocks) all(ctx context.Context, to chan<- block) error {
	for end := false; !end; {
		now := block{first: b.line + 1, data: make([]byte, 0, blockSize+maxLine)}
		for len(now.data) < blockSize && !end {
			line, err := b.next()
			if end = errors.Is(err, io.EOF); err != nil && !end {
				return err
			}
			now.data = append(now.data, line...)
		}
		if b.progress != nil {
			b.progress(b.read)
		}
		select {
		case to <- now:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
