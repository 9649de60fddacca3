package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"saqbol/emulator"
	"saqbol/storage/seal"
)

// limit bounds the wait for an event that should come at once, on a machine that
// has other things to do.
const limit = time.Minute

// started is `saqbol run` in this process, against an emulator.
type started struct {
	api     *emulator.Server
	stderr  *lockedBuffer
	stop    func() int // ends it and gives the exit status
	http    string
	environ []string
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// freePort is a loopback address that nothing listens on. It is none of those that
// the system gives to connections, one of which could take it before the program does.
func freePort(t *testing.T) string {
	t.Helper()
	for {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000)))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		return l.Addr().String()
	}
}

func testKey(t *testing.T) string {
	t.Helper()
	keys, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	text, err := keys.Text()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// startRun runs the program with an emulator behind TELEGRAM_API_URL and more
// settings, in a folder of its own.
func startRun(t *testing.T, mode string) *started {
	t.Helper()
	return startRunOn(t, mode, "sqlite:"+filepath.Join(t.TempDir(), "saqbol.db"))
}

// startRunOn is startRun with a database.
func startRunOn(t *testing.T, mode, database string) *started {
	t.Helper()
	api, url := emulator.Start(t, emulator.Options{})
	address := freePort(t)
	environ := []string{
		"TELEGRAM_BOT_TOKEN=" + api.Token(), "TELEGRAM_API_URL=" + url, "SAQBOL_KEY=" + testKey(t),
		"DATABASE_URL=" + database, "HTTP_LISTEN=" + address, "LOG_LEVEL=debug",
	}
	if mode == "webhook" {
		environ = append(environ, "WEBHOOK_URL=http://"+address+"/telegram", "WEBHOOK_SECRET=a_sample_secret")
	}
	s := &started{api: api, stderr: &lockedBuffer{}, http: "http://" + address, environ: environ}
	s.stop = background(t, func(ctx context.Context) int {
		return run(ctx, []string{"run"}, environ, &lockedBuffer{}, s.stderr)
	})
	return s
}

// background runs the program until stop is called, which gives its exit status;
// the test's end stops it too.
func background(t *testing.T, program func(context.Context) int) (stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	status := make(chan int, 1)
	go func() { status <- program(ctx) }()
	stop = sync.OnceValue(func() int {
		cancel()
		select {
		case code := <-status:
			return code
		case <-time.After(limit):
			t.Error("the program did not stop")
			return -1
		}
	})
	t.Cleanup(func() { stop() })
	return stop
}

// citizen is a person of the emulator with what a conversation's test needs.
type citizen struct {
	*emulator.Person
	t       *testing.T
	started *started
}

func (s *started) citizen(t *testing.T, language string) citizen {
	return citizen{s.api.NewPerson("Тұрғын", language), t, s}
}

// says sends a text and gives the bot's answer.
func (c citizen) says(text string) emulator.Message {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	answer, err := c.Answer(ctx, c.Send(text))
	if err != nil {
		c.t.Fatalf("%q got no answer: %v", text, err)
	}
	return answer
}

// presses presses a button, found by the beginning of its data or its label, and
// gives the chat's last message of the bot once something has changed.
func (c citizen) presses(m emulator.Message, start string) emulator.Message {
	c.t.Helper()
	button, ok := buttonWith(m, start)
	if !ok {
		c.t.Fatalf("no button begins with %q under:\n%s", start, shown(m))
	}
	before, answered := asJSON(c.Messages()), len(c.started.api.CallsOf("answerCallbackQuery"))
	if err := c.Press(m.ID, button.Data); err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if _, err := c.Wait(ctx, func(now []emulator.Message) bool {
		return asJSON(now) != before && len(c.started.api.CallsOf("answerCallbackQuery")) > answered
	}); err != nil {
		c.t.Fatalf("%q had no effect: %v", button.Text, err)
	}
	last, _ := c.Last()
	return last
}

// asJSON is a chat as text, to see whether anything in it has changed.
func asJSON(messages []emulator.Message) string {
	text, err := json.Marshal(messages)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func buttonWith(m emulator.Message, start string) (emulator.Button, bool) {
	for _, row := range m.Buttons {
		for _, b := range row {
			if strings.HasPrefix(b.Data, start) || strings.HasPrefix(b.Text, start) {
				return b, true
			}
		}
	}
	return emulator.Button{}, false
}

func shown(m emulator.Message) string {
	out := m.Text
	for _, row := range m.Buttons {
		for _, b := range row {
			out += "\n[" + b.Text + " | " + b.Data + "]"
		}
	}
	return out
}

var code = regexp.MustCompile(`SB-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}`)

// files goes through the steps of a report, always by the first button, and
// gives the answer to the filed report.
func (c citizen) files(step emulator.Message) emulator.Message {
	c.t.Helper()
	for range 30 {
		if _, done := buttonWith(step, "✅"); done {
			step = c.presses(step, "✅")
			if !code.MatchString(step.Text) {
				c.t.Fatalf("the answer to a filed report holds no code:\n%s", shown(step))
			}
			return step
		}
		if _, can := buttonWith(step, "✖️"); !can {
			c.t.Fatalf("a step without a way out:\n%s", shown(step))
		}
		next := step.Buttons[0][0]
		if strings.HasPrefix(next.Text, "◀") { // nothing to choose: the words may be left out
			next, _ = buttonWith(step, "⏭")
		}
		step = c.presses(step, next.Data)
	}
	c.t.Fatal("the report has no end")
	return step
}

// words are what each language says in this conversation.
type words struct{ reported, people, erased string }

func spoken() map[string]words {
	return map[string]words{
		"kk": {reported: "🟠", people: "1 адам хабарлады", erased: "өшірілді"},
		"ru": {reported: "🟠", people: "сообщил 1 человек", erased: "удалены"},
	}
}

// TestConversation is SaqBol's main job, end to end, in both languages and by
// both ways in which updates come.
func TestConversation(t *testing.T) {
	for _, mode := range []string{"polling", "webhook"} {
		for language, say := range spoken() {
			t.Run(mode+" "+language, func(t *testing.T) {
				t.Parallel() // most of the time goes by waiting for Telegram's limits
				s := startRun(t, mode)
				first, second := s.citizen(t, language), s.citizen(t, language)

				answer := first.says("8 701 123 45 67")
				if !strings.HasPrefix(answer.Text, "⚪ +7 701 123 45 67") {
					t.Fatalf("the first check says:\n%s", answer.Text)
				}
				filed := first.files(first.presses(answer, "rep:"))

				answer = second.says("Маған +7(701)123-45-67 нөмірінен қоңырау шалды")
				if !strings.HasPrefix(answer.Text, say.reported+" +7 701 123 45 67") || !strings.Contains(strings.ToLower(answer.Text), say.people) {
					t.Fatalf("the second person's check says:\n%s", answer.Text)
				}
				if my := first.says("/my"); !strings.Contains(my.Text, code.FindString(filed.Text)) {
					t.Errorf("/my does not list the report:\n%s", my.Text)
				}
				first.exports(s)
				settings := first.says("/settings")
				gone := first.presses(first.presses(settings, "set:erase"), "set:erased")
				if !strings.Contains(gone.Text, say.erased) {
					t.Errorf("after deletion the person reads:\n%s", gone.Text)
				}
				answer = second.says("87011234567")
				if !strings.HasPrefix(answer.Text, say.reported) {
					t.Errorf("the report did not outlive its reporter:\n%s", answer.Text)
				}
				if status := s.stop(); status != exitDone {
					t.Errorf("the program ended with %d:\n%s", status, s.stderr)
				}
				s.silent(t, "7011234567", "701 123", api(s), "a_sample_secret", fmt.Sprint(first.ID()))
			})
		}
	}
}

func api(s *started) string { _, secret, _ := strings.Cut(s.api.Token(), ":"); return secret }

// exports asks for the person's data and reads the file.
func (c citizen) exports(s *started) {
	c.t.Helper()
	c.presses(c.says("/settings"), "set:export")
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var document *emulator.File
	if _, err := c.Wait(ctx, func(messages []emulator.Message) bool {
		for _, m := range messages {
			if m.Document != nil {
				document = m.Document
			}
		}
		return document != nil
	}); err != nil {
		c.t.Fatal(err)
	}
	data, ok := s.api.File(document.ID)
	if !ok {
		c.t.Fatal("the export has no data")
	}
	if !json.Valid(data) || !bytes.Contains(data, []byte("+77011234567")) {
		c.t.Errorf("the export is no JSON or lacks the report:\n%s", data)
	}
}

// silent fails where the log shows what it must not.
func (s *started) silent(t *testing.T, canaries ...string) {
	t.Helper()
	for _, canary := range canaries {
		if strings.Contains(s.stderr.String(), canary) {
			t.Errorf("the log shows %q:\n%s", canary, s.stderr)
		}
	}
}
