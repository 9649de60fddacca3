package handlers

import (
	"errors"
	"strings"
	"testing"

	"saqbol/fraud"
)

// keys lists the catalogue's keys of an answer, for tests that ask which answer
// came and not how it is worded.
func keys(r Reply) string {
	var out []string
	for _, m := range r.Messages {
		for _, line := range m.Text {
			if line.Key != "" {
				out = append(out, line.Key)
			}
		}
	}
	return strings.Join(out, " ")
}

func TestCommandsInPrivate(t *testing.T) {
	for command, want := range map[string]string{
		"start": "start.welcome", "check": "check.ask", "emergency": "emergency.head", "tips": "tips.list",
		"stats": "stats.none", "settings": "settings.head", "language": "language.ask", "privacy": "privacy.head",
		"help": "help.head", "Tips": "tips.list", "report": "report.welcome", "nonsense": "unknown.command",
	} {
		c := newChat(t, "ru")
		if got := keys(c.say("/" + command)); !strings.HasPrefix(got, want) {
			t.Errorf("/%s answers %q, want %q first", command, got, want)
		}
	}
}

func TestGroups(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   Input
		want string // the first key; "" = silence
	}{
		{"check", Input{Kind: KindCommand, Command: "check", Text: "87011234567"}, "check.head"},
		{"check, answering", Input{Kind: KindCommand, Command: "check", Quoted: "87011234567"}, "check.head"},
		{"tips", Input{Kind: KindCommand, Command: "tips"}, "tips.list"},
		{"emergency", Input{Kind: KindCommand, Command: "emergency"}, "emergency.head"},
		{"help", Input{Kind: KindCommand, Command: "help"}, "help.head"},
		{"report", Input{Kind: KindCommand, Command: "report"}, "start.privately"},
		{"my", Input{Kind: KindCommand, Command: "my"}, "start.privately"},
		{"settings", Input{Kind: KindCommand, Command: "settings"}, "start.privately"},
		{"privacy", Input{Kind: KindCommand, Command: "privacy"}, "start.privately"},
		{"somebody else's command", Input{Kind: KindCommand, Command: "weather"}, ""},
		{"talk", Input{Kind: KindText, Text: "87011234567"}, ""},
		{"a photo", Input{Kind: KindMedia, Text: "87011234567"}, ""},
		{"a sticker", Input{Kind: KindOther}, ""},
		{"an edit", Input{Kind: KindEdited, Text: "87011234567"}, ""},
		{"removed", Input{Kind: KindBlocked}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newChat(t, "ru")
			tt.in.Chat, tt.in.Message = -1001, 55
			reply := c.send(tt.in)
			first, _, _ := strings.Cut(keys(reply), " ")
			if first != tt.want {
				t.Fatalf("answers %q, want %q", first, tt.want)
			}
			for _, m := range reply.Messages {
				if m.ReplyTo != 55 {
					t.Errorf("ReplyTo = %d, want the message it answers", m.ReplyTo)
				}
				if !m.Contact.Zero() {
					t.Error("a group can't share a contact by keyboard")
				}
			}
			if !reply.Change.Empty() {
				t.Errorf("stores %+v", reply.Change)
			}
		})
	}
}

func TestPersonalButtonsDoNothingInGroups(t *testing.T) {
	for _, data := range []string{"set:erased", "set:export", "del:5", "rep:x", "my:x", "drop:yes", "lang:kk"} {
		c := newChat(t, "ru")
		c.store.people[c.person] = fraud.Person{ID: c.person, Known: true}
		reply := c.send(Input{Kind: KindButton, Button: data, Chat: -1001, Message: 5})
		if reply.Toast.Key != "common.stale" || !reply.Change.Empty() || reply.Delete != 0 {
			t.Errorf("%s in a group: %+v", data, reply)
		}
	}
}

func TestOpenDraft(t *testing.T) {
	begin := func(t *testing.T) *chat {
		c := newChat(t, "ru")
		c.say("/report 87011234567")
		if !c.store.sessions[c.person].Open() {
			t.Fatal("no draft was opened")
		}
		return c
	}
	for _, command := range []string{"start", "report"} {
		c := begin(t)
		if got := keys(c.say("/" + command)); got != "drop.ask" {
			t.Errorf("/%s over a draft answers %q, want the question whether to drop it", command, got)
		}
		if !c.store.sessions[c.person].Open() {
			t.Errorf("/%s dropped the draft unasked", command)
		}
	}
	c := begin(t)
	if got := keys(c.say("/nonsense")); !strings.HasPrefix(got, "unknown.command") || !c.store.sessions[c.person].Open() {
		t.Errorf("a command that does not exist answers %q over a draft", got)
	}
	c = begin(t)
	if c.say("/cancel"); c.store.sessions[c.person].Open() {
		t.Error("/cancel left the draft open")
	}
	c = begin(t)
	if got := keys(c.send(Input{Kind: KindButton, Button: "now:"})); !strings.HasPrefix(got, "emergency.head") || !strings.HasSuffix(got, "common.draft_kept") {
		t.Errorf("a button over a draft answers %q", got)
	}
	if got := keys(c.send(Input{Kind: KindEdited, Text: "банк"})); got != "report.edited" {
		t.Errorf("an edit over a draft answers %q", got)
	}
	if got := keys(c.send(Input{Kind: KindCommand, Command: "check", Text: "87771234567", Chat: -5})); !strings.HasPrefix(got, "check.head") {
		t.Errorf("/check in a group, a draft open in private, answers %q", got)
	}
}

