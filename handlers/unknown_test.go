package handlers

import (
	"testing"

	"saqbol/fraud"
)

func TestWhatIsNotUnderstoodIsAnsweredKindly(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   Input
		want string
	}{
		{"unknown command", Input{Kind: KindCommand, Command: "nonsense"}, "unknown.command unknown.next"},
		{"command in Russian", Input{Text: "/помощь"}, "unknown.command unknown.next"},
		{"command in Kazakh", Input{Text: "/көмек керек"}, "unknown.command unknown.next"},
		{"a number behind one", Input{Text: "/тексер 87011234567"}, "check.head check.none check.about.operator check.next.none_call"},
		{"a slash alone", Input{Text: "/"}, "check.nothing"},
		{"sticker", Input{Kind: KindOther}, "unknown.thing unknown.next"},
		{"voice", Input{Kind: KindMedia, File: fraud.File{Kind: "voice", ID: "v"}}, "unknown.voice unknown.next"},
		{"photo", Input{Kind: KindMedia, File: fraud.File{Kind: "photo", ID: "p"}}, "unknown.media unknown.next"},
		{"photo with words", Input{Kind: KindMedia, Text: "сәлем", File: fraud.File{Kind: "photo", ID: "p"}}, "check.nothing"},
		{"empty text", Input{Kind: KindText}, "check.nothing"},
		{"emoji", Input{Kind: KindText, Text: "🙂🙂🙂"}, "check.nothing"},
		{"edited chatter", Input{Kind: KindEdited, Text: "сәлем"}, ""},
		{"a kind of the future", Input{Kind: Kind(99)}, ""},
	} {
		if got := keys(newChat(t, "kk").send(tt.in)); got != tt.want {
			t.Errorf("%s answers %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestStickerInTheMiddleOfADraft(t *testing.T) {
	c := newChat(t, "ru")
	c.say("/report 87011234567")
	if got := keys(c.send(Input{Kind: KindOther})); got != "unknown.thing unknown.draft" {
		t.Errorf("answers %q", got)
	}
	if got := keys(c.send(Input{Text: "/стоп"})); got != "unknown.command unknown.draft" {
		t.Errorf("a command in Russian answers %q", got)
	}
	if !c.store.sessions[c.person].Open() {
		t.Error("the draft is gone")
	}
}

func TestButtonsOfThePast(t *testing.T) {
	for _, data := range []string{"", ":", "old:1", "nonsense"} {
		if reply := newChat(t, "ru").send(Input{Kind: KindButton, Button: data}); reply.Toast.Key != "common.stale" || len(reply.Messages) > 0 {
			t.Errorf("%q: %+v", data, reply)
		}
	}
}
