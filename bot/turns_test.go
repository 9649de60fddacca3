package bot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saqbol/emulator"
	"saqbol/fraud"
	"saqbol/handlers"
	"saqbol/locales"
)

// board is who has which chat's turn, as the store keeps it for all replicas.
type board struct {
	journal *memory

	mu      sync.Mutex
	turns   map[int64]place
	last    int64
	fail    error // of TakeTurn, while set
	refused int   // times that a turn was another's
	changed chan struct{}
}

type place struct {
	holder string
	token  int64
}

func newBoard(journal *memory) *board {
	b := &board{journal: journal, turns: map[int64]place{}, changed: make(chan struct{})}
	journal.proves = b.proves
	return b
}

func (b *board) proves(turn fraud.Turn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return turn.Chat == 0 || turn.Token != 0 && b.turns[turn.Chat].token == turn.Token
}

func (b *board) tell() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// set gives a chat to somebody, whoever has it; "" frees it.
func (b *board) set(chat int64, holder string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.tell()
	b.last++
	if b.turns[chat] = (place{holder, b.last}); holder == "" {
		delete(b.turns, chat)
	}
}

// until waits for a state of the board.
func (b *board) until(ctx context.Context, t *testing.T, what string, ok func(*board) bool) {
	t.Helper()
	for {
		b.mu.Lock()
		done, changed := ok(b), b.changed
		b.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("the turns never came to: %s", what)
		}
	}
}

// seat is the board as one replica knows it.
type seat struct {
	*board
	name string
}

func (s seat) TakeTurn(_ context.Context, chat int64) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.tell()
	if s.fail != nil {
		return 0, s.fail
	}
	if at, held := s.turns[chat]; held && at.holder != s.name {
		s.refused++
		return 0, nil
	}
	s.last++
	s.turns[chat] = place{s.name, s.last}
	return s.last, nil
}

func (s seat) GiveTurns(_ context.Context, turns map[int64]int64, answered []int64) error {
	s.journal.mu.Lock()
	for _, update := range answered {
		s.journal.seen[update] = true
	}
	s.journal.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.tell()
	for chat, token := range turns {
		if s.turns[chat].token == token {
			delete(s.turns, chat)
		}
	}
	return nil
}

func (s seat) Stranded(_ context.Context, limit int) (chats []int64, _ error) {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, row := range s.journal.rows {
		if _, held := s.turns[row.Chat]; !held && len(chats) < limit && !slices.Contains(chats, row.Chat) {
			chats = append(chats, row.Chat)
		}
	}
	return chats, nil
}

// replicas are several bots on one journal, behind one address.
type replicas struct {
	ctx   context.Context
	api   *emulator.Server
	board *board
	bots  []*Bot
	stops []func() error // stop a bot
	ends  []func() error // wait until it has ended by itself
	log   *logged
	meter *tally
	at    string // the balancer's address
	calls atomic.Int64
}

