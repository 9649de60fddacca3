package handlers

import (
	"strings"
	"testing"

	"saqbol/fraud"
)

func TestStart(t *testing.T) {
	for _, tt := range []struct {
		code   string
		chosen fraud.Lang
		want   string
		lang   fraud.Lang
	}{
		{"kk", "", "start.welcome", fraud.Kazakh},
		{"ru", "", "start.welcome", fraud.Russian},
		{"kk-KZ", "", "start.welcome", fraud.Kazakh},
		{"", "", "start.choose", fraud.Russian},
		{"en", "", "start.choose", fraud.Russian},
		{"en", fraud.Kazakh, "start.welcome", fraud.Kazakh},
	} {
		c := newChat(t, tt.code)
		c.store.people[c.person] = fraud.Person{ID: c.person, Known: tt.chosen != "", Lang: tt.chosen}
		reply := c.say("/start")
		if keys(reply) != tt.want || reply.Lang != tt.lang || !reply.Change.Empty() {
			t.Errorf("language_code %q, chosen %q: %q in %q, stores %+v", tt.code, tt.chosen, keys(reply), reply.Lang, reply.Change)
		}
	}
}

func TestStartAsksForTheLanguageOnce(t *testing.T) {
	c := newChat(t, "")
	c.say("/start")
	c.press("Қазақша")
	if reply := c.say("/start"); keys(reply) != "start.welcome" || reply.Lang != fraud.Kazakh {
		t.Errorf("the second /start answers %q in %q", keys(reply), reply.Lang)
	}
	if got := c.say("87011234567").Lang; got != fraud.Kazakh {
		t.Errorf("a check answers in %q", got)
	}
}

func TestDeepLinks(t *testing.T) {
	for payload, want := range map[string]string{
		"report": "report.welcome", "settings": "settings.head", "privacy": "privacy.head", "language": "language.ask",
		"start": "start.welcome", "nonsense": "start.welcome", "": "start.welcome",
	} {
		if got := keys(newChat(t, "ru").say("/start " + payload)); !strings.HasPrefix(got, want) {
			t.Errorf("/start %s answers %q, want %q", payload, got, want)
		}
	}
	if reply := newChat(t, "ru").say("/start rep_forged"); reply.Toast.Key != "common.stale" && len(reply.Messages) == 0 {
		t.Errorf("a forged link answers %+v", reply)
	}
}
