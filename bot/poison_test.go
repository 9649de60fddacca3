package bot_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-telegram/bot/models"

	"saqbol/bot"
	"saqbol/emulator"
	"saqbol/fraud"
	"saqbol/handlers"
	"saqbol/locales"
	"saqbol/recognize"
	"saqbol/storage"
	"saqbol/storage/seal"
)

var poisons = flag.Int("poison", 1000, "how many poisonous updates TestPoison throws at the bot, each way")

const goodPeople = 12

// laboratory is the real bot on its real store, with the emulator's Bot API behind
// a window that puts poison in the place of marked updates.
type laboratory struct {
	api     *emulator.Server
	store   *storage.Store
	redact  func(string) (string, bool)
	people  []*emulator.Person
	samples []sample
	log     *syncBuffer
	ctx     context.Context

	mu    sync.Mutex
	given map[int64][]byte // what was thrown, by the number that the server gave it
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// marked is an update that stands for a sample.
var marked = regexp.MustCompile(`\{"poison":(\d+),"update_id":(\d+)\}`)

// poisoned puts the samples in the place of their marks.
func (l *laboratory) poisoned(body []byte) []byte {
	return marked.ReplaceAllFunc(body, func(mark []byte) []byte {
		numbers := marked.FindSubmatch(mark)
		n, err := strconv.Atoi(string(numbers[1]))
		id, err2 := strconv.ParseInt(string(numbers[2]), 10, 64)
		if err != nil || err2 != nil {
			panic("a mark without its numbers")
		}
		raw := strings.ReplaceAll(l.samples[n].raw, idHere, string(numbers[2]))
		raw = strings.ReplaceAll(raw, quotedID, string(numbers[2]))
		l.mu.Lock()
		l.given[id] = []byte(raw)
		l.mu.Unlock()
		return []byte(raw)
	})
}

// polled is the Bot API with poison in its lists of updates.
func (l *laboratory) polled(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/getUpdates") {
			next.ServeHTTP(w, r)
			return
		}
		recorded := httptest.NewRecorder()
		next.ServeHTTP(recorded, r)
		maps.Copy(w.Header(), recorded.Header())
		w.Header().Del("Content-Length")
		w.WriteHeader(recorded.Code)
		_, _ = w.Write(l.poisoned(recorded.Body.Bytes())) // the bot may have hung up
	})
}

// delivered is the bot's webhook with poison in what is delivered.
func (l *laboratory) delivered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "broken off", http.StatusBadRequest)
			return
		}
		body = l.poisoned(body)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		next.ServeHTTP(w, r)
	})
}

func newLaboratory(t *testing.T, webhook bool) *laboratory {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute+time.Duration(*poisons)*100*time.Millisecond)
	t.Cleanup(cancel)
	l := &laboratory{log: &syncBuffer{}, ctx: ctx, given: map[int64][]byte{}}
	api, err := emulator.New(emulator.Options{KeepCalls: -1})
	if err != nil {
		t.Fatal(err)
	}
	l.api = api
	t.Cleanup(api.Close)
	window := httptest.NewServer(l.polled(api.API()))
	t.Cleanup(window.Close)
	for range goodPeople {
		l.people = append(l.people, api.NewPerson("Citizen", "ru"))
	}
	keys, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if l.store, err = storage.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "saqbol.db"), keys); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.store.Close(); err != nil {
			t.Error(err)
		}
	})
	l.start(t, keys, window.URL, webhook)
	return l
}

