package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"
)

// check is one thing that must be well for the program to be ready.
type check struct {
	name string
	ask  func(context.Context) error
}

// newMux serves /healthz, /readyz and, where they are not nil, counts at /metrics
// and the webhook at path.
func newMux(log *slog.Logger, checks []check, counts http.Handler, path string, webhook http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n")) // the prober has gone: nobody to tell
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { ready(w, r, log, checks) })
	if counts != nil {
		mux.Handle("GET /metrics", inside(counts))
	}
	if webhook != nil {
		mux.Handle(path, webhook)
	}
	return mux
}

// front is what is behind HTTP_LISTEN: until the program is built it is alive and
// not ready, and what there is to count can be seen.
type front struct {
	log      *slog.Logger
	starting http.Handler
	whole    atomic.Pointer[http.ServeMux]
}

func newFront(log *slog.Logger, counts http.Handler) *front {
	waits := check{"start", func(context.Context) error { return errors.New("it has not started yet, see the lines above") }}
	mux := newMux(log, []check{waits}, counts, "/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "not now", http.StatusServiceUnavailable)
	}))
	return &front{log: log, starting: mux}
}

// open lets everything in.
func (f *front) open(mux *http.ServeMux) { f.whole.Store(mux) }

// ServeHTTP answers as far as the program has come.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler := f.starting
	if mux := f.whole.Load(); mux != nil {
		handler = mux
	}
	sheltered(f.log, handler).ServeHTTP(w, r)
}

// ready answers 200 where every check passes, else 503; the body names the
// checks. Causes go to the log only.
func ready(w http.ResponseWriter, r *http.Request, log *slog.Logger, checks []check) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	status, answer := http.StatusOK, map[string]string{}
	for _, c := range checks {
		answer[c.name] = "ok"
		if err := c.ask(ctx); err != nil {
			log.Warn("not ready", "check", c.name, "error", err)
			status, answer[c.name] = http.StatusServiceUnavailable, "failing, see the log"
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the prober has gone: nobody to tell
}

// inside keeps a page from the internet even where HTTP_LISTEN is open to it, or
// where a web server passes on more than it should: it answers this machine and
// private networks only, and nothing that was passed on.
func inside(page http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		at := from.Addr().Unmap()
		near := err == nil && (at.IsLoopback() || at.IsPrivate() || at.IsLinkLocalUnicast())
		for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
			near = near && r.Header.Get(header) == ""
		}
		if !near {
			http.NotFound(w, r)
			return
		}
		page.ServeHTTP(w, r)
	})
}

// listen opens the address named by the setting, with an error that says what to do.
func listen(ctx context.Context, setting, address string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: can't listen on %s (%w): %s", setting, address, err, listenAdvice(err))
	}
	return l, nil
}

// listenAdvice says what to do where nothing can listen on an address.
func listenAdvice(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "stop the program that uses it, or choose another port"
	case errors.Is(err, fs.ErrPermission):
		return "choose a port above 1023"
	}
	return "choose an address of this machine"
}

// isAddress reports whether text is an address and a port to listen on.
func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err != nil || port == "" {
		return false
	}
	_, err = net.DefaultResolver.LookupPort(context.Background(), "tcp", port)
	return err == nil
}

// serve answers requests until ctx ends, then lets those under way finish
// within grace.
func serve(ctx context.Context, l net.Listener, handler http.Handler, grace time.Duration) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       20 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving HTTP: %w", err)
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := server.Shutdown(stopping)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close() // who is still sending or reading is cut: the time is up
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	if err != nil {
		return fmt.Errorf("stopping HTTP: %w", err)
	}
	return nil
}
