package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// twins is which delivery, of so many, goes to two replicas at the same time: as
// where a connection breaks and Telegram asks again before the first has answered.
const twins = 10

// balancer is the load balancer in front of replicas. It hands each delivery to the
// next one, whoever wrote, and the one behind that where nothing listens; what
// breaks off it answers with 502, so that Telegram delivers it again.
type balancer struct {
	members []string // addresses
	client  *http.Client
	server  *http.Server
	served  chan struct{}
	address string
	turn    atomic.Int64
	broken  atomic.Int64 // deliveries that were not acknowledged
	twice   atomic.Int64 // deliveries that went to two

	mu    sync.Mutex
	acked map[int64]bool // updates that were acknowledged
}

func newBalancer(ctx context.Context, members []string) (*balancer, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &balancer{members: members, served: make(chan struct{}), address: l.Addr().String(), acked: map[int64]bool{},
		client: &http.Client{Timeout: 40 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	b.server = &http.Server{Handler: b, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(b.served)
		_ = b.server.Serve(l) // ends with close
	}()
	return b, nil
}

func (b *balancer) close() {
	_ = b.server.Close()
	<-b.served
	b.client.CloseIdleConnections()
}

// updates is how many updates were acknowledged, each counted once.
func (b *balancer) updates() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.acked)
}

// ServeHTTP passes a delivery on.
func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	n := int(b.turn.Add(1))
	if n%twins == 0 {
		b.twice.Add(1)
		second := make(chan struct{})
		defer func() { <-second }()
		go func() {
			defer close(second)
			if answer, err := b.pass(r, body, n+1); err == nil {
				_ = answer.Body.Close() // nobody waits for it
			}
		}()
	}
	answer, err := b.pass(r, body, n)
	if err != nil {
		b.broken.Add(1)
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = answer.Body.Close() }() // it was only read
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		b.broken.Add(1)
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	b.note(body, answer.StatusCode)
	w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	w.WriteHeader(answer.StatusCode)
	_, _ = w.Write(said) // Telegram has gone: it comes again
}

// pass hands a delivery to a replica, or to the next where that does not listen.
func (b *balancer) pass(r *http.Request, body []byte, n int) (answer *http.Response, err error) {
	for i := range b.members {
		url := "http://" + b.members[(n+i)%len(b.members)] + r.URL.Path
		request, failed := http.NewRequestWithContext(r.Context(), http.MethodPost, url, bytes.NewReader(body))
		if failed != nil {
			return nil, failed
		}
		request.Header = r.Header.Clone()
		if answer, err = b.client.Do(request); err == nil || !refusedToConnect(err) {
			return answer, err
		}
	}
	return nil, err
}

func (b *balancer) note(body []byte, status int) {
	var update struct {
		ID int64 `json:"update_id"`
	}
	if status/100 != 2 || json.Unmarshal(body, &update) != nil {
		b.broken.Add(1)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acked[update.ID] = true
}
