package emulator

import (
	"strings"
	"testing"
	"time"
)

func TestSendEditDelete(t *testing.T) {
	now := newClock()
	b := newBot(t, Options{Clock: now.Now})
	p := b.s.NewPerson("Person", "kk")
	b.refused("sendMessage", args{"chat_id": p.ID(), "text": "x"}, 400, "chat not found")
	b.refused("sendMessage", args{"chat_id": 1, "text": "x"}, 400, "chat not found")
	b.refused("sendMessage", args{"chat_id": "@nobody", "text": "x"}, 400, "chat not found")
	own := p.Send("/start")
	buttons := args{"inline_keyboard": []any{[]any{args{"text": "✅ Иә", "callback_data": "yes"}}}}
	id := b.send(args{"chat_id": p.ID(), "text": "x", "reply_markup": buttons, "reply_parameters": args{"message_id": own}})
	if id <= own {
		t.Errorf("the answer's id %d is not above %d", id, own)
	}
	m, _ := p.Last()
	if m.ReplyTo != own || m.Edited {
		t.Errorf("got %+v", m)
	}
	edit := func(more args) args {
		a := args{"chat_id": p.ID(), "message_id": id, "text": "x", "reply_markup": buttons}
		for k, v := range more {
			a[k] = v
		}
		return a
	}
	b.refused("editMessageText", edit(nil), 400, "message is not modified: ")
	b.refused("editMessageText", edit(args{"message_id": 77}), 400, "message to edit not found")
	b.refused("editMessageText", edit(args{"message_id": own}), 400, "message can't be edited")
	b.refused("editMessageText", edit(args{"text": ""}), 400, "message text is empty")
	b.refused("editMessageText", edit(args{"text": strings.Repeat("x", 4097)}), 400, "MESSAGE_TOO_LONG")
	b.refused("editMessageText", args{"chat_id": p.ID(), "text": "x"}, 400, "message identifier is not specified")
	b.must("editMessageText", edit(args{"text": "<b>x</b>", "parse_mode": "HTML"}), nil)
	b.refused("editMessageText", edit(args{"text": "<b>x</b>", "parse_mode": "HTML"}), 400, "message is not modified")
	b.must("editMessageReplyMarkup", args{"chat_id": p.ID(), "message_id": id}, nil)
	b.refused("editMessageReplyMarkup", args{"chat_id": p.ID(), "message_id": id}, 400, "message is not modified")
	if m, _ = p.Last(); !m.Edited || m.HTML() != "<b>x</b>" || m.Buttons != nil {
		t.Errorf("after the edits: %+v", m)
	}
	b.must("deleteMessage", args{"chat_id": p.ID(), "message_id": own}, nil)
	b.refused("deleteMessage", args{"chat_id": p.ID(), "message_id": own}, 400, "message to delete not found")
	old := b.send(args{"chat_id": p.ID(), "text": "x"})
	now.add(49 * time.Hour)
	b.refused("deleteMessage", args{"chat_id": p.ID(), "message_id": old}, 400, "message can't be deleted")
	fresh := b.send(args{"chat_id": p.ID(), "text": "y"})
	b.must("deleteMessages", args{"chat_id": p.ID(), "message_ids": []any{fresh, 12345}}, nil)
	b.refused("deleteMessages", args{"chat_id": p.ID(), "message_ids": []any{}}, 400, "message_ids")
	if left := p.Messages(); len(left) != 2 {
		t.Errorf("%d messages are left: %+v", len(left), left)
	}
	b.refused("sendMessage", args{"chat_id": p.ID(), "text": "x", "reply_parameters": args{"message_id": 12345}}, 400, "message to be replied not found")
	b.send(args{"chat_id": p.ID(), "text": "x", "reply_parameters": args{"message_id": 12345, "allow_sending_without_reply": true}})
}

