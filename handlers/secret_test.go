package handlers

import (
	"strings"
	"testing"
)

func TestSecretsAreWarnedOfAndDeleted(t *testing.T) {
	for text, want := range map[string]bool{
		"код 1234":                     true,
		"мой CVV 123, 87011234567":     true,
		"4400 4300 0000 1237":          true,
		"звонили с 87011234567":        false,
		"Маған қоңырау шалды, не істе": false,
	} {
		c := newChat(t, "ru")
		sent := c.message + 1
		reply := c.say(text)
		if got := strings.Contains(keys(reply), "check.secret"); got != want {
			t.Errorf("%q: warned = %v", text, got)
			continue
		}
		if !want {
			continue
		}
		if reply = c.press("del:"); reply.Delete != sent || reply.Toast.Key != "secret.deleted" || !reply.Change.Empty() {
			t.Errorf("%q: deletes %d, the message is %d", text, reply.Delete, sent)
		}
	}
}

func TestSecretOfAnotherIsNotMineToDelete(t *testing.T) {
	c := newChat(t, "ru")
	reply := c.send(Input{Kind: KindCommand, Command: "check", Quoted: "4400 4300 0000 1237"})
	if strings.Contains(keys(reply), "check.secret") {
		t.Error("a secret in the message that was answered is taken for the person's own")
	}
	reply = c.send(Input{Kind: KindCommand, Command: "check", Text: "4400 4300 0000 1237", Chat: -100})
	if text := c.read(reply); !strings.Contains(keys(reply), "check.secret") || strings.Contains(text, "del:") {
		t.Errorf("in a group:\n%s", text)
	}
}

func TestDeleteWithABadId(t *testing.T) {
	for _, data := range []string{"del:", "del:x", "del:0", "del:-5", "del:99999999999999999999"} {
		if reply := newChat(t, "ru").send(Input{Kind: KindButton, Button: data}); reply.Delete != 0 || reply.Toast.Key != "common.stale" {
			t.Errorf("%s: %+v", data, reply)
		}
	}
}
