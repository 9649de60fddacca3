package main

import (
	"strings"
	"testing"
	"time"

	"saqbol/emulator"
)

// TestPost: what comes twice is held against the program's lives.
func TestPost(t *testing.T) {
	const second, minute = time.Second, time.Minute
	type sent struct {
		life  int
		after time.Duration // since the test's begin
		text  string
		extra string // part of the keyboard
	}
	for name, tt := range map[string]struct {
		sent               []sent
		all, checks, worst int
		wrong              string
	}{
		"each once":                                 {[]sent{{1, 0, "a", ""}, {1, second, "b", ""}}, 0, 0, 0, ""},
		"again after a kill":                        {[]sent{{1, 0, "a", ""}, {2, minute, "a", ""}}, 1, 0, 1, ""},
		"again after two kills":                     {[]sent{{1, 0, "a", ""}, {2, minute, "a", ""}, {3, 2 * minute, "a", ""}}, 2, 0, 1, ""},
		"on its way when it was killed":             {[]sent{{2, 0, "a", ""}, {2, second / 2, "a", ""}}, 1, 0, 1, ""},
		"on its way again when it was killed again": {[]sent{{1, 0, "a", ""}, {3, minute, "a", ""}, {3, minute + second/2, "a", ""}}, 2, 0, 1, ""},
		"again without a kill":                      {[]sent{{1, 0, "a", ""}, {1, minute, "a", ""}}, 0, 0, 0, "without a kill"},
		"two again after one kill":                  {[]sent{{1, 0, "a", ""}, {1, 0, "b", ""}, {2, minute, "a", ""}, {2, minute, "b", ""}}, 2, 0, 2, "2 kept answers"},
		"checks again":                              {[]sent{{1, 0, "a", "rep:x"}, {1, 0, "b", "rep:y"}, {2, minute, "a", "rep:x"}, {2, minute, "b", "rep:y"}}, 2, 2, 0, ""},
		"a list asked for again":                    {[]sent{{1, 0, "a", "my:p:0"}, {1, minute, "a", "my:p:0"}}, 0, 0, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			life := 0
			p := newPost(func() int { return life })
			for _, s := range tt.sent {
				life = s.life
				p.called(emulator.Call{Method: "sendMessage", ChatID: 7, Code: 200, Time: time.Unix(0, 0).Add(s.after),
					Params: map[string]any{"text": s.text, "reply_markup": s.extra}})
			}
			if all, checks, worst := p.doubled(); all != tt.all || checks != tt.checks || worst != tt.worst {
				t.Errorf("%d doubles, %d of checks, at worst %d; want %d, %d, %d", all, checks, worst, tt.all, tt.checks, tt.worst)
			}
			if err := p.verdict(); (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("the verdict is %v, want one with %q", err, tt.wrong)
			}
		})
	}
	p := newPost(func() int { return 1 })
	p.called(emulator.Call{Method: "sendMessage", ChatID: 7, Code: 400, Description: "Bad Request: can't parse entities"})
	p.called(emulator.Call{Method: "editMessageText", ChatID: 7, Code: 400, Description: "Bad Request: message is not modified"})
	if err := p.verdict(); err == nil || !strings.Contains(err.Error(), "refused 1 calls") {
		t.Errorf("a refused message gives %v", err)
	}
}
