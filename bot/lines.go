package bot

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// lines carries calls as HTTP/1.1 over connections that it keeps. Whoever calls
// writes to the connection and reads from it themselves: net/http's Transport hands
// each call to two more goroutines and back, which cost a third of an answer
// (docs/performance.md). It is for one server.
type lines struct {
	room chan struct{} // holds one for each connection in use
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	tls  *tls.Config

	mu   sync.Mutex
	idle []*line // the one used last at the end
}

const (
	lineDial  = 16 * time.Second // for a connection, TLS included
	lineIdle  = 90 * time.Second // after which an unused connection is closed
	lineFresh = time.Second      // in which the server does not close it
	lineLook  = time.Millisecond // for a look whether it has
	lineHead  = 1 << 20          // bytes of an answer besides its body
)

// line is one connection.
type line struct {
	conn  net.Conn
	limit io.LimitedReader // what one answer may still bring
	r     *bufio.Reader
	w     *bufio.Writer
	since time.Time // of its last call
}

func newLines(most int) *lines {
	dialer := &net.Dialer{Timeout: 8 * time.Second, KeepAlive: 30 * time.Second}
	return &lines{room: make(chan struct{}, most), dial: dialer.DialContext, tls: &tls.Config{MinVersion: tls.VersionTLS12}}
}

// RoundTrip makes one call. One that breaks off is never made again here: it may have
// been served, and who called decides.
func (t *lines) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	select {
	case t.room <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	resp, err := t.carry(ctx, req)
	if err != nil {
		<-t.room
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	return resp, nil
}

// carry makes a call over a kept connection, or a new one.
func (t *lines) carry(ctx context.Context, req *http.Request) (*http.Response, error) {
	l := t.last()
	for l != nil && !l.alive() {
		_ = l.conn.Close() // the server has closed it
		l = t.last()
	}
	if l == nil {
		var err error
		if l, err = t.open(ctx, req); err != nil {
			return nil, err
		}
	}
	cut := context.AfterFunc(ctx, func() { _ = l.conn.SetDeadline(time.Unix(1, 0)) })
	resp, err := l.exchange(req)
	if err != nil {
		cut()
		_ = l.conn.Close() // what is wrong with it is known
		return nil, err
	}
	resp.Body = &lineBody{ReadCloser: resp.Body, ended: resp.Body == http.NoBody, over: func(whole bool) {
		if cut() && whole && !resp.Close {
			t.keep(l)
		} else {
			_ = l.conn.Close()
		}
		<-t.room
	}}
	return resp, nil
}

// alive reports whether a kept connection can be used: a server closes what is idle
// for long, and says so on the connection. What was used just now is not asked.
func (l *line) alive() bool {
	if time.Since(l.since) < lineFresh {
		return true
	}
	if l.conn.SetReadDeadline(time.Now().Add(lineLook)) != nil {
		return false
	}
	l.limit.N = 1
	_, err := l.r.Peek(1)
	return errors.Is(err, os.ErrDeadlineExceeded) && l.conn.SetReadDeadline(time.Time{}) == nil
}

func (t *lines) open(ctx context.Context, req *http.Request) (*line, error) {
	ctx, cancel := context.WithTimeout(ctx, lineDial)
	defer cancel()
	port := req.URL.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[req.URL.Scheme]
	}
	conn, err := t.dial(ctx, "tcp", net.JoinHostPort(req.URL.Hostname(), port))
	if err != nil {
		return nil, err
	}
	if req.URL.Scheme == "https" {
		config := t.tls.Clone()
		config.ServerName = req.URL.Hostname()
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close() // why it is of no use is known
			return nil, fmt.Errorf("beginning TLS: %w", err)
		}
		conn = secure
	}
	l := &line{conn: conn, w: bufio.NewWriter(conn), limit: io.LimitedReader{R: conn}}
	l.r = bufio.NewReader(&l.limit)
	return l, nil
}

// exchange writes a request and reads the head of its answer. A server that refuses
// a body while it is still being written may have answered all the same.
func (l *line) exchange(req *http.Request) (*http.Response, error) {
	l.limit.N = maxBatch + lineHead
	wrong := req.Write(l.w)
	if wrong == nil {
		wrong = l.w.Flush()
	}
	if _, err := l.r.Peek(1); err != nil {
		return nil, fmt.Errorf("waiting for the answer: %w", err)
	}
	for {
		resp, err := http.ReadResponse(l.r, req)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode >= http.StatusOK || resp.StatusCode == http.StatusSwitchingProtocols {
			resp.Close = resp.Close || wrong != nil
			return resp, nil
		}
	}
}

// last takes the connection that was used last, nil where none is fresh.
func (t *lines) last() *line {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sweep()
	if len(t.idle) == 0 {
		return nil
	}
	l := t.idle[len(t.idle)-1]
	t.idle = t.idle[:len(t.idle)-1]
	return l
}

func (t *lines) keep(l *line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l.since = time.Now()
	t.sweep()
	t.idle = append(t.idle, l)
}

// sweep closes what has been idle for long. The caller holds mu.
func (t *lines) sweep() {
	old := 0
	for old < len(t.idle) && time.Since(t.idle[old].since) > lineIdle {
		_ = t.idle[old].conn.Close()
		old++
	}
	t.idle = t.idle[old:]
}

// CloseIdleConnections closes what is kept.
func (t *lines) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range t.idle {
		_ = l.conn.Close()
	}
	t.idle = nil
}

// lineBody tells when the body of an answer is over, and whether it was read whole.
type lineBody struct {
	io.ReadCloser
	ended bool
	once  sync.Once
	over  func(whole bool)
}

// Read reads of the body.
func (b *lineBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || err == io.EOF
	return n, err
}

// Close gives the connection back, or ends it where something was left unread.
func (b *lineBody) Close() error {
	b.once.Do(func() { b.over(b.ended) })
	return nil
}
