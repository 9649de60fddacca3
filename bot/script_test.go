package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// script is a Bot API that plays given batches of updates, for what the strict
// emulator does not do: it never looks at the calls.
type script struct {
	url     string
	journal *memory
	log     *logged
	opened  atomic.Int32
	calls   atomic.Int32
	refuse  int           // every call is answered with this error, 0 = none
	big     bool          // updates come in a batch that is too big
	played  chan struct{} // closed when the batches are over and polled past

	mu      sync.Mutex
	batches []string
	offsets []int64
	bodies  []string
}

const scriptToken = "42:a_token-of-the-tests"

func newScript(t *testing.T, batches []string) *script {
	t.Helper()
	s := &script{journal: newMemory(), log: &logged{}, batches: batches, played: make(chan struct{})}
	server := httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *script) serve(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	if s.refuse != 0 {
		w.WriteHeader(s.refuse)
		write(w, fmt.Sprintf(`{"ok":false,"error_code":%d,"description":"no"}`, s.refuse))
		return
	}
	switch method := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]; method {
	case "getMe":
		write(w, `{"ok":true,"result":{"id":42,"is_bot":true,"first_name":"x","username":"script_bot"}}`)
	case "getUpdates":
		s.updates(w, r)
	case methodSend:
		var sent struct{ Text string }
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		s.bodies = append(s.bodies, sent.Text)
		n := len(s.bodies)
		s.mu.Unlock()
		write(w, fmt.Sprintf(`{"ok":true,"result":{"message_id":%d,"date":1,"chat":{"id":1,"type":"private"},"forward_origin":{"type":"telepathy"}}}`, n))
	default:
		write(w, `{"ok":true,"result":true}`)
	}
}

func (s *script) updates(w http.ResponseWriter, r *http.Request) {
	var asked getUpdates
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if s.big {
		write(w, `{"ok":true,"result":[{"x":"`+strings.Repeat("x", maxBatch)+`"}]}`)
		return
	}
	s.mu.Lock()
	s.offsets = append(s.offsets, asked.Offset)
	batch := ""
	if len(s.batches) > 0 {
		batch, s.batches = s.batches[0], s.batches[1:]
	} else if len(s.batches) == 0 && s.played != nil {
		close(s.played)
		s.played = nil
	}
	s.mu.Unlock()
	if batch != "" {
		write(w, `{"ok":true,"result":`+batch+`}`)
		return
	}
	if asked.Timeout > 0 {
		<-r.Context().Done()
	}
	write(w, `{"ok":true,"result":[]}`)
}

func write(w http.ResponseWriter, body string) { _, _ = w.Write([]byte(body)) }

func (s *script) sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.bodies...)
}

func (s *script) dial(t *testing.T) *Client {
	t.Helper()
	token, err := ParseToken(scriptToken)
	if err != nil {
		t.Fatal(err)
	}
	client, err := Dial(t.Context(), token, s.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func (s *script) options(t *testing.T, client *Client) Options {
	o := Options{Client: client, Handler: answers(echo), Journal: s.journal, Catalogue: catalogue(t), Redact: starred,
		Log: slog.New(slog.NewJSONHandler(s.log, nil)), Limits: fast()}
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	return o
}

// finish runs a bot until the batches are over, and stops it.
func (s *script) finish(t *testing.T) {
	t.Helper()
	b, err := New(s.options(t, s.dial(t)))
	if err != nil {
		t.Fatal(err)
	}
	played := s.played
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	select {
	case <-played:
	case <-ctx.Done():
		t.Errorf("the updates were never asked for to their end\n%s", s.log)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// textFrom is a message in a private chat, as JSON.
func textFrom(person int64, text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"message_id":1,"date":1,"chat":{"id":%d,"type":"private"},"from":{"id":%d,"is_bot":false,"first_name":"x"},"text":%s}`, person, person, quoted)
}
