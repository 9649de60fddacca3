package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"saqbol/emulator"
	"saqbol/storage/seal"
)

// hostileAPI is the emulator behind a server that, on demand, refuses calls in the
// most talkative ways: its answers repeat the address, with the token in it, and
// everything that was sent.
type hostileAPI struct {
	*emulator.Server
	url string

	mu   sync.Mutex
	next map[string][]hostility // by method
}

// hostility answers one call.
type hostility func(w http.ResponseWriter, echo string)

func newHostile(t *testing.T) *hostileAPI {
	t.Helper()
	api, err := emulator.New(emulator.Options{Token: canaryToken})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	h := &hostileAPI{Server: api, next: map[string][]hostility{}}
	inner := api.API()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the caller has gone
		}
		h.mu.Lock()
		var answer hostility
		if waiting := h.next[method]; len(waiting) > 0 {
			answer, h.next[method] = waiting[0], waiting[1:]
		}
		h.mu.Unlock()
		if answer != nil {
			answer(w, r.URL.Path+" "+string(body)+" "+allCanaries())
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

// meet has the next calls of a method answered so.
func (h *hostileAPI) meet(method string, with ...hostility) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next[method] = append(h.next[method], with...)
}

// met waits until all of them were used.
func (h *hostileAPI) met(t *testing.T, log fmt.Stringer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		h.mu.Lock()
		left := 0
		for _, waiting := range h.next {
			left += len(waiting)
		}
		h.mu.Unlock()
		if left == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%d hostile answers were never asked for\n%s", left, log)
		case <-tick.C:
		}
	}
}

// allCanaries is all canaries in one text.
func allCanaries() string {
	var out []string
	for _, c := range canaries() {
		out = append(out, c.texts...)
	}
	return strings.Join(out, " ")
}

// refusing answers as the Bot API does, with a description that repeats everything.
func refusing(code int, prefix string) hostility {
	return func(w http.ResponseWriter, echo string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(map[string]any{"ok": false, "error_code": code, "description": prefix + echo,
			"parameters": map[string]any{"retry_after": 1}})
	}
}

// rawly answers with a status and a body that may hold %s for the echo.
func rawly(code int, body string) hostility {
	return func(w http.ResponseWriter, echo string) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Location", "/"+url.PathEscape(echo))
		w.WriteHeader(code)
		quoted, _ := json.Marshal(echo) // a string always encodes
		_, _ = io.WriteString(w, strings.ReplaceAll(body, "%s", strings.Trim(string(quoted), `"`)))
	}
}

// child is the real program in a process of its own.
type child struct {
	cmd    *exec.Cmd
	out    *lockedBuffer
	folder string
	ended  chan struct{}
}

// start starts the program in a folder.
func start(t *testing.T, program, folder string, environ []string, args ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(program, args...), out: &lockedBuffer{}, folder: folder, ended: make(chan struct{})}
	c.cmd.Env, c.cmd.Dir, c.cmd.Stdout, c.cmd.Stderr = environ, folder, c.out, c.out
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = c.cmd.Wait() // its status is read from ProcessState
		close(c.ended)
	}()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill() // it has ended where all went well
		<-c.ended
		if t.Failed() && args[0] == "run" {
			t.Logf("the program said:\n%s", c.out)
		}
	})
	return c
}

// ends waits for the end.
func (c *child) ends(t *testing.T) {
	t.Helper()
	select {
	case <-c.ended:
	case <-time.After(limit):
		t.Fatalf("the program does not end:\n%s", c.out)
	}
}

// signal sends a signal and waits for the end.
func (c *child) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	c.ends(t)
}

// stage is one place with a bot, and what came out of it.
type stage struct {
	t       *testing.T
	program string
	api     *hostileAPI
	folder  string
	http    string
	environ []string
	haul    haul
	people  []citizen
}

func newStage(t *testing.T, program, format string, webhook bool) *stage {
	t.Helper()
	s := &stage{t: t, program: program, api: newHostile(t), folder: t.TempDir(), haul: haul{}}
	address := freePort(t)
	s.http = "http://" + address
	s.environ = []string{"TELEGRAM_BOT_TOKEN=" + canaryToken, "TELEGRAM_API_URL=" + s.api.url, "HTTP_LISTEN=" + address,
		"LOG_LEVEL=debug", "LOG_FORMAT=" + format, "PATH=" + os.Getenv("PATH")}
	if webhook {
		// An answer that rides holds what a call holds, and goes to Telegram alone: here
		// nothing rides, so that whatever a response shows is a leak.
		s.environ = append(s.environ, "WEBHOOK_URL="+s.http+"/telegram", "WEBHOOK_SECRET="+canaryWebhook, "WEBHOOK_ANSWERS=calls")
	}
	return s
}