// join starts bots behind a balancer. Each delivery goes to the next one; every
// third goes to two at the same time, as where a connection broke.
func join(t *testing.T, count int, journal *memory, handle Handler) *replicas {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	r := &replicas{ctx: ctx, board: newBoard(journal), log: &logged{}, meter: newTally()}
	var url string
	r.api, url = emulator.Start(t, emulator.Options{})
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.at = "http://" + l.Addr().String() + "/hook"
	token, err := ParseToken(r.api.Token())
	if err != nil {
		t.Fatal(err)
	}
	for i := range count {
		client, err := Dial(ctx, token, url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		b, err := New(Options{Client: client, Handler: handle, Journal: journal, Catalogue: catalogue(t), Limits: fast(), Meter: r.meter,
			Turns: seat{r.board, fmt.Sprint("replica ", i)}, Webhook: Webhook{URL: r.at, Secret: NewSecret(testSecret), Calls: true},
			Log: slog.New(slog.NewJSONHandler(r.log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		r.bots = append(r.bots, b)
	}
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(l) // ends with the Close below
	}()
	t.Cleanup(func() { _ = server.Close(); <-served })
	for _, b := range r.bots {
		running, halt := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- b.Run(running) }()
		end := sync.OnceValue(func() error { return <-ended })
		stop := func() error { halt(); return end() }
		t.Cleanup(func() { _ = stop() })
		r.stops, r.ends = append(r.stops, stop), append(r.ends, end)
	}
	return r
}

// ServeHTTP balances.
func (r *replicas) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	n := int(r.calls.Add(1))
	next := r.bots[n%len(r.bots)]
	if n%3 != 0 {
		next.Webhook().ServeHTTP(w, req)
		return
	}
	body, twin := copied(req)
	second := make(chan struct{})
	go func() {
		defer close(second)
		r.bots[(n+1)%len(r.bots)].Webhook().ServeHTTP(httptest.NewRecorder(), twin)
	}()
	next.Webhook().ServeHTTP(w, body)
	<-second
}

// copied gives a request twice.
func copied(req *http.Request) (one, two *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		body = nil
	}
	one, two = req.Clone(req.Context()), req.Clone(req.Context())
	one.Body, two.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
	return one, two
}

// TestReplicasShareAChat: whichever replica an update comes to, also to two of them
// at once, a chat's updates are handled one after another, each has one effect that
// builds on the one before, and the answers come in order.
func TestReplicasShareAChat(t *testing.T) {
	const people, messages = 4, 30
	journal := newMemory()
	var mu sync.Mutex
	inside := map[int64]int{}
	r := join(t, 3, journal, answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) {
		mu.Lock()
		defer mu.Unlock()
		if inside[in.Person]++; inside[in.Person] > 1 {
			t.Errorf("two replicas work for a chat at once")
		}
		defer func() { inside[in.Person]-- }()
		reply := saying(fmt.Sprint("effect ", journal.count(in.Person)+1))
		return reply, nil
	}))
	var chats []*emulator.Person
	for range people {
		chats = append(chats, r.api.NewPerson("Тұрғын", "kk"))
	}
	for range messages {
		for _, p := range chats {
			p.Send("x")
		}
	}
	want := make([]string, messages)
	for i := range want {
		want[i] = fmt.Sprint("effect ", i+1)
	}
	for _, p := range chats {
		_, err := p.Wait(r.ctx, func(m []emulator.Message) bool {
			return slices.ContainsFunc(m, func(m emulator.Message) bool { return m.Text == want[messages-1] })
		})
		if got := texts(p); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v; the answers are %q\n%s", err, got, r.log)
		}
		if n := journal.count(p.ID()); n != messages {
			t.Errorf("%d messages had %d effects", messages, n)
		}
	}
	r.board.until(r.ctx, t, "every turn given back", func(b *board) bool { return len(b.turns) == 0 })
	if r.meter.of("turn") == 0 || r.bots[0].Health().Turns != 0 {
		t.Errorf("%d turns were measured, %d are still held", r.meter.of("turn"), r.bots[0].Health().Turns)
	}
}

// TestPlainAnswersComeOnce: an update without an effect is answered by one replica,
// though it is given to two at once.
func TestPlainAnswersComeOnce(t *testing.T) {
	const messages = 30
	r := join(t, 2, newMemory(), answers(echo))
	p := r.api.NewPerson("Тұрғын", "kk")
	var want []string
	for i := range messages {
		p.Send(fmt.Sprint(i))
		want = append(want, fmt.Sprint("echo ", i))
	}
	_, err := p.Wait(r.ctx, func(m []emulator.Message) bool {
		return slices.ContainsFunc(m, func(m emulator.Message) bool { return m.Text == want[messages-1] })
	})
	r.board.until(r.ctx, t, "every turn given back", func(b *board) bool { return len(b.turns) == 0 })
	if got := texts(p); err != nil || !slices.Equal(got, want) {
		t.Fatalf("%v; the answers are %q\n%s", err, got, r.log)
	}
}

// TestAnotherReplicasTurn: an update waits for its chat, and the bot does not stop
// for that; where it stops first the update is refused, to come again.
func TestAnotherReplicasTurn(t *testing.T) {
	r := join(t, 1, newMemory(), answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) {
		return saying("to " + in.Text), nil
	}))
	p := r.api.NewPerson("Тұрғын", "kk")
	r.board.set(p.ID(), "another")
	p.Send("one")
	r.board.until(r.ctx, t, "looked several times", func(b *board) bool { return b.refused > 3 })
	if len(texts(p)) > 0 {
		t.Fatalf("somebody else's chat got %q", texts(p))
	}
	r.board.set(p.ID(), "")
	if _, err := p.Wait(r.ctx, func([]emulator.Message) bool { return len(texts(p)) == 1 }); err != nil {
		t.Fatal(err)
	}
	r.board.until(r.ctx, t, "the turn given back", func(b *board) bool { return len(b.turns) == 0 })
	r.board.set(p.ID(), "another")
	p.Send("two")
	r.board.until(r.ctx, t, "looked again", func(b *board) bool { return b.refused > 8 })
	if err := r.stops[0](); err != nil {
		t.Fatal(err)
	}
	if got := texts(p); !slices.Equal(got, []string{"to one"}) || len(r.board.journal.changes) != 1 {
		t.Errorf("the answers are %q", got)
	}
}

