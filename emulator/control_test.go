package emulator

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// page is a browser's side of the control API.
type page struct {
	*bot
	url string
}

func newPage(t *testing.T) *page {
	t.Helper()
	b := newBot(t, Options{})
	url, err := b.s.Listen("127.0.0.1:0", b.s.Page())
	if err != nil {
		t.Fatal(err)
	}
	return &page{b, url}
}

// do sends a request and gives the status and the decoded answer.
func (p *page) do(method, path string, in any, change func(*http.Request)) (int, map[string]any) {
	p.t.Helper()
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			p.t.Fatal(err)
		}
		body = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if change != nil {
		change(r)
	}
	response, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	var out map[string]any
	if json.Unmarshal(data, &out) != nil {
		out = map[string]any{"body": string(data), "type": response.Header.Get("Content-Type"), "as": response.Header.Get("Content-Disposition")}
	}
	return response.StatusCode, out
}

func (p *page) ok(path string, in any) map[string]any {
	p.t.Helper()
	code, out := p.do(http.MethodPost, path, in, nil)
	if code != 200 {
		p.t.Fatalf("%s %v: %d %v", path, in, code, out)
	}
	return out
}

func TestPageIsServed(t *testing.T) {
	p := newPage(t)
	for path, kind := range map[string]string{"/": "text/html", "/static/app.js": "text/javascript", "/static/style.css": "text/css", "/static/icon.svg": "image/svg+xml"} {
		code, out := p.do(http.MethodGet, path, nil, nil)
		if got, _ := out["type"].(string); code != 200 || !strings.HasPrefix(got, kind) {
			t.Errorf("%s: %d %v", path, code, out["type"])
		}
	}
	for _, path := range []string{"/static/../control.go", "/nothing", "/files/nothing", "/api/people/5/chat", "/api/people/x/chat"} {
		if code, _ := p.do(http.MethodGet, path, nil, nil); code != 404 {
			t.Errorf("%s: %d", path, code)
		}
	}
}

func TestOnlyLoopbackPagesAreLetIn(t *testing.T) {
	p := newPage(t)
	for _, host := range []string{"example.com", "127.0.0.1.example.com", "localhost.example.com:80", "10.0.0.1", "[2001:db8::1]:80"} {
		if code, _ := p.do(http.MethodGet, "/api/people", nil, func(r *http.Request) { r.Host = host }); code != 403 {
			t.Errorf("Host %s: %d", host, code)
		}
	}
	for _, host := range []string{"localhost", "localhost:8088", "127.0.0.1:1", "[::1]", "[::1]:8088"} {
		if code, _ := p.do(http.MethodGet, "/", nil, func(r *http.Request) { r.Host = host }); code != 200 {
			t.Errorf("Host %s: %d", host, code)
		}
	}
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"} {
		change := func(r *http.Request) { r.Header.Set("Content-Type", kind) }
		if code, _ := p.do(http.MethodPost, "/api/people", args{"name": "x"}, change); code != 415 {
			t.Errorf("Content-Type %q: %d", kind, code)
		}
	}
	for _, origin := range []string{"https://example.com", "http://localhost:8089", "null"} {
		change := func(r *http.Request) { r.Host = "localhost:8088"; r.Header.Set("Origin", origin) }
		if code, _ := p.do(http.MethodPost, "/api/people", args{"name": "x"}, change); code != 403 {
			t.Errorf("Origin %s: %d", origin, code)
		}
	}
	if n := len(p.s.People()); n != 0 {
		t.Errorf("%d people were made", n)
	}
}

