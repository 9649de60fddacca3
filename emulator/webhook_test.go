package emulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// hookServer is the bot's side of a webhook in a test.
type hookServer struct {
	*httptest.Server
	handle func(w http.ResponseWriter, r *http.Request, update map[string]any)
}

func newHook(t *testing.T, handle func(http.ResponseWriter, *http.Request, map[string]any)) *hookServer {
	t.Helper()
	h := &hookServer{handle: handle}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the server went away in the middle
		}
		var update map[string]any
		if err := json.Unmarshal(body, &update); err != nil {
			t.Errorf("delivered %q: %v", body, err)
		}
		h.handle(w, r, update)
	}))
	t.Cleanup(h.Close)
	return h
}

func TestWebhookDelivers(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	p.Send("before the webhook was set")
	var mu sync.Mutex
	var texts []string
	h := newHook(t, func(_ http.ResponseWriter, r *http.Request, u map[string]any) {
		if got := r.Header.Get("X-Telegram-Bot-Api-Secret-Token"); got != "the-secret" {
			t.Errorf("the secret is %q", got)
		}
		if got := r.Header.Get("Content-Type"); got != "application/json" || r.Method != http.MethodPost {
			t.Errorf("%s %s", r.Method, got)
		}
		mu.Lock()
		defer mu.Unlock()
		texts = append(texts, u["message"].(map[string]any)["text"].(string))
	})
	b.must("setWebhook", args{"url": h.URL + "/hook", "secret_token": "the-secret", "max_connections": 5}, nil)
	p.Send("after")
	if err := b.s.Drained(soon(t)); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(texts); got != "[before the webhook was set after]" {
		t.Errorf("got %s", got)
	}
	var info struct {
		URL     string
		Most    int    `json:"max_connections"`
		Pending int    `json:"pending_update_count"`
		Error   string `json:"last_error_message"`
	}
	if b.must("getWebhookInfo", nil, &info); info.URL != h.URL+"/hook" || info.Most != 5 || info.Pending != 0 || info.Error != "" {
		t.Errorf("got %+v", info)
	}
}

func TestWebhookKeepsOrderPerChat(t *testing.T) {
	const people, each, connections = 20, 10, 8
	b := newBot(t, Options{})
	var mu sync.Mutex
	got := map[float64][]string{}
	running, most := 0, 0
	h := newHook(t, func(_ http.ResponseWriter, _ *http.Request, u map[string]any) {
		m := u["message"].(map[string]any)
		chat := m["chat"].(map[string]any)["id"].(float64)
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		b.s.pause(t.Context(), time.Millisecond)
		mu.Lock()
		running--
		got[chat] = append(got[chat], m["text"].(string))
		mu.Unlock()
	})
	b.must("setWebhook", args{"url": h.URL, "max_connections": connections}, nil)
	var want []string
	for i := range each {
		want = append(want, fmt.Sprint(i))
	}
	var crowd []*Person
	for range people {
		crowd = append(crowd, b.s.NewPerson("Person", "kk"))
	}
	for _, text := range want {
		for _, p := range crowd {
			p.Send(text)
		}
	}
	if err := b.s.Drained(soon(t)); err != nil {
		t.Fatal(err)
	}
	if len(got) != people || most > connections || most < 2 {
		t.Errorf("%d chats, %d deliveries at a time", len(got), most)
	}
	for chat, texts := range got {
		if !slices.Equal(texts, want) {
			t.Errorf("chat %v got %v", chat, texts)
		}
	}
}

func TestWebhookDeliversAgain(t *testing.T) {
	b := newBot(t, Options{WebhookBackoff: time.Millisecond})
	p := b.s.NewPerson("Person", "kk")
	var mu sync.Mutex
	var log []string
	h := newHook(t, func(w http.ResponseWriter, r *http.Request, u map[string]any) {
		text := u["message"].(map[string]any)["text"].(string)
		mu.Lock()
		defer mu.Unlock()
		log = append(log, text)
		switch len(log) {
		case 1:
			w.WriteHeader(http.StatusInternalServerError)
		case 2:
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}
	})
	b.must("setWebhook", args{"url": h.URL}, nil)
	p.Send("fails")
	p.Send("next")
	if err := b.s.Drained(soon(t)); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(log); got != "[fails fails fails next]" {
		t.Errorf("deliveries: %s", got)
	}
	var info struct {
		Error string `json:"last_error_message"`
		At    int64  `json:"last_error_date"`
	}
	if b.must("getWebhookInfo", nil, &info); info.Error != "Wrong response from the webhook: 302 Found" || info.At == 0 {
		t.Errorf("got %+v", info)
	}
}

