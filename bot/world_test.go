package bot

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"saqbol/emulator"
)

const testSecret = "a-secret-of_the-tests"

// world is a running bot with the Bot API beside it.
type world struct {
	ctx     context.Context
	api     *emulator.Server
	bot     *Bot
	journal *memory
	log     *logged
	stop    func() error  // stops the bot gracefully
	ended   chan struct{} // closed when Run has returned
	ends    error         // what Run is to return at the test's end
}

// settings change a world before it starts.
type settings struct {
	webhook bool
	options func(*Options)
	api     func(*emulator.Server)
	journal *memory
	server  emulator.Options
}

func fast() Limits {
	return Limits{ChatEvery: time.Microsecond, ChatBurst: 1000, GroupEvery: time.Microsecond, GroupBurst: 1000, PerSecond: 1e6, Burst: 1e6}
}

func begin(t *testing.T, handle Handler, s settings) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	w := &world{ctx: ctx, log: &logged{}, journal: s.journal}
	if w.journal == nil {
		w.journal = newMemory()
	}
	var url string
	w.api, url = emulator.Start(t, s.server)
	if s.api != nil {
		s.api(w.api)
	}
	token, err := ParseToken(w.api.Token())
	if err != nil {
		t.Fatal(err)
	}
	client, err := Dial(ctx, token, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	o := Options{Client: client, Handler: handle, Journal: w.journal, Catalogue: catalogue(t), Redact: starred,
		Log: slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Limits: fast()}
	var hook *net.Listener
	if s.webhook {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		hook = &l
		o.Webhook = Webhook{URL: "http://" + l.Addr().String() + "/hook", Secret: NewSecret(testSecret)}
	}
	if s.options != nil {
		s.options(&o)
	}
	if w.bot, err = New(o); err != nil {
		t.Fatal(err)
	}
	if hook != nil {
		serveHook(t, *hook, w.bot)
	}
	w.start(t)
	return w
}

func serveHook(t *testing.T, l net.Listener, b *Bot) {
	server := &http.Server{Handler: b.Webhook(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // ends with the Close below
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
}

func (w *world) start(t *testing.T) {
	running, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	var err error
	go func() {
		err = w.bot.Run(running)
		close(ended)
	}()
	w.ended = ended
	w.stop = func() error {
		cancel()
		<-ended
		return err
	}
	t.Cleanup(func() {
		if err := w.stop(); !errors.Is(err, w.ends) {
			t.Errorf("Run: %v, want %v", err, w.ends)
		}
		if strings.Contains(w.log.String(), w.api.Token()) {
			t.Error("the log holds the token")
		}
	})
}

// drained waits until every update is acknowledged.
func (w *world) drained(t *testing.T) {
	t.Helper()
	if err := w.api.Drained(w.ctx); err != nil {
		t.Fatalf("%v\n%s", err, w.log)
	}
}

// texts are the bot's messages in a person's chat.
func texts(p *emulator.Person) []string {
	var out []string
	for _, m := range p.Messages() {
		if m.FromBot {
			out = append(out, m.Text)
		}
	}
	return out
}

// shown waits until a person has so many messages of the bot, and gives them.
func (w *world) shown(t *testing.T, p *emulator.Person, n int) []string {
	t.Helper()
	_, err := p.Wait(w.ctx, func(messages []emulator.Message) bool {
		count := 0
		for _, m := range messages {
			if m.FromBot {
				count++
			}
		}
		return count >= n
	})
	if err != nil {
		t.Fatalf("%d messages of the bot: %v; there are %q\n%s", n, err, texts(p), w.log)
	}
	return texts(p)
}

// post delivers a body to the webhook as anybody could.
func (w *world) post(t *testing.T, secret, body string) (int, string) {
	t.Helper()
	fail := func(err error) (int, string) { // not Fatal: others wait for whoever posts
		t.Error(err)
		return 0, ""
	}
	// The bot is open before it says where it is; before that it answers 503.
	if _, err := w.api.WaitCall(w.ctx, func(c emulator.Call) bool { return c.Method == "setWebhook" }); err != nil {
		return fail(err)
	}
	req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.bot.options.Webhook.URL, strings.NewReader(body))
	if err != nil {
		return fail(err)
	}
	if secret != "" {
		req.Header.Set(secretHeader, secret)
	}
	// A connection of its own: one that is kept may be closed at the moment of its use.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fail(err)
	}
	return resp.StatusCode, string(answer)
}
