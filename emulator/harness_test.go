package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bot is a caller of the API in a test. It holds every result and every update
// against the Bot API's own data.
type bot struct {
	t      *testing.T
	s      *Server
	base   string
	client *http.Client
	offset int64
}

func newBot(t *testing.T, opts Options) *bot {
	t.Helper()
	s, base := Start(t, opts)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &bot{t: t, s: s, base: base, client: &http.Client{Transport: transport, Timeout: 10 * time.Second}}
}

type answer struct {
	Status      int             `json:"-"`
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	Code        int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		RetryAfter int   `json:"retry_after"`
		MigrateTo  int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
}

type args map[string]any

func (b *bot) post(path, contentType string, body io.Reader) answer {
	b.t.Helper()
	a, err := b.try(b.t.Context(), path, contentType, body)
	if err != nil {
		b.t.Fatalf("calling %s: %v", path, err)
	}
	return a
}

func (b *bot) try(ctx context.Context, path, contentType string, body io.Reader) (answer, error) {
	var a answer
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.base+path, body)
	if err != nil {
		return a, err
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	response, err := b.client.Do(r)
	if err != nil {
		return a, err
	}
	defer func() { _ = response.Body.Close() }()
	a.Status = response.StatusCode
	return a, json.NewDecoder(response.Body).Decode(&a)
}

// call calls a method with JSON.
func (b *bot) call(method string, p args) answer {
	b.t.Helper()
	if p == nil {
		p = args{}
	}
	body, err := json.Marshal(p)
	if err != nil {
		b.t.Fatal(err)
	}
	a := b.post("/bot"+b.s.Token()+"/"+method, "application/json", bytes.NewReader(body))
	if a.OK {
		b.checkResult(method, a.Result)
	}
	return a
}

// must calls a method that has to succeed and decodes its result.
func (b *bot) must(method string, p args, result any) {
	b.t.Helper()
	a := b.call(method, p)
	if !a.OK {
		b.t.Fatalf("%s: %d %s", method, a.Code, a.Description)
	}
	if result == nil {
		return
	}
	if err := json.Unmarshal(a.Result, result); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
}

// refused calls a method that has to be refused with that code and a
// description that holds the words.
func (b *bot) refused(method string, p args, code int, words string) {
	b.t.Helper()
	a := b.call(method, p)
	if a.OK || a.Code != code || a.Status != code || !strings.Contains(a.Description, words) {
		b.t.Errorf("%s %v: got %+v %s, want %d %q", method, p, a, a.Result, code, words)
	}
}

// send sends a text and gives the message's id.
func (b *bot) send(p args) int64 {
	b.t.Helper()
	var m struct {
		ID int64 `json:"message_id"`
	}
	b.must("sendMessage", p, &m)
	return m.ID
}

func (b *bot) checkResult(method string, result json.RawMessage) {
	b.t.Helper()
	var problems []string
	for _, name := range returnTypes(b.t, method) {
		err := b.schema().checkType(name, result)
		if err == nil {
			return
		}
		problems = append(problems, err.Error())
	}
	b.t.Errorf("the result of %s is not what the Bot API says: %v\n%s", method, problems, result)
}

func (b *bot) schema() *schema {
	b.t.Helper()
	sc, err := b.s.loadSchema()
	if err != nil {
		b.t.Fatal(err)
	}
	return sc
}

// returnTypes is what the Bot API's data says that a method returns.
func returnTypes(t *testing.T, method string) []string {
	t.Helper()
	var data struct {
		Methods map[string]struct {
			Returns []string `json:"returns"`
		} `json:"methods"`
	}
	if err := json.Unmarshal(apiData, &data); err != nil {
		t.Fatal(err)
	}
	for name, m := range data.Methods {
		if strings.EqualFold(name, method) {
			return m.Returns
		}
	}
	t.Fatalf("no method %s", method)
	return nil
}

// updates polls once, without waiting, and confirms what it gets with the next
// call.
func (b *bot) updates() []map[string]any {
	b.t.Helper()
	var raw []json.RawMessage
	b.must("getUpdates", args{"offset": b.offset}, &raw)
	out := make([]map[string]any, len(raw))
	for i, u := range raw {
		if err := b.schema().checkType("Update", u); err != nil {
			b.t.Errorf("an update is not what the Bot API says: %v\n%s", err, u)
		}
		if err := json.Unmarshal(u, &out[i]); err != nil {
			b.t.Fatal(err)
		}
		b.offset = int64(out[i]["update_id"].(float64)) + 1
	}
	return out
}

// soon bounds what a test waits for.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