func TestKeyboards(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	p.Send("/start")
	inline := func(buttons ...any) args {
		return args{"chat_id": p.ID(), "text": "x", "reply_markup": args{"inline_keyboard": []any{buttons}}}
	}
	many := make([]any, 101)
	for i := range many {
		many[i] = args{"text": "a", "callback_data": "a"}
	}
	for _, test := range []struct {
		name   string
		params args
		words  string
	}{
		{"64 bytes", inline(args{"text": "a", "callback_data": strings.Repeat("ә", 32)}), ""},
		{"65 bytes", inline(args{"text": "a", "callback_data": strings.Repeat("ә", 32) + "a"}), "BUTTON_DATA_INVALID"},
		{"no data", inline(args{"text": "a", "callback_data": ""}), "BUTTON_DATA_INVALID"},
		{"no action", inline(args{"text": "a"}), "Text buttons are unallowed"},
		{"two actions", inline(args{"text": "a", "callback_data": "a", "url": "https://example.com"}), "exactly one"},
		{"no label", inline(args{"text": " ", "callback_data": "a"}), "must be non-empty"},
		{"empty copy_text", inline(args{"text": "a", "callback_data": "a", "copy_text": args{"text": ""}}), "BUTTON_COPY_TEXT_INVALID"},
		{"copy_text", inline(args{"text": "a", "copy_text": args{"text": "SB-0000-0000"}}), ""},
		{"a link", inline(args{"text": "a", "url": "tel:102"}), "BUTTON_URL_INVALID"},
		{"a style", inline(args{"text": "a", "callback_data": "a", "style": "red"}), "unknown style"},
		{"100 buttons", inline(many[:100]...), ""},
		{"101 buttons", inline(many...), "REPLY_MARKUP_TOO_LONG"},
		{"no keys", args{"chat_id": p.ID(), "text": "x", "reply_markup": args{"keyboard": []any{}}}, "must have a button"},
		{"remove false", args{"chat_id": p.ID(), "text": "x", "reply_markup": args{"remove_keyboard": false}}, "must be true"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b.t = t
			if test.words == "" {
				b.send(test.params)
				return
			}
			b.refused("sendMessage", test.params, 400, test.words)
		})
	}
	b.t = t
	b.send(args{"chat_id": p.ID(), "text": "x", "reply_markup": args{
		"keyboard": []any{[]any{args{"text": "Бөлісу", "request_contact": true}, args{"text": "Жоқ"}}}, "one_time_keyboard": true,
	}})
	if k := p.Keyboard(); k == nil || len(k.Rows) != 1 || !k.Rows[0][0].Contact || k.Rows[0][1].Text != "Жоқ" {
		t.Fatalf("the keyboard is %+v", p.Keyboard())
	}
	if _, err := p.PressKey("Жоқ бұл", ""); err == nil {
		t.Error("pressed a key that is not there")
	}
	if _, err := p.PressKey("Бөлісу", "+77011234567"); err != nil {
		t.Fatal(err)
	}
	if p.Keyboard() != nil {
		t.Error("a one-time keyboard stayed")
	}
	last := p.Messages()[len(p.Messages())-1]
	if last.Contact == nil || last.Contact.UserID != p.ID() {
		t.Errorf("shared %+v", last.Contact)
	}
	b.send(args{"chat_id": p.ID(), "text": "x", "reply_markup": args{"keyboard": []any{[]any{args{"text": "a"}}}}})
	b.send(args{"chat_id": p.ID(), "text": "x", "reply_markup": args{"remove_keyboard": true}})
	if p.Keyboard() != nil {
		t.Error("the keyboard was not removed")
	}
}

func TestCallbackQueries(t *testing.T) {
	now := newClock()
	b := newBot(t, Options{Clock: now.Now})
	p := b.s.NewPerson("Person", "kk")
	p.Send("/start")
	id := b.send(args{"chat_id": p.ID(), "text": "x", "reply_markup": args{"inline_keyboard": []any{[]any{
		args{"text": "✅ Иә", "callback_data": "yes"}, args{"text": "✖️ Жоқ", "callback_data": "no"}, args{"text": "1414", "url": "https://example.com"},
	}}}})
	b.updates()
	press := func(button string) string {
		t.Helper()
		if err := p.Press(id, button); err != nil {
			t.Fatal(err)
		}
		got := b.updates()
		query := got[0]["callback_query"].(map[string]any)
		if len(got) != 1 || query["data"] != "yes" {
			t.Errorf("%s: got %v", button, got)
		}
		return query["id"].(string)
	}
	query := press("Иә")
	b.refused("answerCallbackQuery", args{"callback_query_id": query, "text": strings.Repeat("x", 201)}, 400, "MESSAGE_TOO_LONG")
	b.must("answerCallbackQuery", args{"callback_query_id": query, "text": "Дайын", "show_alert": true}, nil)
	b.refused("answerCallbackQuery", args{"callback_query_id": query}, 400, "query is too old")
	b.refused("answerCallbackQuery", args{"callback_query_id": "1"}, 400, "query is too old")
	late := press("yes")
	now.add(16 * time.Minute)
	b.refused("answerCallbackQuery", args{"callback_query_id": late}, 400, "query is too old")
	silent := press("✅ Иә")
	b.must("answerCallbackQuery", args{"callback_query_id": silent}, nil)
	if got := p.Toasts(); len(got) != 1 || got[0] != (Toast{"Дайын", true}) {
		t.Errorf("toasts: %v", got)
	}
	for _, button := range []string{"Бәлкім", "", " "} {
		if err := p.Press(id, button); err == nil {
			t.Errorf("pressed %q", button)
		}
	}
	if err := p.Press(id+100, "yes"); err == nil {
		t.Error("pressed under a message that is not there")
	}
	if err := p.Press(id, "1414"); err != nil || len(b.updates()) != 0 {
		t.Errorf("a link made an update, or %v", err)
	}
	if err := p.PressStale(id, "gone"); err != nil || len(b.updates()) != 1 {
		t.Errorf("a stale button made no update, or %v", err)
	}
}

