package bot

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"saqbol/emulator"
)

// wires is a network of pipes. Unlike sockets they may be waited for under
// synctest, where an hour passes as soon as everybody waits.
type wires struct {
	mu sync.Mutex
	at map[string]*socket
}

// socket listens at one address of the network.
type socket struct {
	net     *wires
	address string
	arrived chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (w *wires) listen(address string) *socket {
	s := &socket{net: w, address: address, arrived: make(chan net.Conn), closed: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.at == nil {
		w.at = map[string]*socket{}
	}
	w.at[address] = s
	return s
}

func (w *wires) dial(ctx context.Context, _, address string) (net.Conn, error) {
	w.mu.Lock()
	s := w.at[address]
	w.mu.Unlock()
	if s == nil {
		return nil, errors.New("connection refused")
	}
	near, far := net.Pipe()
	select {
	case s.arrived <- far:
		return near, nil
	case <-s.closed:
	case <-ctx.Done():
	}
	_, _ = near.Close(), far.Close() // closing a pipe can't fail
	return nil, errors.New("connection refused")
}

func (s *socket) Accept() (net.Conn, error) {
	select {
	case c := <-s.arrived:
		return c, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

func (s *socket) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

func (s *socket) Addr() net.Addr { return address(s.address) }

type address string

func (address) Network() string  { return "pipe" }
func (a address) String() string { return string(a) }

// serve serves an address until the test is over.
func (w *wires) serve(t *testing.T, address string, h http.Handler) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)}
	l := w.listen(address)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // ends with the Close below
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
}

const (
	apiAddress  = "127.0.0.1:80"
	hookAddress = "127.0.0.1:8080"
)

// bubble is a world whose clock is synctest's: the bot with Telegram's own limits,
// and the Bot API at the other end of pipes.
type bubble struct {
	*world
	webhook bool
	rides   bool                // lone answers ride in the responses
	running atomic.Pointer[Bot] // the one behind the webhook
	wires   wires
	front   func(hook http.Handler) http.Handler // stands before the webhook, nil = nothing
}

// inBubble runs a test by polling and by webhook, each with a clock of its own.
func inBubble(t *testing.T, test func(t *testing.T, b *bubble)) {
	modes(t, func(t *testing.T, webhook bool) {
		synctest.Test(t, func(t *testing.T) { test(t, &bubble{webhook: webhook}) })
	})
}

// open builds the world around a handler and runs it.
func (b *bubble) open(t *testing.T, handle Handler) {
	t.Helper()
	b.world = &world{ctx: t.Context(), log: &logged{}, journal: newMemory()}
	api, err := emulator.New(emulator.Options{KeepCalls: 1_000_000, WebhookDial: b.wires.dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	b.api = api
	b.wires.serve(t, apiAddress, api.API())
	if b.webhook {
		hook := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.running.Load().Webhook().ServeHTTP(w, r) }))
		if b.front != nil {
			hook = b.front(hook)
		}
		b.wires.serve(t, hookAddress, hook)
	}
	b.restart(t, handle) // before anybody knocks
}

// restart builds a bot on what the last one left behind, and runs it.
func (b *bubble) restart(t *testing.T, handle Handler) {
	t.Helper()
	token, err := ParseToken(b.api.Token())
	if err != nil {
		t.Fatal(err)
	}
	client, err := newClient(token, "http://"+apiAddress)
	if err != nil {
		t.Fatal(err)
	}
	client.http.Transport.(*http.Transport).DialContext = b.wires.dial
	t.Cleanup(client.Close)
	if b.bot == nil {
		if err := client.meet(t.Context()); err != nil {
			t.Fatal(err)
		}
	} else { // Telegram may be down
		client.id, client.username = b.bot.me.id, b.bot.me.username
	}
	o := Options{Client: client, Handler: handle, Journal: b.journal, Catalogue: catalogue(t), Redact: starred,
		Log: slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	if b.webhook {
		o.Webhook = Webhook{URL: "http://" + hookAddress + "/hook", Secret: NewSecret(testSecret), Calls: !b.rides}
	}
	if b.bot, err = New(o); err != nil {
		t.Fatal(err)
	}
	b.running.Store(b.bot)
	b.start(t)
}

// pass lets so much of the bubble's time go by.
func (b *bubble) pass(d time.Duration) { sleep(b.ctx, d) }

// until waits, at most an hour, until something is so.
func (b *bubble) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 3600 {
		synctest.Wait()
		if ok() {
			return
		}
		b.pass(time.Second)
	}
	t.Fatalf("within an hour it never came to: %s\n%s", what, b.log)
}
