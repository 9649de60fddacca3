package bot

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/handlers"
	"saqbol/locales"
)

// memory is a Journal in memory: what the store promises, nothing more.
type memory struct {
	mu      sync.Mutex
	seen    map[int64]bool
	changes []fraud.Change
	rows    []fraud.Outgoing
	lastRow int64
	aside   map[int64]bool
	reads   int // pages of the outbox read

	notices    []fraud.Notice
	lastNotice int64
	lastLetter int64
	later      int // times that notices were put off
	news       chan struct{}
	stands     func() // told when a notice is about to be sent

	anchors map[int64]int64
	letters []fraud.DeadLetter
	fail    error                 // of Commit, while set
	failed  int                   // how often it was
	mute    error                 // of Sent, while set
	changed chan struct{}         // closed at every change
	proves  func(fraud.Turn) bool // nil: there are no replicas
}

func newMemory() *memory {
	return &memory{seen: map[int64]bool{}, anchors: map[int64]int64{}, aside: map[int64]bool{}, news: make(chan struct{}, 1), changed: make(chan struct{})}
}

// refuse makes every Commit from now on fail.
func (m *memory) refuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

func (m *memory) tell() {
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *memory) Commit(_ context.Context, c fraud.Change) ([]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.tell()
	if m.fail != nil {
		m.failed++
		return nil, m.fail
	}
	if m.proves != nil && !m.proves(c.Turn) {
		m.failed++
		return nil, fraud.ErrFenced
	}
	if c.Letter != 0 {
		at := slices.IndexFunc(m.letters, func(l fraud.DeadLetter) bool { return l.ID == c.Letter && l.Replay })
		if at < 0 {
			return nil, fraud.ErrSeen
		}
		m.letters = slices.Delete(m.letters, at, at+1)
	} else if c.Update != 0 && m.seen[c.Update] {
		return nil, fraud.ErrSeen
	}
	m.seen[c.Update] = true
	m.changes = append(m.changes, c)
	if c.Gone != nil && *c.Gone {
		m.notices = slices.DeleteFunc(m.notices, func(n fraud.Notice) bool { return n.Person == c.Person })
	}
	var ids []int64
	for _, o := range c.Outgoing {
		m.lastRow++
		o.ID = m.lastRow
		m.rows = append(m.rows, o)
		ids = append(ids, o.ID)
	}
	return ids, nil
}

func (m *memory) Seen(_ context.Context, update int64) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seen[update], nil
}

func (m *memory) DeadLetter(_ context.Context, l fraud.DeadLetter) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.tell()
	m.lastLetter++
	l.ID = m.lastLetter
	m.letters = append(m.letters, l)
	if l.Update != 0 {
		m.seen[l.Update] = true // a dead letter is an effect
	}
	return nil
}

func (m *memory) Replays(_ context.Context, limit int) ([]fraud.DeadLetter, int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var asked []fraud.DeadLetter
	for _, l := range m.letters {
		if l.Replay && len(asked) < limit {
			asked = append(asked, l)
		}
	}
	return asked, 0, nil
}

func (m *memory) LetterFailed(_ context.Context, id int64, reason string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.tell()
	for i := range m.letters {
		if l := &m.letters[i]; l.ID == id {
			l.Reason, l.Tries, l.Replay = reason, l.Tries+1, false
		}
	}
	return nil
}

func (m *memory) Unsent(ctx context.Context, after int64, limit int) (fraud.Waiting, error) {
	if err := ctx.Err(); err != nil {
		return fraud.Waiting{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	page := fraud.Waiting{Newest: m.lastRow}
	for _, row := range m.rows {
		page.Newest = max(page.Newest, row.ID)
		switch {
		case row.ID <= after || m.aside[row.ID]:
		case len(page.Rows) == limit:
			page.Next = page.Rows[limit-1].ID
		default:
			page.Rows = append(page.Rows, row)
		}
	}
	return page, nil
}

func (m *memory) UnsentOf(_ context.Context, chat, after, last int64) ([]fraud.Outgoing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.rows), func(o fraud.Outgoing) bool {
		return o.Chat != chat || o.ID <= after || o.ID > last || m.aside[o.ID]
	}), nil
}

