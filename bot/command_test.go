package bot

import (
	"strings"
	"testing"
)

func TestParseCommand(t *testing.T) {
	tests := []struct {
		text string
		want command
		ok   bool
	}{
		{"/check", command{name: "check"}, true},
		{"/check +7 701 123 45 67 ", command{name: "check", rest: "+7 701 123 45 67"}, true},
		{"/CHECK@Our_Bot 1", command{name: "check", to: "our_bot", rest: "1"}, true},
		{" \u200b/check\n1\n2", command{name: "check", rest: "1\n2"}, true},
		{"/check\u00a01", command{name: "check", rest: "1"}, true},
		{"/report сөйлесті 👩‍👦", command{name: "report", rest: "сөйлесті 👩‍👦"}, true},
		{"/start payload_1-2", command{name: "start", rest: "payload_1-2"}, true},
		{"text /check", command{}, false},
		{"/тексеру", command{}, false},
		{"/", command{}, false},
		{"/ check", command{}, false},
		{"//check", command{}, false},
		{"/che-ck", command{}, false},
		{"/" + strings.Repeat("a", 33), command{}, false},
		{"", command{}, false},
	}
	for _, test := range tests {
		got, ok := parseCommand(test.text)
		if got != test.want || ok != test.ok {
			t.Errorf("%q is %+v, %v; want %+v, %v", test.text, got, ok, test.want, test.ok)
		}
	}
}

func FuzzParseCommand(f *testing.F) {
	f.Add("/check@our_bot 8 701 123 45 67")
	f.Add("/\xff@")
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := parseCommand(text)
		if !ok {
			return
		}
		again, ok := parseCommand("/" + c.name + " " + c.rest)
		if !ok || again.name != c.name || again.rest != c.rest {
			t.Errorf("%q is %+v, and that is %+v", text, c, again)
		}
	})
}
