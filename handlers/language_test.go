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
}

func TestUnknownLanguageIsStale(t *testing.T) {
	for _, data := range []string{"lang:", "lang:en", "lang:kk:x"} {
		if reply := newChat(t, "ru").send(Input{Kind: KindButton, Button: data}); reply.Toast.Key != "common.stale" || !reply.Change.Empty() {
			t.Errorf("%s: %+v", data, reply)
		}
	}
}