func TestBlocking(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	p.Send("/start")
	b.updates()
	p.Block()
	p.Block()
	b.refused("sendMessage", args{"chat_id": p.ID(), "text": "x"}, 403, "Forbidden: bot was blocked by the user")
	b.refused("sendChatAction", args{"chat_id": p.ID(), "action": "typing"}, 403, "blocked")
	p.Unblock()
	b.send(args{"chat_id": p.ID(), "text": "x"})
	p.Block()
	p.Send("/start") // unblocks
	var kinds []string
	for _, u := range b.updates() {
		if m, ok := u["my_chat_member"].(map[string]any); ok {
			kinds = append(kinds, m["new_chat_member"].(map[string]any)["status"].(string))
		} else {
			kinds = append(kinds, "message")
		}
	}
	if got := strings.Join(kinds, " "); got != "kicked member kicked member message" {
		t.Errorf("got %s", got)
	}
}

func TestProfile(t *testing.T) {
	b := newBot(t, Options{})
	kk, ru, en := b.s.NewPerson("A", "kk"), b.s.NewPerson("B", "ru-RU"), b.s.NewPerson("C", "en")
	commands := func(description string) []any { return []any{args{"command": "check", "description": description}} }
	b.must("setMyCommands", args{"commands": commands("default")}, nil)
	b.must("setMyCommands", args{"commands": commands("тексеру"), "language_code": "kk"}, nil)
	b.must("setMyCommands", args{"commands": commands("проверить"), "language_code": "ru", "scope": args{"type": "all_private_chats"}}, nil)
	for p, want := range map[*Person]string{kk: "тексеру", ru: "проверить", en: "default"} {
		if got := p.Commands(); len(got) != 1 || got[0] != (Command{"check", want}) {
			t.Errorf("%s sees %v", p.Language(), got)
		}
	}
	kk.Send("/start")
	b.must("setMyCommands", args{"commands": commands("own"), "scope": args{"type": "chat", "chat_id": kk.ID()}}, nil)
	if got := kk.Commands(); got[0].Description != "own" {
		t.Errorf("the chat's own commands: %v", got)
	}
	b.must("deleteMyCommands", args{"scope": args{"type": "chat", "chat_id": kk.ID()}}, nil)
	var list []Command
	b.must("getMyCommands", args{"language_code": "kk"}, &list)
	if len(list) != 1 || list[0].Description != "тексеру" {
		t.Errorf("getMyCommands: %v", list)
	}
	b.must("getMyCommands", args{"language_code": "de"}, &list)
	if len(list) != 0 {
		t.Errorf("getMyCommands of another language: %v", list)
	}
	many := make([]any, 101)
	for i := range many {
		many[i] = args{"command": "a", "description": "b"}
	}
	for words, params := range map[string]args{
		"BOT_COMMANDS_TOO_MUCH":           {"commands": many},
		"BOT_COMMAND_INVALID":             {"commands": []any{args{"command": "Check", "description": "x"}}},
		"commands[0].command":             {"commands": []any{args{"command": strings.Repeat("a", 33), "description": "x"}}},
		"BOT_COMMAND_DESCRIPTION_INVALID": {"commands": []any{args{"command": "a", "description": ""}}},
		"commands[1].description":         {"commands": []any{args{"command": "a", "description": "x"}, args{"command": "b", "description": strings.Repeat("ә", 257)}}},
		"invalid language code":           {"commands": []any{}, "language_code": "kaz"},
	} {
		b.refused("setMyCommands", params, 400, words)
	}
	b.must("setMyDescription", args{"description": "Бұл бот…", "language_code": "kk"}, nil)
	b.must("setMyDescription", args{"description": "Это бот…"}, nil)
	b.must("setMyShortDescription", args{"short_description": "Коротко"}, nil)
	b.must("setMyName", args{"name": "Сақ бол!", "language_code": "kk"}, nil)
	b.refused("setMyDescription", args{"description": strings.Repeat("x", 513)}, 400, "longer than 512")
	b.refused("setMyShortDescription", args{"short_description": strings.Repeat("x", 121)}, 400, "longer than 120")
	if got := kk.Bot(); got.Name != "Сақ бол!" || got.Description != "Бұл бот…" || got.Short != "Коротко" {
		t.Errorf("kk reads %+v", got)
	}
	if got := ru.Bot(); got.Name != "SaqBol" || got.Description != "Это бот…" {
		t.Errorf("ru reads %+v", got)
	}
	for _, method := range []string{"getMyName", "getMyDescription", "getMyShortDescription", "getChatMenuButton", "getWebhookInfo"} {
		b.must(method, nil, nil)
	}
	b.must("setChatMenuButton", args{"menu_button": args{"type": "commands"}}, nil)
	b.must("setChatMenuButton", args{"chat_id": kk.ID(), "menu_button": args{"type": "default"}}, nil)
	b.refused("setChatMenuButton", args{"menu_button": args{"type": "web_app"}}, 400, `field "menu_button.`)
	var button struct{ Type string }
	if b.must("getChatMenuButton", args{"chat_id": kk.ID()}, &button); button.Type != "default" {
		t.Errorf("the menu button is %+v", button)
	}
}

