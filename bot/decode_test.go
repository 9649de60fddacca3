package bot

import (
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	private := `"chat":{"id":5,"type":"private"},"from":{"id":6,"language_code":"kk"}`
	tests := []struct {
		name, raw string
		id        int64
		chat      int64
		reason    string // "" = it decodes
		origin    origin
	}{
		{"a message", `{"update_id":7,"message":{"message_id":1,"date":1,` + private + `}}`, 7, 5, "", origin{chat: 5, person: 6, private: true, language: "kk"}},
		{"a press", `{"update_id":7,"callback_query":{"id":"9","from":{"id":6},"message":{"message_id":1,"date":1,"chat":{"id":-5,"type":"group"}}}}`, 7, -5, "",
			origin{chat: -5, person: 6, query: "9"}},
		{"an id in quotes", `{"update_id":"7","message":{` + private + `}}`, 7, 5, "wrong type: update_id", origin{chat: 5, person: 6, private: true, language: "kk"}},
		{"something from the future", `{"update_id":7,"guest_message":{"x":1}}`, 7, 0, "", origin{}},
		{"somebody from the future", `{"update_id":7,"guest_message":{"from":{"id":6}},"x":{"user":{"id":9}}}`, 7, 0, "", origin{person: 6}},
		{"no id", `{"message":{"message_id":1,"date":1,` + private + `}}`, 0, 5, "no update_id", origin{chat: 5, person: 6, private: true, language: "kk"}},
		{"wrong types all over", `{"update_id":7,"message":{"chat":{"id":"5"},"from":[]}}`, 7, 0, "wrong type", origin{}},
		{"no JSON", `{"update_id":7,`, 0, 0, "not JSON", origin{}},
		{"no object", `[1,2]`, 0, 0, "wrong type", origin{}},
		{"null", `null`, 0, 0, "no update_id", origin{}},
		{"nothing", ``, 0, 0, "not JSON", origin{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := decode([]byte(test.raw))
			if a.named != (test.id != 0) || (a.named && a.id != test.id) || (!a.named && a.id >= 0) {
				t.Errorf("id %d, Telegram's own: %v; want %d", a.id, a.named, test.id)
			}
			if a.chat != test.chat || a.origin != test.origin {
				t.Errorf("chat %d, origin %+v; want %d, %+v", a.chat, a.origin, test.chat, test.origin)
			}
			if (a.err == nil) != (test.reason == "") || (a.update == nil) != (a.err != nil) {
				t.Fatalf("update %v, error %v", a.update, a.err)
			}
			if a.err != nil && !strings.Contains(a.err.Error(), test.reason) {
				t.Errorf("the reason is %q, want %q", a.err, test.reason)
			}
		})
	}
	if one, two := decode([]byte(`{"x":1}`)), decode([]byte(`{"x":2}`)); one.id == two.id {
		t.Error("two updates without ids are taken for one")
	}
}

// What a person wrote never gets into the reason.
func TestDecodeReasonHoldsNothing(t *testing.T) {
	for _, raw := range []string{`{"update_id":1,"message":{"text":4400430000001234}}`, `{"update_id":1,"message":"4400430000001234`,
		`{"update_id":1,"message":{"message_id":"4400430000001234"}}`, `4400430000001234`} {
		if a := decode([]byte(raw)); a.err == nil || strings.Contains(a.err.Error(), "440043") {
			t.Errorf("%s: %v", raw, a.err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"update_id":7,"message":{"message_id":1,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":6},"text":"/check","entities":[{"type":"text_link","url":"tel:1"}]}}`))
	f.Add([]byte(`{"update_id":7,"callback_query":{"id":"9","from":{"id":6},"message":{"message_id":1,"date":0,"chat":{"id":-5,"type":"group"}},"data":"x:1"}}`))
	f.Add([]byte(`{"update_id":7,"my_chat_member":{"chat":{"id":5,"type":"private"},"from":{"id":5},"new_chat_member":{"status":"kicked"}}}`))
	f.Add([]byte(`{"message":{"forward_origin":{"type":"telepathy"}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a := decode(raw)
		if (a.update == nil) == (a.err == nil) {
			t.Fatalf("update %v and error %v", a.update, a.err)
		}
		if a.update != nil {
			self{id: 1, username: "our_bot"}.translate(a.update)
		}
		maskedUpdate(raw, starred)
	})
}

func TestMaskedUpdate(t *testing.T) {
	const pan = "4400430000001234"
	for _, raw := range []string{
		`{"text":"карта ` + pan + `","n":` + pan + `,"list":["` + pan + `"],"` + pan + `":true,"id":123}`,
		`{"text":"` + pan, `"` + pan + `"`, pan, `{"a":1}{"b":"` + pan + `"}`,
	} {
		got := maskedUpdate([]byte(raw), starred)
		if len(got.Raw) == 0 || !got.Masked || got.Cut || strings.Contains(string(got.Raw), pan) {
			t.Errorf("%s becomes %s", raw, got.Raw)
		}
	}
	for _, raw := range []string{`{ "text":"ok", "id":123 }`, `{"text":"\ud83d","a":1,"a":2}`, "{\"text\":\"\xff\"}", `{"text":`, ``, `null`, `{}{}`,
		strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)} {
		if got := maskedUpdate([]byte(raw), starred); string(got.Raw) != raw || got.Masked || got.Cut {
			t.Errorf("harmless %.40s becomes %.40s", raw, got.Raw)
		}
	}
	if got := maskedUpdate([]byte(`{}`), nil); got.Raw != nil {
		t.Error("without a masker something is kept")
	}
	if got := maskedUpdate([]byte(`"`+strings.Repeat("a", 2*maxLetter)+`"`), starred); len(got.Raw) != maxLetter || !got.Cut {
		t.Errorf("%d bytes are kept", len(got.Raw))
	}
	codes := func(s string) (string, bool) { return strings.CutPrefix(s, `{"text":"код `) }
	if got := maskedUpdate([]byte(`{"text":"\u043a\u043e\u0434 1234`), codes); !got.Masked || string(got.Raw) != "1234" {
		t.Errorf("the words around a code are not read: %s", got.Raw)
	}
}
