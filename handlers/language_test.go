package handlers

import (
	"strings"
	"testing"

	"saqbol/fraud"
)

func TestLanguageIsConfirmedInTheNewLanguage(t *testing.T) {
	c := newChat(t, "ru")
	c.say("/language")
	reply := c.press("Қазақша")
	if reply.Lang != fraud.Kazakh || reply.Change.Lang != fraud.Kazakh || reply.Messages[0].Edit == 0 {
		t.Errorf("in %q, stores %q, edits %d", reply.Lang, reply.Change.Lang, reply.Messages[0].Edit)
	}
	for _, text := range []string{"87011234567", "/help", "/tips", "/nonsense"} {
		if got := c.say(text).Lang; got != fraud.Kazakh {
			t.Errorf("%s answers in %q afterwards", text, got)
		}
	}
	c.say("/settings")
	c.press("set:language")
	if c.press("Русский"); c.say("/help").Lang != fraud.Russian {
		t.Error("the language does not change back")
	}
}

func TestLanguageInTheMiddleOfADraft(t *testing.T) {
	c := newChat(t, "ru")
	c.say("/report 87011234567")
	c.say("/language")
	if got := keys(c.press("Қазақша")); !strings.HasSuffix(got, "common.draft_kept") {
		t.Errorf("answers %q", got)
	}
	if !c.store.sessions[c.person].Open() {
		t.Error("the draft is gone")
	}
	if reply := c.press("Жалғастыру"); reply.Lang != fraud.Kazakh || !strings.HasSuffix(keys(reply), "report.ask.channel") {
		t.Errorf("the button under it leads to %q in %q", keys(reply), reply.Lang)
	}
}

func TestUnknownLanguageIsStale(t *testing.T) {
	for _, data := range []string{"lang:", "lang:en", "lang:kk:x"} {
		if reply := newChat(t, "ru").send(Input{Kind: KindButton, Button: data}); reply.Toast.Key != "common.stale" || !reply.Change.Empty() {
			t.Errorf("%s: %+v", data, reply)
		}
	}
}

func TestLanguagesAreOfferedUntilOneIsChosen(t *testing.T) {
	c := newChat(t, "en")
	offered := func(reply Reply) bool {
		return strings.Contains(c.read(reply), "lang:+kk") && strings.Contains(c.read(reply), "lang:+ru")
	}
	for _, text := range []string{"87011234567", "помогите", "/foo", "/emergency", "/tips"} {
		if !offered(c.say(text)) {
			t.Errorf("%q does not offer the languages", text)
		}
	}
	for _, text := range []string{"/check", "/start", "/language"} {
		if offered(c.say(text)) {
			t.Errorf("%q offers the languages again", text)
		}
	}
	c.say("87011234567")
	if reply := c.press("lang:+kk"); reply.Messages[0].Edit != 0 || reply.Lang != fraud.Kazakh || reply.Change.Lang != fraud.Kazakh {
		t.Errorf("the choice answers %+v", reply)
	}
	if offered(c.say("87011234567")) {
		t.Error("the languages are offered to somebody who chose one")
	}
	if speaker := newChat(t, "ru"); offered(speaker.say("87011234567")) {
		t.Error("the languages are offered to somebody whose Telegram speaks Russian")
	}
	if in := (Input{Kind: KindCommand, Command: "check", Text: "87011234567", Chat: -100}); offered(newChat(t, "en").send(in)) {
		t.Error("the languages are offered in a group")
	}
}

func TestKazakhWithoutItsLettersIsGuessed(t *testing.T) {
	for text, want := range map[string]fraud.Lang{
		"pul jiberip qoidym": fraud.Kazakh, "magan qongyrau shaldy": fraud.Kazakh, "маган конырау шалды": fraud.Kazakh,
		"көмек": fraud.Kazakh, "мне звонили": fraud.Russian, "please help": fraud.Russian, "87011234567": fraud.Russian,
		"номер мошенника": fraud.Russian,
	} {
		if got := newChat(t, "en").say(text).Lang; got != want {
			t.Errorf("%q is answered in %s", text, got)
		}
	}
}