// What somebody is asked to agree to, and everything else that is only read, is read
// over an open report, which is kept and one button away, also on the next page.
func TestPagesOverADraft(t *testing.T) {
	for _, tt := range []struct{ command, want, button string }{
		{"privacy", "privacy.head", ""},
		{"help", "help.head", ""},
		{"tips", "tips.list", "tip:safe_account"},
		{"my", "my.none", ""},
		{"settings", "settings.head", "set:language"},
		{"stats", "stats.none", ""},
		{"emergency", "emergency.head", ""},
		{"language", "language.ask", "lang:kk"},
		{"check", "check.ask_behind", ""},
	} {
		for _, lang := range []string{"kk", "ru"} {
			c := openAt(t, lang, stepSummary)
			before := c.store.sessions[c.person]
			reply := c.say("/" + tt.command)
			if got := keys(reply); !strings.HasPrefix(got, tt.want) || !strings.HasSuffix(got, "common.draft_kept") {
				t.Errorf("/%s over a draft answers %q", tt.command, got)
			}
			if tt.button != "" {
				if got := keys(c.press(tt.button)); !strings.HasSuffix(got, "common.draft_kept") {
					t.Errorf("/%s, %s: %q", tt.command, tt.button, got)
				}
			}
			if got := c.store.sessions[c.person]; string(got.Draft) != string(before.Draft) || got.Step != before.Step || got.Anchor != before.Anchor {
				t.Errorf("/%s leaves %+v of the draft, want %+v", tt.command, got, before)
			}
			if got := keys(c.press("drop:on")); !strings.Contains(got, "report.summary") || len(c.forms()) != 1 {
				t.Errorf("/%s, go on: %q, forms %v", tt.command, got, c.forms())
			}
		}
	}
}

// To delete everything about oneself ends the open report too, form and all.
func TestErasingOverADraft(t *testing.T) {
	c := openAt(t, "ru", stepWhen)
	c.say("/privacy")
	c.press("set:erase")
	if reply := c.press("set:erased"); strings.Contains(keys(reply), "draft_kept") || len(c.forms()) > 0 || c.store.sessions[c.person].Open() {
		t.Errorf("after erasing: %q, forms %v", keys(reply), c.forms())
	}
}

func TestSessionOfAnUnknownFlowIsPassedOver(t *testing.T) {
	c := newChat(t, "ru")
	c.store.sessions[c.person] = fraud.Session{Flow: "gone", Step: "x"}
	if got := keys(c.say("87011234567")); !strings.HasPrefix(got, "check.head") {
		t.Errorf("a text answers %q, want a check", got)
	}
}

func TestPresence(t *testing.T) {
	c := newChat(t, "ru")
	if reply := c.send(Input{Kind: KindBlocked}); !reply.Change.Empty() {
		t.Errorf("of somebody unknown is kept: %+v", reply.Change)
	}
	c.say("/language")
	c.press("lang:ru")
	if reply := c.send(Input{Kind: KindBlocked}); reply.Change.Gone == nil || !*reply.Change.Gone || len(reply.Messages) > 0 {
		t.Errorf("blocking: %+v", reply)
	}
	if !c.store.people[c.person].Gone {
		t.Error("the person is not marked as gone")
	}
	if reply := c.send(Input{Kind: KindBack}); reply.Change.Gone == nil || *reply.Change.Gone {
		t.Errorf("coming back: %+v", reply)
	}
	c.send(Input{Kind: KindBlocked})
	if c.say("87011234567"); c.store.people[c.person].Gone {
		t.Error("somebody who writes is still marked as gone")
	}
}

func TestLanguageOfAnswers(t *testing.T) {
	for _, tt := range []struct {
		code, text string
		chosen     fraud.Lang
		want       fraud.Lang
	}{
		{"kk", "87011234567", "", fraud.Kazakh},
		{"kk-KZ", "87011234567", "", fraud.Kazakh},
		{"ru-RU", "87011234567", "", fraud.Russian},
		{"", "87011234567", "", fraud.Russian},
		{"en", "Маған 87011234567 қоңырау шалды", "", fraud.Kazakh},
		{"ru", "87011234567", fraud.Kazakh, fraud.Kazakh},
		{"kk", "87011234567", fraud.Russian, fraud.Russian},
		{"not a language at all", "87011234567", "", fraud.Russian},
	} {
		c := newChat(t, tt.code)
		c.store.people[c.person] = fraud.Person{ID: c.person, Known: tt.chosen != "", Lang: tt.chosen}
		if got := c.say(tt.text).Lang; got != tt.want {
			t.Errorf("language_code %q, chosen %q, %q: answers in %q, want %q", tt.code, tt.chosen, tt.text, got, tt.want)
		}
	}
}

func TestReplyCarriesItsUpdate(t *testing.T) {
	c := newChat(t, "ru")
	reply := c.say("/help")
	if reply.Change.Update != *c.update || reply.Change.Person != c.person || !reply.Change.Now.Equal(testNow) {
		t.Errorf("Change = %+v", reply.Change)
	}
}

func TestStoreDown(t *testing.T) {
	c := newChat(t, "kk")
	c.store.down = errors.New("the disk is gone")
	reply, err := c.try(Input{Kind: KindText, Text: "87011234567"})
	if !errors.Is(err, c.store.down) || reply.Lang != fraud.Kazakh {
		t.Errorf("reply %+v, error %v", reply, err)
	}
}