func TestControl(t *testing.T) {
	p := newPage(t)
	made := p.ok("/api/people", args{"name": "Тұрғын", "language_code": "kk"})
	id := int64(made["id"].(float64))
	base := fmt.Sprintf("/api/people/%d", id)
	person, ok := p.s.Person(id)
	if !ok || made["name"] != "Тұрғын" || made["language_code"] != "kk" {
		t.Fatalf("made %v", made)
	}
	if p.ok(base, args{"language_code": "ru"}); person.Language() != "ru" {
		t.Error("the language did not change")
	}
	sent := p.ok(base+"/send", args{"text": " /start "})
	first := int64(sent["message_id"].(float64))
	p.ok(base+"/edit", args{"message_id": first, "text": "8 701 123 45 67"})
	p.ok(base+"/contact", args{"name": "Банк", "phone": "+77011234567"})
	p.ok(base+"/contact", args{"name": "Тұрғын", "phone": "+77011234567"})
	p.ok(base+"/forward", args{"text": "x", "from": "Бейтаныс"})
	p.ok(base+"/sticker", args{"emoji": "🙂"})
	p.ok(base+"/photo", args{"name": "a.png", "data": []byte("png"), "caption": "x"})
	p.ok(base+"/document", args{"name": "a.html", "data": []byte("<script>")})
	p.ok(base+"/voice", args{"name": "a.ogg", "data": []byte("ogg")})
	answer := p.send(args{"chat_id": id, "text": "<b>x</b>", "parse_mode": "HTML", "reply_markup": args{"inline_keyboard": []any{[]any{args{"text": "Иә", "callback_data": "yes"}}}}})
	p.send(args{"chat_id": id, "text": "x", "reply_markup": args{"keyboard": []any{[]any{args{"text": "Бөлісу", "request_contact": true}}}}})
	p.must("setMyCommands", args{"commands": []any{args{"command": "check", "description": "проверить"}}}, nil)
	p.ok(base+"/press", args{"message_id": answer, "data": "yes"})
	p.ok(base+"/block", args{"blocked": true})
	_, chat := p.do(http.MethodGet, base+"/chat", nil, nil)
	shown, err := json.Marshal(chat)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"blocked":true`, `"username":"sample_saqbol_bot"`, `{"command":"check","description":"проверить"}`,
		`"edited":true,"from":"me","html":"8 701 123 45 67"`, `"contact":{"name":"Банк","phone":"+77011234567"}`,
		`"forwarded_from":"Бейтаныс"`, `"sticker":"🙂"`, `"voice":true`, `"caption":"x"`,
		`"photo":"/files/`, `"document":{"name":"a.html","size":8,"url":"/files/`,
		`"buttons":[[{"data":"yes","text":"Иә"}]]`, `"html":"\u003cb\u003ex\u003c/b\u003e"`,
		`"keyboard":{"keyboard":[[{"request_contact":true,"text":"Бөлісу"}]]}`,
	} {
		if !strings.Contains(string(shown), want) {
			t.Errorf("the chat lacks %s:\n%s", want, shown)
		}
	}
	for _, m := range person.Messages() {
		if m.Contact != nil && (m.Contact.UserID == id) != (m.Contact.Name == "Тұрғын") {
			t.Errorf("contact %+v", m.Contact)
		}
		if m.Document != nil {
			code, out := p.do(http.MethodGet, fileURL(m.Document), nil, nil)
			if code != 200 || out["body"] != "<script>" || out["type"] != "application/octet-stream" || out["as"] != "attachment; filename=a.html" {
				t.Errorf("the file: %d %v", code, out)
			}
		}
	}
}

// Nothing of a long text is lost on the page: it goes as several messages.
func TestLongTextsGoAsSeveralMessages(t *testing.T) {
	number := "8 701 123 45 67"
	for name, c := range map[string]struct {
		text  string
		parts []int // code units
	}{
		"a whole message":   {strings.Repeat("x", 4096), []int{4096}},
		"one too many":      {strings.Repeat("ы", 4097), []int{4096, 1}},
		"pairs":             {strings.Repeat("😀", 2049), []int{4096, 2}},
		"words":             {strings.Repeat("сөз ", 1250) + number, []int{4095, 904 + len(number)}},
		"lines":             {strings.Repeat("x y\n", 1000) + strings.Repeat("z", 1000) + "\n" + number, []int{3999, 1001 + len(number)}},
		"spaces at the cut": {strings.Repeat("x", 4096) + "   \n " + number, []int{4096, len(number)}},
	} {
		for _, act := range []string{"send", "forward"} {
			p := newPage(t)
			base := fmt.Sprintf("/api/people/%d", int64(p.ok("/api/people", args{"name": "Тұрғын"})["id"].(float64)))
			in := args{"text": c.text}
			if act == "forward" {
				in["from"] = "Банк"
			}
			p.ok(base+"/"+act, in)
			_, chat := p.do(http.MethodGet, base+"/chat", nil, nil)
			var sizes []int
			last := ""
			for _, m := range chat["messages"].([]any) {
				last = m.(map[string]any)["text"].(string)
				sizes = append(sizes, units(last))
			}
			if !slices.Equal(sizes, c.parts) || strings.HasSuffix(c.text, number) && !strings.HasSuffix(last, number) {
				t.Errorf("%s: %s: messages of %v, want %v; the last ends %q", name, act, sizes, c.parts, last[max(0, len(last)-20):])
			}
		}
	}
}

func TestControlRefuses(t *testing.T) {
	p := newPage(t)
	person := p.s.NewPerson("Тұрғын", "kk")
	base := fmt.Sprintf("/api/people/%d", person.ID())
	for _, test := range []struct {
		path string
		in   any
		code int
	}{
		{"/api/people", args{"name": " "}, 400},
		{"/api/people", args{"nam": "x"}, 400},
		{"/api/people", []int{1}, 400},
		{base + "/send", args{"text": " "}, 400},
		{base + "/edit", args{"message_id": 1, "text": strings.Repeat("x", 4097)}, 400},
		{base + "/sticker", args{"emoji": strings.Repeat("x", 4097)}, 400},
		{base + "/send", args{"txet": "x"}, 400},
		{base + "/press", args{"message_id": 1, "data": "x"}, 404},
		{base + "/edit", args{"message_id": 1, "text": "x"}, 404},
		{base + "/contact", args{"name": "x"}, 400},
		{base + "/forward", args{"text": "x"}, 400},
		{base + "/photo", args{"name": "x"}, 400},
		{base + "/photo", args{"name": "x", "data": "not base64"}, 400},
		{base + "/dance", args{}, 404},
		{"/api/people/1/send", args{"text": "x"}, 404},
	} {
		if code, out := p.do(http.MethodPost, test.path, test.in, nil); code != test.code {
			t.Errorf("%s %v: %d %v, want %d", test.path, test.in, code, out, test.code)
		}
	}
	if n := len(person.Messages()); n != 0 {
		t.Errorf("%d messages were sent", n)
	}
}

func TestEvents(t *testing.T) {
	p := newPage(t)
	person := p.s.NewPerson("Тұрғын", "kk")
	r, err := http.NewRequestWithContext(soon(t), http.MethodGet, fmt.Sprintf("%s/api/people/%d/events", p.url, person.ID()), nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := p.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type %s", got)
	}
	lines := bufio.NewScanner(response.Body)
	next := func() eventView {
		t.Helper()
		for lines.Scan() {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok {
				continue
			}
			var e eventView
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				t.Fatal(err)
			}
			return e
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return eventView{}
	}
	expect := func(kind string) eventView {
		t.Helper()
		e := next()
		if e.Type != kind {
			t.Errorf("got %+v, want %s", e, kind)
		}
		return e
	}
	person.Send("/start")
	if e := expect("message"); e.Message == nil || e.Message.From != "me" || e.Message.Text != "/start" {
		t.Errorf("got %+v", e)
	}
	id := p.send(args{"chat_id": person.ID(), "text": "x", "reply_markup": args{"inline_keyboard": []any{[]any{args{"text": "a", "callback_data": "a"}}}}})
	if e := expect("message"); e.MessageID != id || e.Message.From != "bot" || len(e.Message.Buttons) != 1 {
		t.Errorf("got %+v", e)
	}
	p.must("sendChatAction", args{"chat_id": person.ID(), "action": "typing"}, nil)
	expect("typing")
	if err := person.Press(id, "a"); err != nil {
		t.Fatal(err)
	}
	updates := p.updates()
	query := updates[len(updates)-1]["callback_query"].(map[string]any)["id"]
	p.must("answerCallbackQuery", args{"callback_query_id": query, "text": "Дайын", "show_alert": true}, nil)
	if e := expect("toast"); e.Text != "Дайын" || !e.Alert {
		t.Errorf("got %+v", e)
	}
	p.must("editMessageText", args{"chat_id": person.ID(), "message_id": id, "text": "y"}, nil)
	if e := expect("edit"); !e.Message.Edited || e.Message.HTML != "y" || e.Message.Buttons != nil {
		t.Errorf("got %+v", e)
	}
	p.must("deleteMessage", args{"chat_id": person.ID(), "message_id": id}, nil)
	if e := expect("delete"); e.MessageID != id {
		t.Errorf("got %+v", e)
	}
	p.must("setMyCommands", args{"commands": []any{args{"command": "a", "description": "b"}}}, nil)
	expect("commands")
	p.send(args{"chat_id": person.ID(), "text": "x", "reply_markup": args{"keyboard": []any{[]any{args{"text": "a"}}}}})
	expect("message")
	expect("keyboard")
	p.s.Close()
	for lines.Scan() {
	}
}

// TestASlowPageLosesItsStream: a page that reads nothing neither stops the
// world nor grows without bound.
func TestASlowPageLosesItsStream(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := s.NewPerson("Person", "kk")
	slow := s.listen(p)
	for range streamBuffer + 10 {
		p.Send("x")
	}
	select {
	case <-slow.lost:
	default:
		t.Error("the stream was kept")
	}
	if len(slow.events) != streamBuffer {
		t.Errorf("%d events wait", len(slow.events))
	}
	s.unlisten(p, slow)
}