func TestChatsAndCopies(t *testing.T) {
	b := newBot(t, Options{})
	p, other := b.s.NewPerson("A", "kk"), b.s.NewPerson("B", "ru")
	id := p.Forward(FromChannel("Арна"), "8 701 123 45 67")
	other.Send("/start")
	b.must("getChat", args{"chat_id": p.ID()}, nil)
	b.refused("leaveChat", args{"chat_id": p.ID()}, 400, "private chats")
	b.must("forwardMessage", args{"chat_id": other.ID(), "from_chat_id": p.ID(), "message_id": id}, nil)
	if m, _ := other.Last(); m.ForwardedFrom != "Арна" || m.Text != "8 701 123 45 67" {
		t.Errorf("forwarded %+v", m)
	}
	b.must("copyMessage", args{"chat_id": other.ID(), "from_chat_id": p.ID(), "message_id": id}, nil)
	if m, _ := other.Last(); m.ForwardedFrom != "" || m.Text != "8 701 123 45 67" {
		t.Errorf("copied %+v", m)
	}
	b.refused("copyMessage", args{"chat_id": other.ID(), "from_chat_id": p.ID(), "message_id": 99}, 400, "message to copy not found")
	b.refused("forwardMessage", args{"chat_id": other.ID(), "from_chat_id": p.ID(), "message_id": 99}, 400, "message to forward not found")
	b.must("sendContact", args{"chat_id": p.ID(), "phone_number": "102", "first_name": "Полиция"}, nil)
	if m, _ := p.Last(); m.Contact == nil || m.Contact.Phone != "102" || m.Contact.Name != "Полиция" {
		t.Errorf("contact %+v", m.Contact)
	}
	b.must("sendLocation", args{"chat_id": p.ID(), "latitude": 51.1, "longitude": 71}, nil)
	b.refused("sendLocation", args{"chat_id": p.ID(), "latitude": 91, "longitude": 71}, 400, "wrong latitude")
	b.must("sendChatAction", args{"chat_id": p.ID(), "action": "typing"}, nil)
	b.refused("sendChatAction", args{"chat_id": p.ID(), "action": "dancing"}, 400, "wrong parameter action")
	var me struct {
		ID       int64
		Username string
	}
	if b.must("getMe", nil, &me); me.ID != 9990000001 || me.Username != b.s.Username() {
		t.Errorf("getMe: %+v", me)
	}
}
