package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	botToken = "123456:bench_token_of_no_bot_in_35_charact"
	batch    = 100 // updates that one request gives at most
)

// api is a Bot API that costs as little as can be: it takes every call, notes
// which question it answers, and knows getUpdates.
type api struct {
	listener net.Listener
	latency  time.Duration
	tally    atomic.Pointer[tally]
	dialled  atomic.Int64 // connections
	conns    sync.Map     // net.Conn → nothing; those that are open

	mu     sync.Mutex
	queue  [][]byte // what getUpdates gives
	first  int      // update_id of queue[0]
	news   chan struct{}
	passed int // offset: what is before it is acknowledged
}

func newAPI(latency time.Duration) (*api, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for calls: %w", err)
	}
	a := &api{listener: l, latency: latency, news: make(chan struct{})}
	go a.serve()
	return a, nil
}

func (a *api) url() string { return "http://" + a.listener.Addr().String() }

func (a *api) close() {
	_ = a.listener.Close()
	a.conns.Range(func(c, _ any) bool { _ = c.(net.Conn).Close(); return true })
}

// publish puts updates into the queue.
func (a *api) publish(first int, updates [][]byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.queue, a.first, a.passed = updates, first, first
	close(a.news)
	a.news = make(chan struct{})
}

func (a *api) serve() {
	for {
		c, err := a.listener.Accept()
		if err != nil {
			return
		}
		a.dialled.Add(1)
		a.conns.Store(c, nil)
		go a.talk(c)
	}
}

// talk answers the calls of one connection.
func (a *api) talk(c net.Conn) {
	defer func() { a.conns.Delete(c); _ = c.Close() }()
	r := bufio.NewReaderSize(c, 8<<10)
	var m message
	var out []byte
	for {
		if err := m.read(r); err != nil {
			return // it has gone, or speaks no HTTP
		}
		result := a.result(m.first, m.body)
		out = append(out[:0], "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "...)
		out = strconv.AppendInt(out, int64(len(result)), 10)
		out = append(append(out, "\r\n\r\n"...), result...)
		if _, err := c.Write(out); err != nil || m.last {
			return
		}
	}
}

// result is the answer to a call, latency included.
func (a *api) result(first, body []byte) []byte {
	path, _, _ := bytes.Cut(bytes.TrimPrefix(bytes.TrimPrefix(first, []byte("POST ")), []byte("GET ")), []byte(" "))
	path, query, _ := bytes.Cut(path, []byte("?"))
	method := bytes.ToLower(path[bytes.LastIndexByte(path, '/')+1:])
	switch string(method) {
	case "getupdates":
		a.pause()
		return a.updates(append(body, query...))
	case "sendmessage":
		if t := a.tally.Load(); t != nil {
			t.answer(body)
		}
		a.pause()
		return []byte(`{"ok":true,"result":{"message_id":7,"from":{"id":123456,"is_bot":true,"first_name":"SaqBol","username":"saqbol_bench_bot"},"chat":{"id":1000000,"first_name":"Тұрғын","type":"private"},"date":1795253400,"text":"…"}}`)
	case "getme":
		return []byte(`{"ok":true,"result":{"id":123456,"is_bot":true,"first_name":"SaqBol","username":"saqbol_bench_bot"}}`)
	case "getwebhookinfo":
		return []byte(`{"ok":true,"result":{"url":"","has_custom_certificate":false,"pending_update_count":0}}`)
	}
	return []byte(`{"ok":true,"result":true}`)
}

func (a *api) pause() {
	if a.latency > 0 {
		time.Sleep(a.latency)
	}
}

// held is how long a request for updates waits for some.
const held = time.Second

func (a *api) updates(params []byte) []byte {
	offset, limit := number(params, "offset"), number(params, "limit")
	if limit <= 0 || limit > batch {
		limit = batch
	}
	out, news := a.take(offset, limit)
	if out == nil {
		select {
		case <-news:
			out, _ = a.take(offset, limit)
		case <-time.After(held):
		}
	}
	return append(append([]byte(`{"ok":true,"result":[`), bytes.Join(out, []byte(","))...), "]}"...)
}

// take returns the updates from offset on, or a channel that closes when there
// may be some.
func (a *api) take(offset, limit int) ([][]byte, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.passed = max(a.passed, min(offset, a.first+len(a.queue)))
	at := a.passed - a.first
	if at >= len(a.queue) {
		return nil, a.news
	}
	return a.queue[at:min(at+limit, len(a.queue))], nil
}

// number reads a parameter from JSON, a form or a query, 0 where there is none.
func number(params []byte, name string) int {
	at := bytes.Index(params, []byte(name))
	if at < 0 {
		return 0
	}
	n, digits := 0, 0
	for _, c := range params[at+len(name):] {
		switch {
		case c >= '0' && c <= '9':
			n, digits = n*10+int(c-'0'), digits+1
		case digits > 0 || c == ',' || c == '&' || c == '}':
			return n
		}
	}
	return n
}
