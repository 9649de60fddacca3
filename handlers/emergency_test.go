package handlers

import (
	"strings"
	"testing"
)

// The order is that of the agencies' own advice: the bank before everything. Where
// its number stands is said for every bank before two are named as examples.
func TestEmergencyKeepsTheOrder(t *testing.T) {
	for lang, everybody := range map[string][2]string{"kk": {"артқы жағында", "мысалы"}, "ru": {"на обороте карты", "например"}} {
		c := newChat(t, lang)
		text := c.read(c.say("/emergency"))
		at := 0
		for _, step := range []string{"1. ", everybody[0], everybody[1], "7111", "+7 771 000 77 22", "2. ", "3. ", "102", "e-Otinish", "4. ", "71", "5. ", "1459", "6. ", "/report"} {
			i := strings.Index(text[at:], step)
			if i < 0 {
				t.Fatalf("%s: %q does not follow in:\n%s", lang, step, text)
			}
			at += i
		}
		for _, unconfirmed := range []string{"9999", "7575", "1400", "505", "595"} {
			if strings.Contains(text, unconfirmed) {
				t.Errorf("%s: shows the unconfirmed number %s", lang, unconfirmed)
			}
		}
	}
}

func TestEmergencyButtonLeavesTheCheck(t *testing.T) {
	c := newChat(t, "ru")
	c.say("87011234567")
	if reply := c.press("now:"); reply.Messages[0].Edit != 0 || !strings.HasPrefix(keys(reply), "emergency.head") {
		t.Errorf("answers %q, edits %d", keys(reply), reply.Messages[0].Edit)
	}
}
