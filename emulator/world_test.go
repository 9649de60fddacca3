package emulator

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestGroups(t *testing.T) {
	b := newBot(t, Options{})
	a, c := b.s.NewPerson("A", "kk"), b.s.NewPerson("B", "ru")
	g := b.s.NewGroup("Көршілер", a, c)
	if got := b.updates(); len(got) != 2 || got[0]["my_chat_member"] == nil {
		t.Errorf("joining: %v", got)
	}
	var count int
	if b.must("getChatMemberCount", args{"chat_id": g.ID()}, &count); count != 3 {
		t.Errorf("%d members", count)
	}
	g.Send(a, "бір")
	g.Send(a, "/check@other_bot 1")
	seen := g.Send(a, "/check 1")
	g.Send(c, "рахмет @"+strings.ToUpper(b.s.Username()))
	id := b.send(args{"chat_id": g.ID(), "text": "x", "reply_markup": args{"inline_keyboard": []any{[]any{args{"text": "a", "callback_data": "a"}}}}})
	if messages, err := g.Wait(soon(t), func(m []Message) bool { return m[len(m)-1].FromBot }); err != nil || messages[len(messages)-1].ID != id {
		t.Errorf("waiting in the group: %+v, %v", messages, err)
	}
	if _, err := g.Reply(c, id, "жауап"); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Reply(c, seen, "басқаға"); err != nil {
		t.Fatal(err)
	}
	if got := b.updates(); len(got) != 3 {
		t.Errorf("the bot sees %d messages: %v", len(got), got)
	}
	if err := g.Press(c, id, "a"); err != nil {
		t.Fatal(err)
	}
	query := b.updates()[0]["callback_query"].(map[string]any)["id"]
	b.must("answerCallbackQuery", args{"callback_query_id": query, "text": "ok"}, nil)
	if len(c.Toasts()) != 1 || len(a.Toasts()) != 0 {
		t.Error("the toast went to somebody else")
	}
	b.refused("sendMessage", args{"chat_id": g.ID(), "text": "x", "reply_markup": args{"keyboard": []any{[]any{args{"text": "a", "request_contact": true}}}}}, 400, "private chats only")
	old := g.ID()
	next := g.Migrate()
	moved := b.call("sendMessage", args{"chat_id": old, "text": "x"})
	if moved.Code != 400 || moved.Parameters.MigrateTo != next {
		t.Errorf("after the move: %+v", moved)
	}
	b.send(args{"chat_id": next, "text": "x"})
	b.must("leaveChat", args{"chat_id": next}, nil)
	b.refused("sendMessage", args{"chat_id": next, "text": "x"}, 403, "bot is not a member of the supergroup chat")
	b.updates()
	g.Send(a, "/check 2")
	channel := b.s.NewChannel("Арна")
	channel.Post("8 701 123 45 67")
	got := b.updates()
	if len(got) != 1 || got[0]["channel_post"] == nil {
		t.Errorf("got %v", got)
	}
	b.send(args{"chat_id": channel.ID(), "text": "x"})
	if n := len(channel.Messages()); n != 2 {
		t.Errorf("%d messages in the channel", n)
	}
}

// TestEveryActIsAValidUpdate does all that people can do; updates checks each
// update against the Bot API's data.
func TestEveryActIsAValidUpdate(t *testing.T) {
	b := newBot(t, Options{AllGroupMessages: true})
	p := b.s.NewPerson("Person", "")
	id := p.Send("/start a")
	photo := Upload{Name: "a.jpg", Data: []byte("x"), Caption: "/check 8 701"}
	acts := []struct {
		name string
		do   func()
	}{
		{"reply", func() { _, _ = p.Reply(id, "x") }},
		{"contact", func() { p.SendContact("Банк", "+77011234567") }},
		{"own contact", func() { p.ShareOwnContact("+77011234567") }},
		{"user", func() { p.Forward(FromUser("Бейтаныс"), "x") }},
		{"hidden user", func() { p.Forward(FromHiddenUser("Бейтаныс"), "x") }},
		{"chat", func() { p.Forward(FromChat("Топ"), "x") }},
		{"channel", func() { p.Forward(FromChannel("Арна"), "x") }},
		{"photo", func() { p.SendPhoto(photo) }},
		{"fwd photo", func() { p.ForwardPhoto(FromUser("Бейтаныс"), photo) }},
		{"document", func() { p.SendDocument(photo) }},
		{"voice", func() { p.SendVoice(photo) }},
		{"sticker", func() { p.SendSticker("🙂") }},
		{"location", func() { p.SendLocation(51.1, 71.4) }},
		{"edit", func() { _ = p.EditMessage(id, "y") }},
		{"block", p.Block},
		{"unblock", p.Unblock},
	}
	for _, act := range acts {
		b.updates()
		if act.do(); len(b.updates()) != 1 {
			t.Errorf("%s: not one update", act.name)
		}
	}
	groups := map[any]bool{}
	for range p.SendAlbum(photo, photo, photo) {
	}
	for _, u := range b.updates() {
		groups[u["message"].(map[string]any)["media_group_id"]] = true
	}
	if len(groups) != 1 {
		t.Errorf("an album of %d groups", len(groups))
	}
	g := b.s.NewGroup("Топ", p)
	g.Send(p, "x")
	g.Migrate()
	if got := b.updates(); len(got) != 5 {
		t.Errorf("%d updates of the group", len(got))
	}
	if err := p.EditMessage(12345, "x"); err == nil {
		t.Error("edited a message that is not there")
	}
	bots := b.send(args{"chat_id": p.ID(), "text": "x"})
	if err := p.EditMessage(bots, "x"); err == nil {
		t.Error("edited the bot's message")
	}
}

func TestMessagesAreForgotten(t *testing.T) {
	b := newBot(t, Options{KeepMessages: 3, KeepCalls: 2})
	p := b.s.NewPerson("Person", "kk")
	for range 5 {
		p.Send("x")
	}
	if got := p.Messages(); len(got) != 3 || got[0].ID != 3 {
		t.Errorf("kept %+v", got)
	}
	for range 9 {
		b.must("getMe", nil, nil)
	}
	if got := b.s.Calls(); len(got) != 2 || got[1].Seq != 9 {
		t.Errorf("kept %d calls: %+v", len(got), got)
	}
	var me map[string]any
	if err := json.Unmarshal(b.s.Calls()[0].Result, &me); err != nil || me["is_bot"] != true {
		t.Errorf("the call's result: %v, %v", me, err)
	}
}
