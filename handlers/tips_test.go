package handlers

import (
	"strings"
	"testing"

	"saqbol/fraud"
)

func TestEveryScenarioHasATip(t *testing.T) {
	if n := len(tipScenarios()); n < 12 {
		t.Fatalf("%d tips", n)
	}
	for _, lang := range []string{"kk", "ru"} {
		c := newChat(t, lang)
		for _, s := range tipScenarios() {
			text := c.read(c.send(Input{Kind: KindButton, Button: "tip:" + string(s)}))
			if strings.Contains(text, "tip."+string(s)) || strings.Count(text, "<b>") != 4 {
				t.Errorf("%s: the tip of %s lacks a title, how it works, how to recognise it or what to do:\n%s", lang, s, text)
			}
		}
	}
}

func TestTipsAreOneMessage(t *testing.T) {
	c := newChat(t, "ru")
	seen := map[string]bool{}
	for reply := c.say("/tips"); ; reply = c.press("Ещё схемы") {
		for _, row := range reply.Messages[0].Buttons {
			seen[row[0].Data] = true
		}
		if !strings.Contains(c.read(reply), "Ещё схемы") {
			break
		}
	}
	for _, s := range tipScenarios() {
		if !seen["tip:"+string(s)] {
			t.Errorf("the list does not offer %s", s)
		}
	}
	tip := c.press("tip:" + string(fraud.ScenarioDeepfake))
	if tip.Messages[0].Edit == 0 {
		t.Error("a tip of the list is a new message")
	}
	if back := c.press("Ко всем схемам"); back.Messages[0].Edit == 0 || !strings.Contains(c.read(back), "tip:"+string(fraud.ScenarioDeepfake)) {
		t.Errorf("back leads to:\n%s", c.read(back))
	}
}

func TestTipUnderACheckLeavesTheCheck(t *testing.T) {
	c := newChat(t, "ru")
	c.say("звонит служба безопасности, 87011234567")
	if tip := c.press("Как действует"); tip.Messages[0].Edit != 0 || !strings.Contains(keys(tip), "tip."+string(fraud.ScenarioSafeAccount)) {
		t.Errorf("answers %q, edits %d", keys(tip), tip.Messages[0].Edit)
	}
}

func TestTipsThatDoNotExist(t *testing.T) {
	for _, data := range []string{"tip:", "tip:other", "tip:nonsense", "tip:+", "tip:+nonsense"} {
		if reply := newChat(t, "ru").send(Input{Kind: KindButton, Button: data}); reply.Toast.Key != "common.stale" {
			t.Errorf("%s answers %q", data, keys(reply))
		}
	}
	for _, data := range []string{"tip:-1", "tip:99"} {
		if reply := newChat(t, "ru").send(Input{Kind: KindButton, Button: data}); keys(reply) != "tips.list" {
			t.Errorf("%s answers %q", data, keys(reply))
		}
	}
}
