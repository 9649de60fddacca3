package bot

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// farEnd is a Bot API for the transport; it counts its connections.
type farEnd struct {
	*httptest.Server
	client *Client
	opened atomic.Int32
}

func newFarEnd(t *testing.T, secure bool, serve http.HandlerFunc) *farEnd {
	t.Helper()
	f := &farEnd{Server: httptest.NewUnstartedServer(serve)}
	f.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			f.opened.Add(1)
		}
	}
	if f.EnableHTTP2 = secure; secure {
		f.StartTLS()
	} else {
		f.Start()
	}
	t.Cleanup(f.Close)
	var err error
	if f.client, err = newClient(parsed(t, scriptToken), f.URL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.client.Close)
	return f
}

func (f *farEnd) say(t *testing.T) error {
	_, err := f.client.perform(t.Context(), call{Method: methodSend, Chat: 1, Text: "x"})
	return err
}

func TestCallsKeepConnections(t *testing.T) {
	f := newFarEnd(t, false, func(w http.ResponseWriter, _ *http.Request) { write(w, `{"ok":true,"result":{"message_id":7}}`) })
	for range 20 {
		if err := f.say(t); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.opened.Load(); n != 1 {
		t.Errorf("%d connections for one call after the other", n)
	}
}

// More calls at once than there may be connections: the others wait for one.
func TestConnectionsHaveABound(t *testing.T) {
	var here sync.WaitGroup
	here.Add(connections)
	var came atomic.Int32
	f := newFarEnd(t, false, func(w http.ResponseWriter, _ *http.Request) {
		if came.Add(1) <= connections {
			here.Done()
			here.Wait()
		}
		write(w, `{"ok":true,"result":{"message_id":7}}`)
	})
	var all sync.WaitGroup
	for range connections + 64 {
		all.Go(func() {
			if err := f.say(t); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := f.opened.Load(); n != connections {
		t.Errorf("%d connections, want %d", n, connections)
	}
}

// A server that hangs up in the middle of a call on a kept connection is asked once:
// the call may have been served, and who called decides.
func TestACallThatBreaksOffIsNotRepeated(t *testing.T) {
	var served atomic.Int32
	f := newFarEnd(t, false, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if served.Add(1) == 2 {
			panic(http.ErrAbortHandler)
		}
		write(w, `{"ok":true,"result":{"message_id":7}}`)
	})
	if err := f.say(t); err != nil {
		t.Fatal(err)
	}
	err := f.say(t)
	if outcomeOf(err).fate != fateLater || f.opened.Load() != 1 {
		t.Errorf("the call gives %v over %d connections", err, f.opened.Load())
	}
	if n := served.Load(); n != 2 {
		t.Errorf("two calls came %d times", n)
	}
}

func TestTLS(t *testing.T) {
	var spoken atomic.Value
	f := newFarEnd(t, true, func(w http.ResponseWriter, r *http.Request) {
		spoken.Store(r.Proto)
		write(w, `{"ok":true,"result":{"message_id":7}}`)
	})
	err := f.say(t)
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) || strings.Contains(err.Error(), scriptToken) {
		t.Fatalf("a certificate of nobody gives %v", err)
	}
	trusting, err := newClient(parsed(t, scriptToken), f.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer trusting.Close()
	trusting.http.Transport.(*http.Transport).TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12,
		RootCAs: f.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	if _, err := trusting.perform(t.Context(), call{Method: methodSend, Chat: 1, Text: "x"}); err != nil || spoken.Load() != "HTTP/2.0" {
		t.Errorf("the call gives %v, spoken was %v", err, spoken.Load())
	}
}

// swallower is a connection that may die without a word.
type swallower struct {
	net.Conn
	dead atomic.Bool
}

// Write loses what is written once the connection is dead.
func (s *swallower) Write(p []byte) (int, error) {
	if s.dead.Load() {
		return len(p), nil
	}
	return s.Conn.Write(p)
}

func TestADeadConnectionIsLeft(t *testing.T) {
	lender := httptest.NewUnstartedServer(nil) // of its certificate, which is example.com's too
	lender.StartTLS()
	defer lender.Close()
	authorities := lender.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	synctest.Test(t, func(t *testing.T) {
		var w wires
		server := &http.Server{ReadHeaderTimeout: time.Minute, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: lender.TLS.Certificates,
			SessionTicketsDisabled: true}, // a pipe holds nothing, and who writes a ticket waits for the reader
			Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(w, `{"ok":true,"result":{"message_id":7}}`) })}
		l := w.listen("example.com:443")
		served := make(chan error, 1)
		go func() { served <- server.ServeTLS(l, "", "") }()
		client, err := newClient(parsed(t, scriptToken), "https://example.com")
		if err != nil {
			t.Fatal(err)
		}
		var opened []*swallower
		kept := client.http.Transport.(*http.Transport)
		kept.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: authorities}
		kept.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := w.dial(ctx, network, address)
			opened = append(opened, &swallower{Conn: conn})
			return opened[len(opened)-1], err
		}
		say := func() error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := client.perform(ctx, call{Method: methodSend, Chat: 1, Text: "x"})
			return err
		}
		if err := say(); err != nil {
			t.Fatal(err)
		}
		opened[0].dead.Store(true)
		if err := say(); outcomeOf(err).fate != fateLater || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("over a dead connection a call gives %v", err)
		}
		if err := say(); err != nil || len(opened) != 2 {
			t.Errorf("the next call gives %v, over %d connections", err, len(opened))
		}
		client.Close()
		_ = server.Close() // Serve says how it ended
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}
