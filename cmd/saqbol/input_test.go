package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"html"
	"log/slog"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"saqbol/bot"
	"saqbol/emulator"
	"saqbol/fraud"
	"saqbol/handlers"
	"saqbol/locales"
	"saqbol/recognize"
	"saqbol/storage"
	"saqbol/storage/seal"
)

// inputs is how many inputs TestInput throws; SAQBOL_INPUTS says otherwise.
const inputs = 10_000

// heardKey names a message that the bot was given.
type heardKey struct {
	chat, message int64
	edited        bool
}

// listener is the router with somebody who listens to what it says.
type listener struct {
	bot.Handler
	pool *dataPool

	mu       sync.Mutex
	answered map[heardKey]bool // true where there was something to say
	failed   []string
}

func (l *listener) Handle(ctx context.Context, in handlers.Input) (handlers.Reply, error) {
	reply, err := l.Handler.Handle(ctx, in)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failed = append(l.failed, fmt.Sprintf("%v: %+v", err, in))
	}
	if in.Kind != handlers.KindButton {
		l.answered[heardKey{in.Chat, in.Message, in.Kind == handlers.KindEdited}] = len(reply.Messages) > 0
	}
	for _, m := range reply.Messages {
		for _, row := range m.Buttons {
			for _, b := range row {
				l.pool.add(b.Data)
			}
		}
	}
	return reply, err
}

// dataPool holds the data of buttons that somebody was shown.
type dataPool struct {
	mu   sync.Mutex
	data []string
}

func (p *dataPool) add(data string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if data != "" && len(p.data) < 5000 {
		p.data = append(p.data, data)
	}
}

func (p *dataPool) any(r *mathrand.Rand, otherwise string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.data) == 0 {
		return otherwise
	}
	return pick(r, p.data)
}

// chain is everything between Telegram and the disk, as the program builds it,
// but for the pace of sending and the quotas, which would keep silent in the end.
type chain struct {
	api      *emulator.Server
	said     *lockedBuffer // the emulator's log: what it refuses
	log      *lockedBuffer
	store    *storage.Store
	bot      *bot.Bot
	listener *listener
	stop     func()
}

func startChain(t *testing.T) *chain {
	t.Helper()
	c := &chain{said: &lockedBuffer{}, log: &lockedBuffer{}}
	var url string
	c.api, url = emulator.Start(t, emulator.Options{KeepCalls: 100, Log: slog.New(slog.NewTextHandler(c.said, nil))})
	keys, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if c.store, err = storage.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "saqbol.db"), keys); err != nil {
		t.Fatal(err)
	}
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
	token, err := bot.ParseToken(c.api.Token())
	if err != nil {
		t.Fatal(err)
	}
	client, err := bot.Dial(t.Context(), token, url)
	if err != nil {
		t.Fatal(err)
	}
	pool := &dataPool{}
	c.listener = &listener{pool: pool, answered: map[heardKey]bool{}, Handler: handlers.New(handlers.Deps{
		Store: c.store, Official: official, Recognise: recogniser, Tokens: keys.Tokens(), Catalogue: catalogue,
		Username: client.Username(), Clock: time.Now, Random: rand.Reader,
	})}
	c.bot, err = bot.New(bot.Options{Client: client, Handler: c.listener, Journal: c.store, Catalogue: catalogue, Redact: recogniser.Redact,
		Log: slog.New(slog.NewTextHandler(c.log, nil)), Random: rand.Reader,
		Limits: bot.Limits{ChatEvery: time.Microsecond, ChatBurst: 1000, GroupEvery: time.Microsecond, GroupBurst: 1000, PerSecond: 1e6, Burst: 1e6}})
	if err != nil {
		t.Fatal(err)
	}
	stopped := background(t, func(ctx context.Context) int {
		if err := c.bot.Run(ctx); err != nil {
			t.Error(err)
		}
		client.Close()
		return 0
	})
	c.stop = func() { stopped() }
	t.Cleanup(func() {
		c.stop()
		if err := c.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// scene brings a person to some place of a conversation before the inputs come.
func (c *chain) scene(t *testing.T, p citizen, r *mathrand.Rand, text func() string) {
	t.Helper()
	m := p.says("/start")
	switch r.IntN(12) {
	case 0:
		return
	case 1:
		p.says("/settings")
		return
	case 2:
		p.says(text())
		return
	case 3:
		p.says("/language")
		return
	}
	m = p.says("/report " + pick(r, []string{"8 701 123 45 67", "4400 4300 0000 1237", "+7 702 765 43 21 и 8 705 111 22 33"}))
	for range r.IntN(10) {
		choices := slices.DeleteFunc(slices.Concat(m.Buttons...), func(b emulator.Button) bool {
			return !strings.HasPrefix(b.Data, "r:") || strings.HasSuffix(b.Data, ":cancel") || strings.HasSuffix(b.Data, ":back")
		})
		if len(choices) == 0 {
			return
		}
		next := pick(r, choices)
		if m = c.press(t, p, m, next); strings.HasSuffix(next.Data, ":file") {
			p.says("/my")
			return
		}
	}
	if r.IntN(6) == 0 {
		p.says("/tips") // and the question whether to drop the report is open
	}
}

// press presses a button and gives the bot's latest message once the chat has changed.
func (c *chain) press(t *testing.T, p citizen, m emulator.Message, b emulator.Button) emulator.Message {
	t.Helper()
	before := asJSON(p.Messages())
	if err := p.Press(m.ID, b.Data); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if _, err := p.Wait(ctx, func(now []emulator.Message) bool { return asJSON(now) != before }); err != nil {
		t.Fatalf("%q had no effect: %v\n%s", b.Data, err, c.log)
	}
	last, _ := p.Last()
	return last
}

// crowdOf runs people side by side, each with a generator of their own.
func crowdOf(people int, seed uint64, live func(who int, r *mathrand.Rand)) {
	var wg sync.WaitGroup
	places := make(chan struct{}, 32)
	for who := range people {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			live(who, mathrand.New(mathrand.NewPCG(seed, uint64(who))))
		})
	}
	wg.Wait()
}