// start builds the bot as the program does, and runs it.
func (l *laboratory) start(t *testing.T, keys *seal.Keys, url string, webhook bool) {
	t.Helper()
	catalogue, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	recogniser, err := recognize.New()
	if err != nil {
		t.Fatal(err)
	}
	official, err := fraud.DefaultDirectory()
	if err != nil {
		t.Fatal(err)
	}
	token, err := bot.ParseToken(l.api.Token())
	if err != nil {
		t.Fatal(err)
	}
	client, err := bot.Dial(l.ctx, token, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	l.redact = recogniser.Redact
	o := bot.Options{Client: client, Journal: l.store, Catalogue: catalogue, Redact: recogniser.Redact, Random: rand.Reader,
		Log: slog.New(slog.NewTextHandler(l.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Handler: handlers.New(handlers.Deps{Store: l.store, Official: official, Recognise: recogniser, Tokens: keys.Tokens(), Catalogue: catalogue,
			Username: client.Username(), Clock: time.Now, Random: rand.Reader}),
		Limits: bot.Limits{ChatEvery: time.Microsecond, ChatBurst: 1000, GroupEvery: time.Microsecond, GroupBurst: 1000, PerSecond: 1e6, Burst: 1e6}}
	var hook net.Listener
	if webhook {
		if hook, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		o.Webhook = bot.Webhook{URL: "http://" + hook.Addr().String() + "/hook", Secret: bot.NewSecret("a-secret-of_the-tests")}
	}
	b, err := bot.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if webhook {
		server := &http.Server{Handler: l.delivered(b.Webhook()), ReadHeaderTimeout: 10 * time.Second}
		go func() { _ = server.Serve(hook) }() // ends with the Close below
		t.Cleanup(func() { _ = server.Close() })
	}
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(running) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// brew makes so many different samples that this way of delivery can carry.
func (l *laboratory) brew(t *testing.T, webhook bool) {
	t.Helper()
	c := newChemist(t, 7)
	for _, p := range l.people[:goodPeople/2] {
		c.chats = append(c.chats, p.ID())
	}
	known := map[string]bool{}
	add := func(s sample) {
		// A list of updates that is not whole tells nothing but that the answer broke
		// off: it is asked for again.
		if (s.whole || webhook) && !known[s.raw] && len(l.samples) < *poisons {
			known[s.raw] = true
			l.samples = append(l.samples, s)
		}
	}
	for _, s := range c.everything() {
		add(s)
	}
	for len(l.samples) < *poisons {
		add(c.poison())
	}
	c.r.Shuffle(len(l.samples), func(i, j int) { l.samples[i], l.samples[j] = l.samples[j], l.samples[i] })
}

// throw sends the samples with good messages between them, and returns how many of
// these each of the people has sent.
func (l *laboratory) throw(t *testing.T) (sent []int) {
	t.Helper()
	sent = make([]int, len(l.people))
	for i := range l.samples {
		if _, err := l.api.Push(fmt.Appendf(nil, `{"poison":%d}`, i)); err != nil {
			t.Fatal(err)
		}
		who := i % len(l.people)
		l.people[who].Send(fmt.Sprintf("+7 701 1%02d %02d %02d", who, sent[who]/100, sent[who]%100))
		sent[who]++
	}
	return sent
}

// answered checks that each of the people has all their answers, in order.
func (l *laboratory) answered(t *testing.T, sent []int) {
	t.Helper()
	for who, p := range l.people {
		var want []string
		for i := range sent[who] {
			want = append(want, fmt.Sprintf("+7 701 1%02d %02d %02d", who, i/100, i%100))
		}
		number := regexp.MustCompile(fmt.Sprintf(`\+7 701 1%02d \d\d \d\d`, who))
		read := func(messages []emulator.Message) (got []string) {
			for _, m := range messages {
				if m.FromBot {
					got = append(got, number.FindAllString(m.Text, 1)...)
				}
			}
			return got
		}
		messages, err := p.Wait(l.ctx, func(m []emulator.Message) bool { return len(read(m)) >= len(want) })
		if got := read(messages); err != nil || !slices.Equal(got, want) {
			t.Errorf("person %d: %d answers of %d, in order: %v; %v", who, len(got), len(want), slices.IsSorted(got), err)
		}
	}
}

// decodes reports whether the library takes an update, and whether it has a number.
func decodes(raw []byte) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	var u models.Update
	return json.Unmarshal(raw, &u) == nil && u.ID > 0
}

// letters reads all dead letters.
func (l *laboratory) letters(t *testing.T) (all []fraud.DeadLetter) {
	t.Helper()
	for before := int64(0); ; {
		page, err := l.store.DeadLetters(l.ctx, before, 300)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return all
		}
		all, before = append(all, page...), page[len(page)-1].ID
	}
}

// TestPoison throws whatever the Bot API's data holds, and what no Bot API holds, at
// the real bot, with good messages between. Nothing stalls, and the good ones are
// answered in order. What the library can't decode is a dead letter with its very
// bytes, is listed, and is handled anew when that is asked for.
//
// No letter is made of what the library decodes: kinds of updates and contents that
// it has no field for, and what the bot leaves unanswered on purpose (channels,
// other bots, service messages, talk in groups).
func TestPoison(t *testing.T) {
	for _, way := range []string{"polling", "webhook"} {
		t.Run(way, func(t *testing.T) {
			l := newLaboratory(t, way == "webhook")
			l.brew(t, way == "webhook")
			began := time.Now()
			sent := l.throw(t)
			if err := l.api.Drained(l.ctx); err != nil {
				t.Fatalf("it stalls: %v", err)
			}
			took := time.Since(began)
			l.answered(t, sent)
			count, masked := l.compare(t)
			l.again(t, count)
			if log := l.log.String(); strings.Contains(log, canary) || strings.Contains(log, pan) {
				t.Error("the log holds what people wrote")
			}
			if t.Failed() {
				return
			}
			kinds := map[string]int{}
			for _, s := range l.samples {
				kinds[s.kind]++
			}
			t.Logf("measured: %s: %d poisonous updates %v among %d good ones in %v: 0 stalls, 0 out of order, %d dead letters (%d of them masked), all listed and handled anew, %d goroutines",
				way, len(l.samples), kinds, len(l.samples), took.Round(time.Millisecond), count, masked, runtime.NumGoroutine())
		})
	}
}

// compare holds the dead letters against what was thrown.
func (l *laboratory) compare(t *testing.T) (count, masked int) {
	t.Helper()
	want := map[string]int64{}
	for id, raw := range l.given {
		if !decodes(raw) {
			want[string(raw)] = id
		}
	}
	if len(l.given) != len(l.samples) {
		t.Errorf("%d of %d samples were thrown", len(l.given), len(l.samples))
	}
	byUpdate, byText := map[int64]string{}, map[string]string{}
	for raw, id := range want {
		byUpdate[id] = raw
		text, _ := l.redact(raw)
		byText[text] = raw // what breaks off is masked as a text, and has no number
	}
	for _, letter := range l.letters(t) {
		count++
		raw := string(letter.Raw)
		switch {
		case letter.Broken, letter.Cut, letter.Reason == "", strings.Contains(letter.Reason, canary), strings.Contains(letter.Reason, "panicked"):
			t.Errorf("letter %d: broken %v, cut %v, %q", letter.ID, letter.Broken, letter.Cut, letter.Reason)
		case letter.Masked:
			masked++
			thrown, ok := byUpdate[letter.Update]
			if !ok {
				thrown, ok = byText[raw]
			}
			if !ok || strings.Contains(raw, pan) || !strings.Contains(thrown, pan) && !l.secretIn(thrown) {
				t.Errorf("letter %d is masked: %.300s", letter.ID, raw)
			}
			delete(want, thrown)
		case want[raw] == 0:
			t.Errorf("letter %d is of nothing that was thrown, or was thrown once only: %.300s (%s)", letter.ID, raw, letter.Reason)
		default:
			delete(want, raw)
		}
	}
	for raw := range want {
		t.Errorf("there is no letter of %.300q", raw)
	}
	if count == 0 || masked == 0 {
		t.Errorf("%d letters, %d masked: the test throws nothing", count, masked)
	}
	return count, masked
}

// secretIn reports whether the masking finds something in an update: in one of its
// values, or in its text where it is no JSON.
func (l *laboratory) secretIn(raw string) bool {
	in := json.NewDecoder(strings.NewReader(raw))
	in.UseNumber()
	for {
		token, err := in.Token()
		if err != nil {
			_, found := l.redact(raw)
			return found && !errors.Is(err, io.EOF)
		}
		if _, isDelim := token.(json.Delim); isDelim {
			continue
		}
		if _, found := l.redact(fmt.Sprint(token)); found {
			return true
		}
	}
}

// again has all letters handled anew: what can't be decoded stays, and says so; of
// what is masked its person is asked.
func (l *laboratory) again(t *testing.T, count int) {
	t.Helper()
	if n, err := l.store.ReplayLetters(l.ctx); err != nil || n != count {
		t.Fatalf("%d letters of %d marked, %v", n, count, err)
	}
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		left, tried := 0, 0
		for _, letter := range l.letters(t) {
			left++
			if letter.Masked {
				continue
			}
			if letter.Tries == 1 && !letter.Replay {
				tried++
			}
		}
		if left == tried {
			return
		}
		select {
		case <-ticker.C:
		case <-l.ctx.Done():
			t.Fatalf("of %d letters left %d were handled anew", left, tried)
		}
	}
}
