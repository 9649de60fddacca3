package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"saqbol/emulator"
)

// wanted is what becomes of an input.
type wanted int

const (
	wantAnswer  wanted = iota // something in the chat, or over it
	wantSilence               // nobody spoke to the bot
	wantEither                // an edit that asks for nothing, a later file of an album
	wantLetter                // it can't be read: an apology, and a dead letter
)

// thrown is an input, the beginning of it as it was sent, and what is to become of it.
type thrown struct {
	want wanted
	body string
}

// thrower sends one person's inputs and notes what is to become of each.
type thrower struct {
	*corpus
	t      *testing.T
	api    *emulator.Server
	person *emulator.Person
	group  int64
	next   int64 // id of the next message that the server does not count itself
	wants  map[heardKey]thrown
	count  map[string]int // of what was thrown, by kind
	pool   *dataPool
}

type fields map[string]any

func (th *thrower) chat(id int64, kind string) fields {
	return fields{"id": id, "type": kind, "first_name": "x", "title": "x"}
}

// message pushes a message with this content, and notes what is wanted.
func (th *thrower) message(kind string, want wanted, content fields) {
	th.push("message", kind, want, content)
}

func (th *thrower) push(update, kind string, want wanted, content fields) {
	th.next++
	m := fields{"message_id": th.next, "date": 1795253400, "chat": th.chat(th.person.ID(), "private"),
		"from": fields{"id": th.person.ID(), "is_bot": false, "first_name": "x", "language_code": pick(th.Rand, []string{"kk", "ru", "", "zz", "kk-Latn"})}}
	if update == "edited_message" {
		m["edit_date"] = 1795253401
	}
	maps.Copy(m, content)
	body, err := json.Marshal(fields{update: m})
	if err != nil {
		th.t.Error(err)
		return
	}
	if _, err := th.api.Push(body); err != nil {
		th.t.Error(err)
		return
	}
	chat := th.person.ID()
	if place, ok := m["chat"].(fields); ok {
		chat, _ = place["id"].(int64)
	}
	th.count[kind]++
	th.wants[heardKey{chat, th.next, update == "edited_message"}] = thrown{want, fmt.Sprintf("%.600s", body)}
}

// throw sends one input of any kind.
func (th *thrower) throw() {
	switch n := th.IntN(100); {
	case n < 52:
		th.message("text", wantAnswer, fields{"text": th.literal(th.text())})
	case n < 60:
		th.command()
	case n < 68:
		th.press()
	case n < 72:
		th.contact()
	case n < 78:
		th.media()
	case n < 83:
		th.entities()
	case n < 85:
		th.album()
	case n < 88:
		th.thing()
	case n < 92:
		th.forward()
	case n < 94:
		th.reply()
	case n < 96:
		th.push("edited_message", "edit", wantEither, fields{"text": th.literal(th.text())})
	case n < 98:
		th.inGroup()
	default:
		th.service()
	}
}

func (th *thrower) command() {
	th.message("command", wantAnswer, fields{"text": th.literal(th.corpus.command())})
}

// press forges a press under the bot's latest message.
func (th *thrower) press() {
	last, ok := th.person.Last()
	if !ok {
		return
	}
	data := th.data()
	if th.IntN(2) == 0 {
		data = th.pool.any(th.Rand, data) // a real button, of another message or another person
	}
	if data == "" {
		data = "?"
	}
	if th.person.PressStale(last.ID, data) == nil { // gone meanwhile: nothing to press
		th.count["press"]++
	}
}

func (th *thrower) contact() {
	c := fields{"phone_number": th.literal(pick(th.Rand, []string{th.number(), th.phone(), th.noise(8), "+"})), "first_name": th.literal(pick(th.Rand, th.seeds))}
	if th.IntN(3) == 0 {
		c["vcard"] = th.literal(th.vcard())
	}
	th.message("contact", wantAnswer, fields{"contact": c})
}

func (th *thrower) file() (name string, value any) {
	file := fields{"file_id": "sample-" + th.digits(8), "file_unique_id": "u" + th.digits(8), "width": th.IntN(3), "height": 1, "duration": 1, "length": 1}
	name = pick(th.Rand, []string{"photo", "document", "voice", "audio", "video", "animation", "video_note"})
	if name == "photo" {
		return name, []fields{file, file}
	}
	return name, file
}

func (th *thrower) media() {
	name, file := th.file()
	content := fields{name: file}
	if th.IntN(3) > 0 {
		content["caption"] = th.literal(string([]rune(th.text() + " ")[:1]) + th.number())
	}
	th.message("media", wantAnswer, content)
}