func TestWebhookTimesOut(t *testing.T) {
	b := newBot(t, Options{WebhookBackoff: time.Millisecond, WebhookTimeout: 100 * time.Millisecond})
	p := b.s.NewPerson("Person", "kk")
	var deliveries atomic.Int64
	h := newHook(t, func(_ http.ResponseWriter, r *http.Request, _ map[string]any) {
		if deliveries.Add(1) == 1 {
			<-r.Context().Done()
		}
	})
	b.must("setWebhook", args{"url": h.URL}, nil)
	p.Send("hangs")
	if err := b.s.Drained(soon(t)); err != nil {
		t.Fatal(err)
	}
	var info struct {
		Error string `json:"last_error_message"`
	}
	if b.must("getWebhookInfo", nil, &info); info.Error != "Read timeout expired" || deliveries.Load() < 2 {
		t.Errorf("after %d deliveries: %+v", deliveries.Load(), info)
	}
}

func TestWebhookErrors(t *testing.T) {
	b := newBot(t, Options{WebhookBackoff: time.Millisecond})
	p := b.s.NewPerson("Person", "kk")
	h := newHook(t, nil)
	h.Close()
	b.must("setWebhook", args{"url": h.URL}, nil)
	p.Send("x")
	ctx := soon(t)
	var info struct {
		Error   string `json:"last_error_message"`
		Pending int    `json:"pending_update_count"`
	}
	for info.Error == "" && ctx.Err() == nil {
		b.must("getWebhookInfo", nil, &info)
		b.s.pause(ctx, time.Millisecond)
	}
	if info.Error != "Connection refused" || info.Pending != 1 {
		t.Errorf("got %+v", info)
	}
	b.must("deleteWebhook", nil, nil)
	if got := b.updates(); len(got) != 1 {
		t.Errorf("what was not delivered is lost: %v", got)
	}
	p.Send("y")
	b.must("deleteWebhook", args{"drop_pending_updates": true}, nil)
	if b.s.Pending() != 0 {
		t.Errorf("%d updates are pending", b.s.Pending())
	}
}

func TestWebhookRefused(t *testing.T) {
	b := newBot(t, Options{})
	for words, params := range map[string]args{
		"An HTTPS URL must be provided": {"url": "http://example.com/"},
		"invalid webhook URL":           {"url": "ftp://127.0.0.1/"},
		"unallowed characters":          {"url": "https://example.com/", "secret_token": "a b"},
		`"max_connections"`:             {"url": "https://example.com/", "max_connections": 101},
	} {
		b.refused("setWebhook", params, 400, words)
	}
	b.must("setWebhook", args{"url": ""}, nil)
}

// TestWebhookAnswers puts calls into the answers to deliveries, in each form.
func TestWebhookAnswers(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	multipartType, multipartBody := form(t, map[string]any{"method": "sendMessage", "chat_id": p.ID(), "text": "multipart"})
	answers := map[string][2]string{
		"json":      {"application/json", fmt.Sprintf(`{"method":"sendMessage","chat_id":%d,"text":"json"}`, p.ID())},
		"form":      {"application/x-www-form-urlencoded", fmt.Sprintf("method=sendmessage&chat_id=%d&text=form", p.ID())},
		"multipart": {multipartType, multipartBody.String()},
		"words":     {"text/plain", "ok"},
		"no method": {"application/json", `{"ok":true}`},
		"mistake":   {"application/json", fmt.Sprintf(`{"method":"sendMessage","chat_id":%d,"text":"x","txet":"x"}`, p.ID())},
	}
	h := newHook(t, func(w http.ResponseWriter, _ *http.Request, u map[string]any) {
		a := answers[u["message"].(map[string]any)["text"].(string)]
		w.Header().Set("Content-Type", a[0])
		write(w, []byte(a[1]))
	})
	b.must("setWebhook", args{"url": h.URL}, nil)
	for _, name := range []string{"json", "form", "multipart", "words", "no method", "mistake"} {
		id := p.Send(name)
		if err := b.s.Drained(soon(t)); err != nil {
			t.Fatal(err)
		}
		m, sent := p.Last()
		if sent = sent && m.ID > id; sent != slices.Contains([]string{"json", "form", "multipart"}, name) || sent && m.Text != name {
			t.Errorf("%s: the chat's last answer is %+v", name, m)
		}
	}
	var got []string
	for _, c := range b.s.Calls() {
		if c.InWebhook {
			got = append(got, fmt.Sprintf("%s %d", c.Method, c.Code))
		}
	}
	if s := strings.Join(got, ", "); s != "sendMessage 200, sendMessage 200, sendMessage 200, sendMessage 400" {
		t.Errorf("calls: %s", s)
	}
}

func TestWebhookRedeliver(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	var mu sync.Mutex
	seen := map[float64]int{}
	h := newHook(t, func(_ http.ResponseWriter, _ *http.Request, u map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		seen[u["update_id"].(float64)]++
	})
	b.s.Redeliver(true)
	b.must("setWebhook", args{"url": h.URL}, nil)
	for range 3 {
		p.Send("x")
	}
	if err := b.s.Drained(soon(t)); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 3 {
		t.Errorf("%d updates", len(seen))
	}
	for id, n := range seen {
		if n != 2 {
			t.Errorf("update %v came %d times", id, n)
		}
	}
}