// run starts the bot.
func (s *stage) run() *child { return start(s.t, s.program, s.folder, s.environ, "run") }

// command runs the program to its end, with more settings, and keeps what it says.
func (s *stage) command(name string, settings []string, args ...string) {
	s.t.Helper()
	c := start(s.t, s.program, s.folder, append(append([]string{}, s.environ...), settings...), args...)
	c.ends(s.t)
	s.haul["output of "+name] = []byte(c.out.String())
}

// citizen makes a person with a telling name.
func (s *stage) citizen(language string) citizen {
	c := citizen{s.api.NewPerson("Құпиягүл", language), s.t, &started{api: s.api.Server}}
	s.people = append(s.people, c)
	return c
}

// page keeps what a page answers.
func (s *stage) page(path string) {
	s.t.Helper()
	resp, err := http.Get(s.http + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	s.haul["page "+path] = append(s.haul["page "+path], body...)
}

// post sends something to the webhook.
func (s *stage) post(secret, path, body string) {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodPost, s.http+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	s.haul["answers of the webhook"] = append(s.haul["answers of the webhook"], answer...)
}

// collect adds the files and the pages, as they are now.
func (s *stage) collect(when string, bot *child) {
	s.t.Helper()
	s.haul["output of the bot, "+when] = []byte(bot.out.String())
	s.haul.folder(s.t, when, s.folder)
}

// all is the canaries with those that only this stage has: the ids of its people
// and its keys.
func (s *stage) all() []canary {
	s.t.Helper()
	out := canaries()
	for _, c := range s.people {
		out = append(out, canary{name: "Telegram id", texts: []string{strconv.FormatInt(c.ID(), 10)}})
	}
	files, err := filepath.Glob(filepath.Join(s.folder, "saqbol.key*"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, file := range files {
		out = append(out, keyCanaries(s.t, file)...)
	}
	return out
}

// keyCanaries are the secret parts of a key file.
func keyCanaries(t *testing.T, file string) []canary {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Read(text); err != nil {
		return nil // a broken one: it has no keys
	}
	var out []canary
	for _, piece := range strings.Split(string(text), `"value":"`)[1:] {
		value, _, _ := strings.Cut(piece, `"`)
		out = append(out, canary{name: "key", key: true, texts: []string{value, value[6 : len(value)-6]}})
	}
	if len(out) < 3 {
		t.Fatalf("%d keys found in the key file: the test reads nothing", len(out))
	}
	return out
}

// everyFlow goes through the conversations with canaries in every field.
func (s *stage) everyFlow() {
	s.t.Helper()
	ru, kk := s.citizen("ru"), s.citizen("kk")
	ru.says("/start")
	for _, text := range []string{"8 701 314 15 92", canaryPAN, grouped4(canaryPAN) + " CVV 739 " + canaryWords, canaryIBAN,
		"код 48291357 никому", "пароль Сарыбуура-91", canaryWords, "/my", "/stats", "/privacy", "/emergency"} {
		ru.says(text)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	if _, err := ru.Answer(ctx, ru.SendContact("Тайнамырза", "+77013141592")); err != nil {
		s.t.Fatal(err)
	}
	filed := ru.files(ru.presses(ru.says("+7 701 314 15 92"), "rep:"))
	if !code.MatchString(filed.Text) {
		s.t.Fatalf("no report was filed:\n%s", shown(filed))
	}
	kk.files(kk.says("/report " + canaryPAN + " " + canaryWords + " код 48291357"))
	kk.says("/my")
	ru.exportsSomething()
	kk.presses(kk.presses(kk.says("/settings"), "set:erase"), "set:erased")
	ru.says("/report 87013141592 " + canaryWords) // and left in the middle
}

// exportsSomething asks for the person's data and waits for the file.
func (c citizen) exportsSomething() {
	c.t.Helper()
	c.presses(c.says("/settings"), "set:export")
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if _, err := c.Wait(ctx, func(messages []emulator.Message) bool {
		for _, m := range messages {
			if m.Document != nil {
				return true
			}
		}
		return false
	}); err != nil {
		c.t.Fatal(err)
	}
}

// hostileAnswers has the Bot API refuse answers in every way, each repeating all.
func (s *stage) hostileAnswers(bot *child) {
	s.t.Helper()
	ask := func(with ...hostility) {
		s.api.meet("sendMessage", with...)
		s.citizen("ru").Send("8 701 314 15 92 " + canaryWords)
		s.api.met(s.t, bot.out)
	}
	ask(refusing(400, "Bad Request: can't parse entities: "), refusing(400, "Bad Request: "))
	ask(refusing(400, "Bad Request: chat not found "))
	ask(refusing(403, "Forbidden: bot was blocked by the user "))
	ask(refusing(429, "Too Many Requests: retry after 1 "))
	ask(refusing(500, "Internal Server Error "), refusing(418, "I am a teapot "))
	ask(rawly(502, "<html>%s</html>"), rawly(302, ""), rawly(200, `{"ok":true,"result":{"message_id":"%s"}}`))
	ask(rawly(200, `{"ok":true,"result":{"message_id":`+canaryPAN+`123456}}`), rawly(200, `{"ok":true,"result":"%s`), rawly(200, `%s`))
	ask(rawly(400, `{"ok":false,"error_code":"%s","description":7013141592}`))
	for _, with := range []hostility{refusing(500, ""), refusing(400, ""), refusing(409, "Conflict: "), rawly(502, "%s"),
		rawly(200, `{"ok":true,"result":"%s"}`),
		rawly(200, `{"ok":true,"result":[{"update_id":7,"message":{"message_id":"%s"`)} {
		s.api.meet("getUpdates", with)
		s.citizen("kk").says("103") // the request under way ends with it, and the next one meets this
		s.api.met(s.t, bot.out)
	}
}

// poison are updates that can't be understood, with canaries where they hurt.
func poison(chat int64) []string {
	words, _ := json.Marshal(allCanaries()) // a string always encodes
	from := fmt.Sprintf(`"from":{"id":%d,"is_bot":false,"first_name":"Құпиягүл"},"chat":{"id":%d,"type":"private"},"date":1764000000`, chat, chat)
	return []string{
		`{"message":{"message_id":5,` + from + `,"text":` + string(words) + `,"forward_origin":{"type":"kind_of_canary_wxyz","sender_user_name":` + string(words) + `}}}`,
		`{"message":{"message_id":5,` + from + `,"text":` + canaryPAN + `}}`,
		`{"message":{"message_id":` + string(words) + `,` + from + `,"text":"x"}}`,
		`{"message":{"message_id":` + canaryPAN + `0000,` + from + `,"text":` + string(words) + `}}`,
		`{"message":{"message_id":5,` + from + `,"text":` + string(words) + `,"photo":7013141592}}`,
		`{"message":{"message_id":5,` + from + `,"contact":{"phone_number":77013141592,"first_name":` + string(words) + `}}}`,
		`{"callback_query":{"id":"1",` + from + `,"data":` + string(words) + `,"message":{"date":0,"chat":{"id":"` + canaryWords + `"}}}}`,
		`{"callback_query":{"id":` + string(words) + `,"from":{"id":` + strconv.FormatInt(chat, 10) + `,"is_bot":false,"first_name":"x"},"chat_instance":"1","data":` + string(words) + `}}`,
		`{"kind_of_canary_wxyz":` + string(words) + `}`,
		`{"my_chat_member":{` + from + `,"old_chat_member":{"status":"kind_of_canary_wxyz"},"new_chat_member":{"status":` + string(words) + `}}}`,
		`{"message":{"message_id":5,` + from + `,"chat_shared":{"chat_id":` + string(words) + `}}}`,
		`{"message":{"message_id":5,` + from + `,"reply_to_message":{"forward_origin":{"type":` + string(words) + `}},"text":"x"}}`,
		`{"message":{"message_id":5,` + from + `,"paid_media":{"star_count":1,"paid_media":[{"type":` + string(words) + `}]}}}`,
		`{"message":{"message_id":5,` + from + `,"new_chat_members":[{"id":1,"is_bot":false,"first_name":` + string(words) + `}],"left_chat_member":` + string(words) + `}}`,
	}
}

// TestCanaries feeds the real program with secrets in every flow and with every
// fault, and looks for them in everything that comes out of it and lies about.
func TestCanaries(t *testing.T) {
	t.Parallel() // most of the time goes by waiting for Telegram's limits
	program := compile(t, ".")
	var mu sync.Mutex
	bytes, hits, looked, names := 0, 0, 0, map[string]bool{}
	t.Run("in", func(t *testing.T) { // the group ends when all of it has
		for name, part := range map[string]func(*testing.T, string) *stage{
			"polling": canaryPolling, "webhook": canaryWebhooks, "start": canaryStarts, "broken database": canaryBroken,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := part(t, program)
				all := s.all()
				n, h := s.haul.search(t, all)
				mu.Lock()
				defer mu.Unlock()
				bytes, hits, looked = bytes+n, hits+h, looked+len(forms(all))
				for _, c := range all {
					for _, text := range c.texts {
						names[c.name+text] = true
					}
				}
			})
		}
	})
	t.Logf("measured: %d bytes searched for %d canaries in %d forms, %d hits", bytes, len(names), looked, hits)
}

// canaryPolling is every flow and every fault of the Bot API, logged as JSON.
func canaryPolling(t *testing.T, program string) *stage {
	s := newStage(t, program, "json", false)
	bot := s.run()
	s.everyFlow()
	for _, raw := range poison(s.citizen("ru").ID()) {
		if _, err := s.api.Push([]byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	s.hostileAnswers(bot)
	s.citizen("kk").says("103") // it goes on
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		s.page(path)
	}
	s.command("doctor", nil, "doctor")
	s.command("deadletters", nil, "deadletters")
	s.command("deadletters as JSON", nil, "deadletters", "list", "--json")
	s.command("backup", nil, "backup", "copy.backup")
	if _, err := os.Stat(filepath.Join(s.folder, "copy.backup")); err != nil {
		t.Error(err)
	}
	s.command("restore beside the bot", nil, "restore", "copy.backup")
	s.command("restore of something else", nil, "restore", "saqbol.key")
	s.collect("running", bot)
	s.command("rekey", nil, "rekey")
	s.command("rekey --retire", nil, "rekey", "--retire")
	s.command("deadletters replay", nil, "deadletters", "replay", "--all")
	s.page("/metrics")
	bot.signal(t, syscall.SIGTERM)
	s.collect("stopped", bot)
	if log := bot.out.String(); !strings.Contains(log, "an update") || !strings.Contains(log, "answers can't be delivered now") {
		t.Errorf("the log holds no faults: the flows did not reach them\n%s", log)
	}
	return s
}

// canaryWebhooks is the same by webhook, with hostile requests, logged as text.
func canaryWebhooks(t *testing.T, program string) *stage {
	s := newStage(t, program, "text", true)
	bot := s.run()
	s.everyFlow()
	words, _ := json.Marshal(allCanaries()) // a string always encodes
	person := s.citizen("ru").ID()
	s.post(canaryWrong, "/telegram", string(words))
	s.post("", "/telegram?"+url.QueryEscape(allCanaries()), string(words))
	s.post(canaryWebhook, "/telegram", allCanaries())
	s.post(canaryWebhook, "/telegram", strings.Repeat("[", 20_000)+string(words))
	s.post(canaryWebhook, "/"+url.PathEscape(allCanaries()), string(words))
	for i, raw := range poison(person) {
		s.post(canaryWebhook, "/telegram", fmt.Sprintf(`{"update_id":%d,`, 900_000_000+i)+raw[1:])
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/" + url.PathEscape(allCanaries()) + "?q=" + url.QueryEscape(allCanaries())} {
		s.page(path)
	}
	s.citizen("kk").says("103")
	s.collect("running", bot)
	bot.signal(t, syscall.SIGTERM)
	s.collect("stopped", bot)
	return s
}

// canaryStarts is starts and commands that fail.
func canaryStarts(t *testing.T, program string) *stage {
	s := newStage(t, program, "text", false)
	bot := s.run()
	s.citizen("ru").says("8 701 314 15 92")
	bot.signal(t, syscall.SIGTERM)
	key, err := os.ReadFile(filepath.Join(s.folder, "saqbol.key"))
	if err != nil {
		t.Fatal(err)
	}
	aside := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	host := strings.TrimPrefix(s.api.url, "http://")
	for name, settings := range map[string][]string{
		"wrong token":                   {"TELEGRAM_BOT_TOKEN=" + canaryWrongToken},
		"malformed token":               {"TELEGRAM_BOT_TOKEN=" + canaryWrongToken + " " + canaryWords},
		"wrong key":                     {"SAQBOL_KEY=" + testKey(t)},
		"half a key":                    {"SAQBOL_KEY=" + string(key[:len(key)/2])},
		"no key":                        {"SAQBOL_KEY=" + canaryPassword},
		"half a key file":               {"SAQBOL_KEY_FILE=" + aside("half.key", string(key[:len(key)/2]))},
		"no way to Telegram":            {"TELEGRAM_API_URL=http://" + freePort(t)},
		"password in the API's address": {"TELEGRAM_API_URL=http://user:" + canaryPassword + "@" + freePort(t)},
		"password in a bad address":     {"TELEGRAM_API_URL=http://user:" + canaryPassword + "@" + host + "/%zz"},
		"password in the database's":    {"DATABASE_URL=postgres://user:" + canaryPassword + "@127.0.0.1/saqbol"},
		"password in another address":   {"DATABASE_URL=mysql://user:" + canaryPassword + "@127.0.0.1/saqbol"},
		"password in the webhook's":     {"WEBHOOK_URL=ftp://user:" + canaryPassword + "@127.0.0.1/x", "WEBHOOK_SECRET=" + canaryWebhook},
		"secret with a space":           {"WEBHOOK_URL=" + s.http + "/telegram", "WEBHOOK_SECRET=" + canaryWebhook + " " + canaryWrong},
		"dispatchers":                   {"SAQBOL_DISPATCHERS=" + canaryPAN + "," + canaryWords},
		"log level":                     {"LOG_LEVEL=" + canaryPassword},
		"listen":                        {"HTTP_LISTEN=" + canaryPassword},
		"password in a proxy's address": {"TELEGRAM_API_URL=http://192.0.2.1:9", "HTTP_PROXY=http://user:" + canaryPassword + "@" + freePort(t)},
		"broken database":               {"DATABASE_URL=sqlite:" + aside("broken.db", strings.Repeat(allCanaries(), 20))},
		"damaged database":              {"DATABASE_URL=sqlite:" + damagedCopy(t, filepath.Join(s.folder, "data", "saqbol.db"))},
	} {
		for _, command := range []string{"run", "doctor", "rekey", "deadletters"} {
			s.command(command+" with "+name, settings, command)
		}
	}
	for _, answer := range []hostility{refusing(400, "Bad Request: "), refusing(401, ""), refusing(403, ""), refusing(404, ""), refusing(429, ""), refusing(500, ""),
		rawly(200, `{"ok":true,"result":{"id":"%s"}}`), rawly(200, `{"ok":true,"result":{"id":`+canaryPAN+`0000,"username":7}}`), rawly(200, "%s"), rawly(302, "%s")} {
		s.api.meet("getMe", answer)
		s.command("run with a hostile getMe", nil, "run")
		s.api.meet("getMe", answer)
		s.command("doctor with a hostile getMe", nil, "doctor")
	}
	if err := os.WriteFile(filepath.Join(s.folder, ".env"), []byte("TELEGRAM_BOT_TOKEN=\""+canaryWrongToken+"\n'"+canaryPassword), 0o600); err != nil {
		t.Fatal(err)
	}
	s.command("run with a broken .env", nil, "run")
	if err := os.Remove(filepath.Join(s.folder, ".env")); err != nil {
		t.Fatal(err)
	}
	s.haul.folder(t, "stopped", s.folder)
	return s
}

// damagedCopy is a copy of a database with wrong bytes in every page but the first.
func damagedCopy(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := 4096 + 100; at < len(content); at += 512 {
		copy(content[at:], "\xff\x00\xfe")
	}
	copied := filepath.Join(t.TempDir(), "damaged.db")
	if err := os.WriteFile(copied, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return copied
}

// whileLocked does something while another program keeps the database from being
// written.
func (s *stage) whileLocked(path string, do func()) {
	s.t.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		s.t.Fatal(err)
	}
	do()
	if _, err := db.Exec("ROLLBACK"); err != nil {
		s.t.Fatal(err)
	}
}

// canaryBroken breaks the database under the running bot.
func canaryBroken(t *testing.T, program string) *stage {
	s := newStage(t, program, "json", false)
	bot := s.run()
	c := s.citizen("ru")
	c.says("8 701 314 15 92")
	draft := c.says("/report 87013141592 " + canaryWords)
	path := filepath.Join(s.folder, "data", "saqbol.db")
	s.whileLocked(path, func() {
		s.citizen("ru").says("/report 87013141592 " + canaryWords + " " + canaryPAN)
	})
	// What of this the bot meets hangs on what it has in memory.
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := 64; at < len(content); at += 256 {
			copy(content[at:], "\xff\x00\xfe")
		}
		file, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(content, 0); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if button, ok := buttonWith(draft, "rep:"); ok {
		if err := c.Press(draft.ID, button.Data); err != nil {
			t.Fatal(err)
		}
	}
	other := s.citizen("kk")
	for _, text := range []string{canaryPAN, "/my", "/report 87013141592 " + canaryWords, "/settings", "код 48291357"} {
		other.says(text)
	}
	s.page("/readyz")
	s.page("/metrics")
	s.command("doctor beside a broken database", nil, "doctor")
	bot.signal(t, syscall.SIGTERM)
	s.haul["output of the bot"] = []byte(bot.out.String())
	s.haul.folder(t, "stopped", s.folder)
	if log := bot.out.String(); !strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("the database broke and the log holds no error:\n%s", log)
	}
	return s
}
