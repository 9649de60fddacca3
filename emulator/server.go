package emulator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server is one bot's Telegram: its API, its people and its chat page. All of
// its methods may be called at the same time.
type Server struct {
	opts  Options
	botID int64
	log   *slog.Logger

	loadSchema func() (*schema, error)
	table      map[string]method

	mu        sync.Mutex // guards everything down to the blank line
	chats     map[int64]*chatState
	people    []*Person
	lastMsg   int64 // ids of messages are counted over all chats, as for one account
	lastChat  int64 // groups and channels
	lastQuery int64
	queries   map[string]*query
	profile   profile
	hook      *webhook
	queue     queue

	files  fileStore
	calls  callLog
	faults faultSet

	latency   atomic.Int64 // time.Duration
	redeliver atomic.Bool

	done      chan struct{} // closed by Close
	closing   sync.Once
	wg        sync.WaitGroup
	listeners []*http.Server // guarded by mu
}

// New makes a server with no people in it. It listens nowhere until
// [Server.Listen], and [Server.API] and [Server.Page] fit any listener.
func New(opts Options) (*Server, error) {
	opts, id, err := opts.complete()
	if err != nil {
		return nil, err
	}
	s := &Server{
		opts: opts, botID: id, log: opts.Log,
		loadSchema: sync.OnceValues(loadSchema),
		chats:      map[int64]*chatState{},
		queries:    map[string]*query{},
		done:       make(chan struct{}),
	}
	s.table = s.methodTable()
	s.profile.init(opts)
	s.queue.next = opts.FirstUpdateID
	s.files.init(opts.KeepFileBytes)
	s.calls.keep, s.calls.onCall = opts.KeepCalls, opts.OnCall
	return s, nil
}

// Close ends every long poll, delivery and stream, closes the listeners and
// waits for all of it.
func (s *Server) Close() {
	s.closing.Do(func() {
		close(s.done)
		s.mu.Lock()
		listeners := s.listeners
		s.stopWebhook()
		s.mu.Unlock()
		for _, l := range listeners {
			// What is still open is cut: those are polls and streams of a test that is over.
			_ = l.Close()
		}
	})
	s.wg.Wait()
}

// Listen serves handler on addr, a loopback address such as 127.0.0.1:0, until
// Close, and gives its base URL without a slash at the end.
func (s *Server) Listen(addr string, handler http.Handler) (string, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("emulator: reading the address %q: %w", addr, err)
	}
	if !loopback(host) {
		return "", fmt.Errorf("emulator: %q is not a loopback address", addr)
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("emulator: listening on %s: %w", addr, err)
	}
	// No WriteTimeout: long polls and event streams last.
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	s.mu.Lock()
	s.listeners = append(s.listeners, server)
	s.mu.Unlock()
	s.wg.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("emulator: serving", "error", err)
		}
	})
	return "http://" + listener.Addr().String(), nil
}

// loopback tells whether a host names this machine alone.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// TB is the part of testing.TB that Start needs.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Start gives a test a server whose API listens on loopback, closed with the
// test, and the base URL to use as TELEGRAM_API_URL.
func Start(t TB, opts Options) (*Server, string) {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(s.Close)
	url, err := s.Listen("127.0.0.1:0", s.API())
	if err != nil {
		t.Fatalf("%v", err)
	}
	return s, url
}

// Token is the token the server lets in.
func (s *Server) Token() string { return s.opts.Token }

// Username is the bot's, without @.
func (s *Server) Username() string { return s.opts.Username }

// Latency makes every answer to a call take at least d from now on.
func (s *Server) Latency(d time.Duration) { s.latency.Store(int64(d)) }

// pause waits for d, or until the caller or the server is gone.
func (s *Server) pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-s.done:
	}
}