// TestInput sends what people send, and what nobody should, through the whole
// chain, at every step of a conversation: nothing panics, nothing that people wrote
// becomes markup, Telegram refuses no message, and everybody is answered.
func TestInput(t *testing.T) {
	const each = 16
	total := inputs
	if racing {
		total /= 10
	}
	if said := os.Getenv("SAQBOL_INPUTS"); said != "" {
		n, err := strconv.Atoi(said)
		if err != nil || n < each {
			t.Fatalf("SAQBOL_INPUTS=%s is no number of inputs", said)
		}
		total = n
	}
	const seed = 20261122
	c := startChain(t)
	host := c.api.NewPerson("Host", "ru")
	group := c.api.NewGroup("Family", host).ID()
	seeds := newCorpus(t, mathrand.New(mathrand.NewPCG(seed, 0))).seeds
	throwers := make([]*thrower, (total+each-1)/each)
	crowdOf(len(throwers), seed, func(who int, r *mathrand.Rand) {
		p := citizen{c.api.NewPerson("Тұрғын", pick(r, []string{"kk", "ru", "", "en"})), t, nil}
		th := &thrower{corpus: &corpus{r, seeds}, t: t, api: c.api, person: p.Person, group: group, next: 1<<40 + int64(who)<<20,
			wants: map[heardKey]thrown{}, count: map[string]int{}, pool: c.listener.pool}
		throwers[who] = th
		c.scene(t, p, r, th.text)
		for range each {
			th.throw()
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.api.Drained(ctx); err != nil {
		t.Fatal(err)
	}
	c.stop()
	c.judge(t, throwers)
}

// judge says what became of everything.
func (c *chain) judge(t *testing.T, throwers []*thrower) {
	t.Helper()
	count, outcome, letters, shown, answered := map[string]int{}, map[wanted]int{}, 0, 0, 0
	for _, th := range throwers {
		for kind, n := range th.count {
			count[kind] += n
		}
		for key, sent := range th.wants {
			want := sent.want
			outcome[want]++
			spoke, handled := c.listener.answered[key]
			switch {
			case want == wantAnswer && spoke:
				answered++
			case want == wantAnswer:
				t.Errorf("a private message was not answered (handled: %v): %s", handled, sent.body)
			case want == wantSilence && spoke:
				t.Errorf("somebody was answered who did not speak to the bot: %s", sent.body)
			case want == wantLetter:
				letters++
			}
		}
		shown += checkShown(t, th)
	}
	for _, failure := range c.listener.failed {
		t.Errorf("a flow failed: %s", failure)
	}
	kept, err := c.store.DeadLetters(t.Context(), 0, 10*inputs)
	if err != nil || len(kept) != letters {
		t.Errorf("%d dead letters, want %d: %v", len(kept), letters, err)
	}
	if left, err := c.store.Unsent(t.Context(), 0, 100); err != nil || len(left.Rows) > 0 {
		t.Errorf("%d answers were not delivered: %v", len(left.Rows), err)
	}
	refused := c.refusals(t)
	if n := strings.Count(c.log.String(), "panicked"); n > 0 || strings.Contains(c.log.String(), "is not as it should be") {
		t.Errorf("%d panics; the log is\n%s", n, c.log)
	}
	thrown := 0
	for _, n := range count {
		thrown += n
	}
	t.Logf("by kind: %v", count)
	t.Logf("measured: %d inputs, %d of %d messages answered, %d silences, %d dead letters, %d panics, %d messages refused, %d messages shown without foreign markup",
		thrown, answered, outcome[wantAnswer], outcome[wantSilence], len(kept), strings.Count(c.log.String(), "panicked"), refused, shown)
}

// refusals counts what Telegram refused, but for what is no message or is as it
// should be already.
func (c *chain) refusals(t *testing.T) (n int) {
	t.Helper()
	for line := range strings.Lines(c.said.String()) {
		switch {
		case !strings.Contains(line, "refused a call"):
		case strings.Contains(line, "message is not modified"), strings.Contains(line, "terminated by"),
			strings.Contains(line, "message to edit not found"), // a press that crossed the answer to what was sent before it: it comes as a new message
			strings.Contains(line, "method=deleteMessage") && strings.Contains(line, "message to delete not found"):
		default:
			if n++; n < 10 {
				t.Errorf("Telegram refuses: %s", line)
			}
		}
	}
	return n
}

// checkShown looks at what stands in a person's chat: the only markup is the
// catalogue's own, and no text is escaped twice.
func checkShown(t *testing.T, th *thrower) (n int) {
	t.Helper()
	for _, m := range th.person.Messages() {
		if !m.FromBot {
			continue
		}
		n++
		for _, e := range m.Entities {
			if e.Type != "bold" && e.Type != "code" {
				t.Errorf("a message has %s, which the catalogue never uses: %q", e.Type, m.Text)
			}
		}
		if twice := html.UnescapeString(m.Text); twice != m.Text && strings.Contains(m.Text, "&lt;") && !th.wrote("&lt;") {
			t.Errorf("a message is escaped twice: %q", m.Text)
		}
	}
	return n
}

// wrote reports whether the seeds that a person draws from hold a piece: escaped
// text that they wrote themselves is shown as they wrote it.
func (th *thrower) wrote(piece string) bool {
	return slices.ContainsFunc(th.seeds, func(s string) bool { return strings.Contains(s, piece) })
}