// TestStrandedAnswers: answers that nobody sends are sent, once and in order, by
// one of the replicas; those of a chat that another works for are left to it.
func TestStrandedAnswers(t *testing.T) {
	journal := newMemory()
	r := join(t, 2, journal, answers(echo))
	gone, busy := r.api.NewPerson("Тұрғын", "kk"), r.api.NewPerson("Тұрғын", "kk")
	for _, p := range []*emulator.Person{gone, busy} {
		p.Send("/start")
		if _, err := p.Wait(r.ctx, func([]emulator.Message) bool { return len(texts(p)) == 1 }); err != nil {
			t.Fatal(err)
		}
	}
	r.board.until(r.ctx, t, "every turn given back", func(b *board) bool { return len(b.turns) == 0 })
	r.board.set(gone.ID(), "dead")
	r.board.set(busy.ID(), "another")
	journal.mu.Lock()
	for i := range 5 {
		journal.owed(t, gone.ID(), fmt.Sprint("left ", i))
		journal.owed(t, busy.ID(), "not ours")
	}
	journal.mu.Unlock()
	r.board.set(gone.ID(), "")
	want := []string{"echo", "left 0", "left 1", "left 2", "left 3", "left 4"}
	journal.until(r.ctx, t, "the answers of one chat sent", func(m *memory) bool { return len(m.rows) == 5 })
	if !slices.Equal(texts(gone), want) || len(texts(busy)) != 1 {
		t.Errorf("the chats show %q and %q", texts(gone), texts(busy))
	}
}

// TestWhatWaitsComesFirst: whoever takes a chat's turn for an update sends what
// waits for the chat before its answer.
func TestWhatWaitsComesFirst(t *testing.T) {
	journal := newMemory()
	r := join(t, 1, journal, answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) {
		return saying("to " + in.Text), nil
	}))
	p := r.api.NewPerson("Тұрғын", "kk")
	r.board.set(p.ID(), "dying") // so that the sweep leaves it alone
	p.Send("new")
	r.board.until(r.ctx, t, "looked", func(b *board) bool { return b.refused > 0 })
	journal.mu.Lock()
	journal.owed(t, p.ID(), "old")
	journal.mu.Unlock()
	r.board.set(p.ID(), "")
	if _, err := p.Wait(r.ctx, func([]emulator.Message) bool { return len(texts(p)) == 2 }); err != nil {
		t.Fatal(err)
	}
	if got := texts(p); !slices.Equal(got, []string{"old", "to new"}) {
		t.Errorf("the chat shows %q", got)
	}
}

// TestTurnLost: a replica whose chat was taken over stores nothing, says nothing,
// and ends; the update is not acknowledged.
func TestTurnLost(t *testing.T) {
	journal := newMemory()
	taken := make(chan struct{})
	r := join(t, 1, journal, answers(func(_ context.Context, _ handlers.Input) (handlers.Reply, error) {
		<-taken // it hangs, and is thought dead
		return saying("too late"), nil
	}))
	p := r.api.NewPerson("Тұрғын", "kk")
	p.Send("x")
	r.board.until(r.ctx, t, "the turn taken", func(b *board) bool { return len(b.turns) > 0 })
	r.board.set(p.ID(), "another")
	close(taken)
	if err := r.ends[0](); !errors.Is(err, fraud.ErrFenced) {
		t.Errorf("Run: %v, want ErrFenced", err)
	}
	if len(texts(p)) > 0 || len(journal.changes) > 0 {
		t.Errorf("a replica that was taken over says %q", texts(p))
	}
}

// TestNoTurnToBeHad: where the store can't say whose turn it is, people hear that
// nothing can be saved, at once, and nothing is.
func TestNoTurnToBeHad(t *testing.T) {
	journal := newMemory()
	r := join(t, 2, journal, answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) { return saying("saved"), nil }))
	r.board.mu.Lock()
	r.board.fail = &fraud.Error{Code: fraud.CodeUnavailable, Key: "common.not_saved", Err: errors.New("no connection")}
	r.board.mu.Unlock()
	p := r.api.NewPerson("Тұрғын", "ru")
	p.Send("x")
	if _, err := p.Wait(r.ctx, func([]emulator.Message) bool { return len(texts(p)) > 0 }); err != nil {
		t.Fatal(err)
	}
	told := catalogue(t).HTML(fraud.Russian, locales.M("common.not_saved"))
	if got := texts(p); got[0] == "saved" || told == "common.not_saved" || len(journal.changes) > 0 {
		t.Errorf("the chat shows %q", got)
	}
}
