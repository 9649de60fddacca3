package bot

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// farEnd is a server for lines that counts its connections.
type farEnd struct {
	*httptest.Server
	t      *testing.T
	client *http.Client
	opened atomic.Int32
}

func newFarEnd(t *testing.T, most int, secure bool, serve http.HandlerFunc) *farEnd {
	t.Helper()
	w := &farEnd{t: t}
	w.Server = httptest.NewUnstartedServer(serve)
	w.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			w.opened.Add(1)
		}
	}
	kept := newLines(most)
	if secure {
		w.StartTLS()
		kept.tls = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: w.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	} else {
		w.Start()
	}
	w.client = &http.Client{Transport: kept}
	t.Cleanup(w.Close)
	t.Cleanup(w.client.CloseIdleConnections)
	return w
}

// call posts a body and returns the answer's.
func (w *farEnd) call(ctx context.Context, body string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL+"/x", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	_, answer, err := courier{client: w.client}.exchange(req, maxAnswer)
	return string(answer), err
}

func mirrored(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, _ = w.Write(body)
}

func TestLinesKeepConnections(t *testing.T) {
	for _, secure := range []bool{false, true} {
		w := newFarEnd(t, 4, secure, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if len(body)%2 == 0 { // in one piece or in chunks
				w.(http.Flusher).Flush()
			}
			_, _ = w.Write(body)
		})
		for i := range 20 {
			body := `{"x":"` + strings.Repeat("ә", i*5000) + strconv.Itoa(i) + `"}`
			if got, err := w.call(t.Context(), body); got != body || err != nil {
				t.Fatalf("call %d: %d bytes, %v", i, len(got), err)
			}
		}
		if n := w.opened.Load(); n != 1 {
			t.Errorf("TLS %v: %d connections for one call after the other", secure, n)
		}
	}
}

// A server closes what was idle, and no call is lost for that, nor comes twice.
func TestLinesNoticeThatTheServerHungUp(t *testing.T) {
	var served atomic.Int32
	w := newFarEnd(t, 4, true, func(w http.ResponseWriter, r *http.Request) { served.Add(1); mirrored(w, r) })
	kept := w.client.Transport.(*lines)
	for i := range 6 {
		if got, err := w.call(t.Context(), `{"x":1}`); got != `{"x":1}` || err != nil {
			t.Fatalf("call %d: %q, %v", i, got, err)
		}
		kept.idle[0].since = kept.idle[0].since.Add(-2 * lineFresh)
		if i%2 == 0 {
			w.CloseClientConnections() // which waits until they are closed
		}
	}
	if served, opened := served.Load(), w.opened.Load(); served != 6 || opened != 4 {
		t.Errorf("%d calls were served over %d connections, want 6 over 4", served, opened)
	}
	kept.idle[0].since = kept.idle[0].since.Add(-2 * lineIdle)
	if kept.last() != nil {
		t.Error("a connection is kept for ever")
	}
}

// A server that hangs up in the middle of a call is asked once: the call may have
// been served, and who called decides.
func TestLinesDontInsist(t *testing.T) {
	var served atomic.Int32
	w := newFarEnd(t, 4, false, func(http.ResponseWriter, *http.Request) { served.Add(1); panic(http.ErrAbortHandler) })
	if _, err := w.call(t.Context(), `{}`); !errors.Is(err, io.EOF) {
		t.Errorf("the error is %v", err)
	}
	if n := served.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestLinesHaveABound(t *testing.T) {
	const most, calls = 3, 40
	w := newFarEnd(t, most, false, mirrored)
	var all sync.WaitGroup
	for range calls {
		all.Go(func() {
			if got, err := w.call(t.Context(), `{}`); got != `{}` || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	all.Wait()
	if n := w.opened.Load(); n > most {
		t.Errorf("%d connections, at most %d are allowed", n, most)
	}
}

// A call whose time is up ends at once, and so does one that waits for its turn; the
// connection, on which an answer may still come, is not used again.
func TestLinesEndWithTheirContext(t *testing.T) {
	hangs, begun := make(chan struct{}), make(chan struct{}, 1)
	w := newFarEnd(t, 1, false, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) == "hang" {
			begun <- struct{}{}
			<-hangs
		}
		_, _ = w.Write([]byte(`{"late":true}`))
	})
	defer close(hangs)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { _, err := w.call(ctx, "hang"); ended <- err }()
	<-begun
	go func() { _, err := w.call(ctx, "{}"); ended <- err }()
	cancel()
	for range 2 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the error is %v", err)
		}
	}
	if _, err := w.call(t.Context(), "{}"); err != nil {
		t.Error(err)
	}
	if n := w.opened.Load(); n != 2 {
		t.Errorf("%d connections, want a new one after the one that hung", n)
	}
}

// What is left unread of an answer never becomes the beginning of the next.
func TestLinesLeaveNothingBehind(t *testing.T) {
	w := newFarEnd(t, 1, false, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("x"), 1000)) })
	for range 3 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := (courier{client: w.client}).exchange(req, 10); !errors.Is(err, errTooLong) {
			t.Errorf("the error is %v", err)
		}
	}
	if n := w.opened.Load(); n != 3 {
		t.Errorf("%d connections for three answers that were not read whole", n)
	}
}

// A refusal that comes while the body is still being written is read.
func TestLinesReadAnEarlyRefusal(t *testing.T) {
	w := newFarEnd(t, 1, false, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	})
	_, err := w.call(t.Context(), strings.Repeat("x", 200<<10))
	var status *statusError
	if !errors.As(err, &status) || status.code != http.StatusRequestEntityTooLarge {
		t.Errorf("the error is %v", err)
	}
}
