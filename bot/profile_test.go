package bot

import (
	"strings"
	"testing"

	"saqbol/emulator"
	"saqbol/fraud"
	"saqbol/locales"
)

// set are the calls that change the profile.
func set(api *emulator.Server) (n int) {
	for _, c := range api.Calls() {
		if strings.HasPrefix(c.Method, "setMy") || c.Method == "setChatMenuButton" {
			n++
		}
	}
	return n
}

func TestProfile(t *testing.T) {
	w := begin(t, answers(echo), settings{})
	last := func(c emulator.Call) bool {
		return c.Method == "getMyShortDescription" && c.Params["language_code"] == "ru"
	}
	if _, err := w.api.WaitCall(w.ctx, last); err != nil {
		t.Fatalf("%v\n%s", err, w.log)
	}
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	words := catalogue(t)
	for code, lang := range map[string]fraud.Lang{"kk": fraud.Kazakh, "ru": fraud.Russian, "en": fraud.Russian, "": fraud.Russian} {
		p := w.api.NewPerson("Citizen", code)
		listed := p.Commands()
		if len(listed) != 12 {
			t.Fatalf("%q: %d commands, want 12", code, len(listed))
		}
		for _, c := range listed {
			if want := words.Plain(lang, locales.M("command."+c.Command)); c.Description != want {
				t.Errorf("%q: /%s is described as %q, want %q", code, c.Command, c.Description, want)
			}
		}
		if about := p.Bot(); about.Description != words.Plain(lang, locales.M("bot.description")) || about.Short != words.Plain(lang, locales.M("bot.short")) {
			t.Errorf("%q: the bot is described as %+v", code, about)
		}
	}
	before := set(w.api)
	if before == 0 {
		t.Error("nothing was set, and yet it is there")
	}
	again, err := New(w.bot.options)
	if err != nil {
		t.Fatal(err)
	}
	again.introduce(w.ctx)
	if n := set(w.api) - before; n != 0 {
		t.Errorf("%d calls set again what was set", n)
	}
}

// A profile that can't be set is logged and is nobody's problem.
func TestProfileFails(t *testing.T) {
	w := begin(t, answers(echo), settings{api: func(s *emulator.Server) {
		s.Fail(emulator.Fault{Method: "getMyCommands", Kind: emulator.FaultInternal})
		s.Fail(emulator.Fault{Method: "getChatMenuButton", Kind: emulator.FaultInternal})
	}})
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("x")
	w.shown(t, p, 1)
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	before := w.log.count("profile")
	w.bot.introduce(w.ctx)
	if n := w.log.count("profile") - before; n != 1 {
		t.Errorf("%d lines about it, want 1", n)
	}
}
