package bot

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"saqbol/fraud"
	"saqbol/handlers"
	"saqbol/locales"
)

func testRenderer(t *testing.T) renderer {
	return renderer{catalogue: catalogue(t), clock: func() time.Time { return time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC) }}
}

func keyed(s string) []locales.Msg { return []locales.Msg{{Key: s}} }

func TestRender(t *testing.T) {
	r := testRenderer(t)
	born := r.clock()
	long := strings.Repeat("а", 3000)
	buttons := [][]handlers.Button{
		{{Label: locales.Msg{Key: "Иә"}, Mark: "✅", Data: "r:yes"}, {Mark: "✖️", Data: "r:no"}},
		{{Label: locales.Msg{Key: "Банк"}, URL: "https://example.kz"}},
	}
	keyboard := json.RawMessage(`{"inline_keyboard":[[{"text":"✅ Иә","callback_data":"r:yes"},{"text":"✖️","callback_data":"r:no"}],[{"text":"Банк","url":"https://example.kz"}]]}`)
	share := json.RawMessage(`{"keyboard":[[{"text":"Бөлісу","request_contact":true}]],"resize_keyboard":true,"one_time_keyboard":true}`)
	tests := []struct {
		name  string
		query string
		reply handlers.Reply
		want  []call
	}{
		{"silence", "", handlers.Reply{}, nil},
		{"a press is answered whatever happens", "q", handlers.Reply{}, []call{{Method: methodQuery, Query: "q"}}},
		{"a toast", "q", handlers.Reply{Toast: locales.Msg{Key: strings.Repeat("т", 300)}}, []call{{Method: methodQuery, Query: "q", Text: strings.Repeat("т", 199) + "…"}}},
		{"lines", "", handlers.Reply{Messages: []handlers.Message{{Text: []locales.Msg{{Key: "a<b"}, {}, {Key: "c"}}}}}, []call{{Method: methodSend, Text: "a&lt;b\n\nc"}}},
		{"buttons under an edit", "q", handlers.Reply{Messages: []handlers.Message{{Text: keyed("a"), Buttons: buttons, Edit: 8, Anchor: true}}},
			[]call{{Method: methodQuery, Query: "q"}, {Method: methodEdit, Message: 8, Text: "a", Markup: keyboard, Anchor: true}}},
		{"an answer in a group", "", handlers.Reply{Messages: []handlers.Message{{Text: keyed("a"), ReplyTo: 3}}}, []call{{Method: methodSend, Text: "a", ReplyTo: 3}}},
		{"too long", "", handlers.Reply{Messages: []handlers.Message{{Text: keyed(long + "\n" + long), Buttons: buttons, Edit: 8, Anchor: true}}},
			[]call{{Method: methodEdit, Message: 8, Text: long}, {Method: methodSend, Text: long, Markup: keyboard, Anchor: true}}},
		{"sharing a contact needs a new message", "", handlers.Reply{Messages: []handlers.Message{{Text: keyed("a"), Contact: locales.Msg{Key: "Бөлісу"}, Edit: 8}}},
			[]call{{Method: methodSend, Text: "a", Markup: share}}},
		{"the keyboard goes", "", handlers.Reply{Messages: []handlers.Message{{Text: keyed("a"), Unkey: true}}},
			[]call{{Method: methodSend, Text: "a", Markup: json.RawMessage(`{"remove_keyboard":true}`)}}},
		{"a document", "", handlers.Reply{Messages: []handlers.Message{{Text: keyed("a"), Document: &handlers.Document{Name: "d.json", Data: []byte("{}")}, Edit: 8}}},
			[]call{{Method: methodDocument, Text: "a", Name: "d.json", Data: []byte("{}")}}},
		{"a document without words", "", handlers.Reply{Messages: []handlers.Message{{Document: &handlers.Document{Name: "d.json", Data: []byte("{}")}}}},
			[]call{{Method: methodDocument, Name: "d.json", Data: []byte("{}")}}},
		{"a document with too many words", "", handlers.Reply{Messages: []handlers.Message{{Text: keyed(long), Document: &handlers.Document{Name: "d.json", Data: []byte("{}")}, Buttons: buttons}}},
			[]call{{Method: methodDocument, Name: "d.json", Data: []byte("{}")}, {Method: methodSend, Text: long, Markup: keyboard}}},
		{"deleting comes after speaking", "", handlers.Reply{Delete: 4, Messages: say("a").Messages}, []call{{Method: methodSend, Text: "a"}, {Method: methodDelete, Message: 4}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.reply.Lang = fraud.Kazakh
			got, err := r.render(target{chat: 5, person: 6, query: test.query}, test.reply)
			if err != nil {
				t.Error(err)
			}
			for i := range test.want {
				test.want[i].Chat, test.want[i].Person, test.want[i].Born = 5, 6, born
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Slips of the programmer are named, and the person gets what can be sent.
func TestRenderSlips(t *testing.T) {
	r := testRenderer(t)
	button := func(b handlers.Button) handlers.Reply {
		return handlers.Reply{Messages: []handlers.Message{{Text: keyed("a"), Buttons: [][]handlers.Button{{b}}}}}
	}
	label := locales.Msg{Key: "label"}
	tests := map[string]struct {
		reply handlers.Reply
		calls int
	}{
		"65 bytes of data": {button(handlers.Button{Label: label, Data: strings.Repeat("d", 65)}), 1},
		"no data, no URL":  {button(handlers.Button{Label: label}), 1},
		"data and URL":     {button(handlers.Button{Label: label, Data: "d", URL: "https://example.kz"}), 1},
		"no label":         {button(handlers.Button{Data: "d"}), 1},
		"no text":          {handlers.Reply{Messages: []handlers.Message{{}}}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			calls, err := r.render(target{chat: 5}, test.reply)
			if err == nil || len(calls) != test.calls {
				t.Fatalf("calls %+v, error %v", calls, err)
			}
			if test.calls == 1 && (calls[0].Text != "a" || calls[0].Markup != nil) {
				t.Errorf("the message is %+v", calls[0])
			}
		})
	}
	if _, err := r.render(target{chat: 5}, button(handlers.Button{Label: label, Data: strings.Repeat("d", 64)})); err != nil {
		t.Errorf("64 bytes of data: %v", err)
	}
}

func TestCallsSurviveTheOutbox(t *testing.T) {
	k := call{Method: methodDocument, Chat: -5, Person: 6, Message: 7, Text: "<b>a</b>", Markup: json.RawMessage(`{"x":1}`), ReplyTo: 8, Name: "n", Data: []byte{0, 255},
		Anchor: true, Born: time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)}
	payload, err := k.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeCall(payload)
	if diff := cmp.Diff(k, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if _, err := decodeCall([]byte("{")); err == nil {
		t.Error("a torn row is taken for a call")
	}
}