// entities marks stretches that are not there, and hides links under words.
func (th *thrower) entities() {
	number := func() int { return pick(th.Rand, []int{0, 1, 5, 40, 5000, -1, 1 << 30, -(1 << 30)}) }
	var list []fields
	for range 1 + th.IntN(5) {
		list = append(list, fields{"type": pick(th.Rand, []string{"bot_command", "text_link", "phone_number", "url", "bold", "text_mention", "custom_emoji", "cashtag", "future"}),
			"offset": number(), "length": number(), "url": th.literal(pick(th.Rand, []string{"tel:" + th.phone(), "https://wa.me/" + th.digits(11), "::", th.noise(20), "javascript:1"}))})
	}
	th.message("entities", wantAnswer, fields{"text": th.literal(th.text()), pick(th.Rand, []string{"entities", "caption_entities"}): list})
}

func (th *thrower) album() {
	group := th.digits(16)
	for i := range 2 + th.IntN(3) {
		name, file := th.file()
		content := fields{name: file, "media_group_id": group}
		want := wantEither
		if i == 0 {
			content["caption"], want = th.literal(th.number()), wantAnswer
		}
		th.message("album", want, content)
	}
}

func (th *thrower) thing() {
	content := pick(th.Rand, []fields{
		{"sticker": fields{"file_id": "s", "file_unique_id": "s", "type": "regular", "width": 1, "height": 1, "is_animated": false, "is_video": false}},
		{"location": fields{"latitude": 51.1, "longitude": 71.4}},
		{"venue": fields{"location": fields{"latitude": 51.1, "longitude": 71.4}, "title": "x", "address": "x"}},
		{"poll": fields{"id": "1", "question": "<b>", "options": []fields{}, "total_voter_count": 0, "type": "quiz"}},
		{"dice": fields{"emoji": "🎲", "value": 6}},
		{"game": fields{"title": "x", "description": "x", "photo": []fields{}}},
		{"story": fields{"id": 1, "chat": th.chat(th.person.ID(), "private")}},
		{"checklist": fields{"title": "x", "tasks": []fields{}}},
		{"invoice": fields{"title": "x", "description": "x", "currency": "KZT", "total_amount": 1, "start_parameter": "x"}},
	})
	th.message("thing", wantAnswer, content)
}

func (th *thrower) forward() {
	origin, want := pick(th.Rand, []string{"user", "hidden_user", "chat", "channel", "telepathy"}), wantAnswer
	if origin == "telepathy" {
		want = wantLetter
	}
	th.message("forward", want, fields{"text": th.literal(th.text()), "forward_origin": fields{"type": origin, "date": 1, "sender_user_name": "<i>",
		"sender_user": fields{"id": 7, "is_bot": true, "first_name": "x"}, "sender_chat": th.chat(-7, "channel"), "chat": th.chat(-7, "channel"), "message_id": 1}})
}

func (th *thrower) reply() {
	old := fields{"message_id": 1, "date": 1, "chat": th.chat(th.person.ID(), "private"), "text": th.literal(th.text()), "contact": fields{"phone_number": th.number(), "first_name": "x"}}
	content := fields{"text": th.literal(th.text()), "reply_to_message": old}
	switch th.IntN(3) {
	case 0:
		content["quote"] = fields{"text": th.literal(th.text()), "position": -5}
	case 1:
		delete(content, "reply_to_message")
		content["external_reply"] = fields{"origin": fields{"type": "hidden_user", "date": 1, "sender_user_name": "x"}, "contact": fields{"phone_number": th.number(), "first_name": "x"}}
	}
	th.message("reply", wantAnswer, content)
}

// inGroup speaks in a group: to the bot, or past it.
func (th *thrower) inGroup() {
	text, want := th.text(), wantSilence
	switch th.IntN(3) {
	case 0:
		text, want = "/check "+th.number(), wantAnswer
	case 1:
		text, want = "/"+pick(th.Rand, []string{"settings", "report", "my", "emergency", "help"}), wantAnswer
	default:
		text = "к " + text // no command
	}
	th.message("group", want, fields{"chat": th.chat(th.group, "group"), "text": text})
}

// service is what nobody said to the bot: other bots, channels, what Telegram notes.
func (th *thrower) service() {
	content := pick(th.Rand, []fields{
		{"new_chat_members": []fields{{"id": 5, "is_bot": false, "first_name": "x"}}},
		{"pinned_message": fields{"message_id": 1, "date": 0, "chat": th.chat(th.person.ID(), "private")}},
		{"message_auto_delete_timer_changed": fields{"message_auto_delete_time": 60}},
		{"text": "8 701 123 45 67", "via_bot": fields{"id": 6, "is_bot": true, "first_name": "x"}},
		{"text": "8 701 123 45 67", "from": fields{"id": 6, "is_bot": true, "first_name": "x"}},
		{"text": "8 701 123 45 67", "sender_chat": th.chat(-7, "channel")},
		{"text": "8 701 123 45 67", "business_connection_id": "b"},
	})
	th.message("service", wantSilence, content)
}