func (m *memory) SetAside(_ context.Context, ids []int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.tell()
	for _, id := range ids {
		m.aside[id] = true
	}
	return nil
}

func (m *memory) Sent(_ context.Context, ids []int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.tell()
	if m.mute != nil {
		return m.mute
	}
	m.rows = slices.DeleteFunc(m.rows, func(o fraud.Outgoing) bool { return slices.Contains(ids, o.ID) })
	return nil
}

func (m *memory) Notices(_ context.Context, now time.Time, limit int) (fraud.DueNotices, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mute != nil {
		return fraud.DueNotices{}, m.mute
	}
	var page fraud.DueNotices
	for _, n := range m.notices {
		if len(page.Notices) < limit && !n.Due.After(now) && !m.aside[-n.ID] {
			page.Notices = append(page.Notices, n)
		}
	}
	return page, nil
}

func (m *memory) NoticeStands(_ context.Context, id int64) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stands != nil {
		m.stands()
	}
	return slices.ContainsFunc(m.notices, func(n fraud.Notice) bool { return n.ID == id }), nil
}

func (m *memory) NoticesSent(_ context.Context, ids []int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.tell()
	if m.mute != nil {
		return m.mute
	}
	m.notices = slices.DeleteFunc(m.notices, func(n fraud.Notice) bool { return slices.Contains(ids, n.ID) })
	return nil
}

func (m *memory) NoticesLater(_ context.Context, person int64, until time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.tell()
	m.later++
	for i, n := range m.notices {
		if n.Person == person && n.Due.Before(until) {
			m.notices[i].Due = until
		}
	}
	return nil
}

func (m *memory) NoticesAside(_ context.Context, ids []int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.tell()
	for _, id := range ids {
		m.aside[-id] = true
	}
	return nil
}

func (m *memory) News() <-chan struct{} { return m.news }

// notify stores notices as the store would, all of them at once.
func (m *memory) notify(notices ...fraud.Notice) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range notices {
		m.lastNotice++
		n.ID = m.lastNotice
		m.notices = append(m.notices, n)
	}
	select {
	case m.news <- struct{}{}:
	default:
	}
}

func (m *memory) Anchor(_ context.Context, person, message int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.tell()
	m.anchors[person] = message
	return nil
}

// count is how many changes of a person are stored.
func (m *memory) count(person int64) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.changes {
		if c.Person == person {
			n++
		}
	}
	return n
}

// waiting is how many answers stand in the outbox.
func (m *memory) waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.rows)
}

// until waits for a state of the journal.
func (m *memory) until(ctx context.Context, t *testing.T, what string, ok func(*memory) bool) {
	t.Helper()
	for {
		m.mu.Lock()
		done, changed := ok(m), m.changed
		m.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("the journal never came to: %s", what)
		}
	}
}

// answers is a Handler in one function.
type answers func(ctx context.Context, in handlers.Input) (handlers.Reply, error)

func (a answers) Handle(ctx context.Context, in handlers.Input) (handlers.Reply, error) {
	return a(ctx, in)
}

// say makes a message of any text: a key that is in no catalogue shows itself.
func say(text string) handlers.Reply {
	return handlers.Reply{Lang: fraud.Russian, Messages: []handlers.Message{{Text: []locales.Msg{{Key: text}}}}}
}

// saying is say with a change behind it.
func saying(text string) handlers.Reply {
	r := say(text)
	r.Change.Lang = fraud.Kazakh
	return r
}

func echo(_ context.Context, in handlers.Input) (handlers.Reply, error) {
	return say("echo " + in.Text), nil
}

func catalogue(t testing.TB) *locales.Catalogue {
	t.Helper()
	c, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// logged is a log that tests read.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// count is how many lines hold the text.
func (l *logged) count(text string) (n int) {
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// starred masks every run of 16 digits: what the real one does, in short.
func starred(s string) (string, bool) {
	out := longDigits(s)
	return out, out != s
}

func longDigits(s string) string {
	var out strings.Builder
	for len(s) > 0 {
		n := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
		if n < 0 {
			n = len(s)
		}
		if n >= 16 {
			out.WriteString("•")
		} else {
			out.WriteString(s[:n])
		}
		s = s[n:]
		if len(s) > 0 {
			out.WriteByte(s[0])
			s = s[1:]
		}
	}
	return out.String()
}
