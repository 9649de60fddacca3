package handlers

import (
	"context"
	"strings"
	"testing"

	"saqbol/fraud"
)

// openAt is a chat whose report of one number stands at a step.
func openAt(t *testing.T, lang, step string) *chat {
	t.Helper()
	c := newChat(t, lang)
	if step == stepSubjects {
		c.say("/report")
		return c
	}
	c.say("/report 87011234567")
	for range 20 {
		at := c.store.sessions[c.person].Step
		if at == step {
			return c
		}
		if at == stepLoss {
			c.choose(string(fraud.LossMoney))
			continue
		}
		c.choose(choiceSkip)
	}
	t.Fatalf("the report never comes to %q", step)
	return nil
}

func (c *chat) draft() *reportDraft {
	c.t.Helper()
	d, err := readDraft(c.store.sessions[c.person].Draft)
	if err != nil {
		c.t.Fatal(err)
	}
	return d
}

// reached lists every step with the one before and the one after a skip.
func reached() []struct{ step, before, after string } {
	return []struct{ step, before, after string }{
		{stepSubjects, "", ""},
		{stepChannel, stepSubjects, stepClaim},
		{stepClaim, stepChannel, stepScenario},
		{stepScenario, stepClaim, stepVoice},
		{stepVoice, stepScenario, stepWhen},
		{stepWhen, stepVoice, stepLoss},
		{stepLoss, stepWhen, stepWords},
		{stepAmount, stepLoss, stepWords},
		{stepWords, stepAmount, stepSummary},
		{stepSummary, stepWords, ""},
	}
}

func TestTheWayOutOfEveryStep(t *testing.T) {
	for _, lang := range []string{"kk", "ru"} {
		for _, c := range reached() {
			t.Run(lang+"/"+c.step, func(t *testing.T) {
				for choice, want := range map[string]string{choiceBack: c.before, choiceSkip: c.after} {
					if want == "" {
						continue
					}
					pressed := openAt(t, lang, c.step)
					if pressed.choose(choice); pressed.store.sessions[pressed.person].Step != want {
						t.Errorf("%s leads to %q, want %q", choice, pressed.store.sessions[pressed.person].Step, want)
					}
					typed := openAt(t, lang, c.step)
					word := map[string]string{choiceBack: typed.in("артқа", "Назад"), choiceSkip: typed.in("өткізіп жіберу", "пропустить")}[choice]
					if typed.say(word); typed.store.sessions[typed.person].Step != want {
						t.Errorf("typed %q leads to %q, want %q", word, typed.store.sessions[typed.person].Step, want)
					}
				}
				for name, leave := range map[string]func(*chat) Reply{
					"button": func(c *chat) Reply { return c.choose(choiceCancel) },
					"word":   func(c *chat) Reply { return c.say(c.in("бас тарту", "отмена")) },
					"/cancel": func(c *chat) Reply {
						return c.say("/cancel")
					},
				} {
					p := openAt(t, lang, c.step)
					reply := leave(p)
					if p.store.sessions[p.person].Open() || len(p.store.reports) > 0 {
						t.Errorf("%s leaves %+v and %d reports", name, p.store.sessions[p.person], len(p.store.reports))
					}
					if text := p.read(reply); !strings.Contains(text, p.in("Ештеңе жіберілген жоқ", "Ничего не отправлено")) {
						t.Errorf("%s does not say that nothing was filed:\n%s", name, text)
					}
				}
			})
		}
	}
}

// Every step of every report begins its way out with the sign people know.
func TestEveryStepHasItsButtons(t *testing.T) {
	for _, c := range reached() {
		p := openAt(t, "ru", c.step)
		text := p.read(p.last)
		if !strings.Contains(text, "[✖️ ") {
			t.Errorf("%s has no ✖️:\n%s", c.step, text)
		}
		if back := strings.Contains(text, "[◀ "); back != (c.before != "") {
			t.Errorf("%s: a way back: %v\n%s", c.step, back, text)
		}
		if files := strings.Contains(text, "[✅ "); files != (c.step == stepSummary) {
			t.Errorf("%s: a button that files: %v\n%s", c.step, files, text)
		}
		for _, m := range p.last.Messages {
			if !m.Anchor {
				t.Errorf("%s is not kept in one place", c.step)
			}
			for _, row := range m.Buttons {
				for _, b := range row {
					if label := p.label(p.last.Lang, b); utf16Length(label) > 32 {
						t.Errorf("%s: the label %q is too long for a phone", c.step, label)
					}
				}
			}
		}
	}
}

// A button of an older step changes nothing and shows where the report stands.
func TestStaleButtons(t *testing.T) {
	c := openAt(t, "ru", stepChannel)
	old := c.data(string(fraud.ChannelSMS))
	c.choose(string(fraud.ChannelCall))
	reply := c.send(Input{Kind: KindButton, Button: old, Message: 7})
	if reply.Toast.Key != "common.stale" || c.draft().Answers[stepChannel] != string(fraud.ChannelCall) {
		t.Errorf("an old step's button: %+v, draft %+v", reply.Toast, c.draft())
	}
	if text := c.read(reply); !strings.Contains(text, "Кем представился") {
		t.Errorf("the step is not shown again:\n%s", text)
	}
	c.say("/cancel")
	if reply := c.send(Input{Kind: KindButton, Button: old}); reply.Toast.Key != "common.stale" || len(reply.Messages) > 0 {
		t.Errorf("after /cancel: %+v", reply)
	}
	c.say("/report 87770000000")
	if c.send(Input{Kind: KindButton, Button: old}).Toast.Key != "common.stale" || c.store.sessions[c.person].Step != stepChannel {
		t.Error("a button of an older report is taken for the new one's")
	}
	for _, data := range []string{"r:", "r:x", "r:x:y", "r:::", "r:x:y:z:w", "r:" + c.draft().ID + ":channel:nonsense", "r:" + c.draft().ID + ":channel:file"} {
		reply, err := c.try(Input{Kind: KindButton, Button: data})
		if err != nil || c.store.sessions[c.person].Step != stepChannel || len(c.store.reports) > 0 {
			t.Errorf("%q: %+v, %v", data, reply, err)
		}
	}
}

// A second press of a button of the form is answered without a word: the first was
// taken, and the form shows where it led.
func TestPressedTwice(t *testing.T) {
	for _, tt := range []struct{ step, choice, leads string }{
		{stepChannel, string(fraud.ChannelCall), stepClaim},
		{stepClaim, choiceSkip, stepScenario},
		{stepScenario, choiceBack, stepClaim},
		{stepSummary, choiceEdit + stepWhen, stepWhen},
	} {
		c := openAt(t, "kk", tt.step)
		button := Input{Kind: KindButton, Button: c.data(tt.choice), Message: c.store.sessions[c.person].Anchor}
		c.send(button)
		first := c.store.sessions[c.person]
		reply := c.send(button)
		again := c.store.sessions[c.person]
		if !reply.Toast.Zero() || first.Step != tt.leads || again.Step != tt.leads || string(again.Draft) != string(first.Draft) {
			t.Errorf("%s, %s twice: toast %q, step %q, then %q", tt.step, tt.choice, reply.Toast.Key, first.Step, again.Step)
		}
		if forms := c.forms(); len(forms) != 1 || reply.Messages[0].Edit != button.Message {
			t.Errorf("%s, %s twice: the form is in %v", tt.step, tt.choice, forms)
		}
	}
}

// ✖️ pressed twice: the second press says what the first did, not that it is outdated.
func TestCancelledTwice(t *testing.T) {
	c := openAt(t, "ru", stepLoss)
	button := Input{Kind: KindButton, Button: c.data(choiceCancel)}
	c.send(button)
	if reply := c.send(button); reply.Toast.Key != "report.closed" || len(reply.Messages) > 0 || !reply.Change.Empty() {
		t.Errorf("a second press: %+v", reply)
	}
}

func TestStaleButtonsKeepTheirLimits(t *testing.T) {
	d := &reportDraft{ID: "7Q4M2RX9", Answers: map[string]string{}, Subjects: []draftRef{{Key: make([]byte, 16), Shown: "+7 701 123 45 67"}}}
	for _, s := range reportSteps() {
		for _, row := range stepButtons(d, s) {
			for _, b := range row {
				if len(b.Data) > 64 {
					t.Errorf("%q has %d bytes", b.Data, len(b.Data))
				}
			}
		}
	}
}

// A draft is a row: another program, started later, goes on where this one was.
func TestRestartInTheMiddle(t *testing.T) {
	for _, step := range reached() {
		c := openAt(t, "kk", step.step)
		before := strings.TrimSuffix(c.read(c.last), "[🆘 Қазір не істеу керек | now:]\n") // what can't wait is said once
		c.router = New(c.deps)
		reply, err := c.router.show(Turn{Lang: fraud.Kazakh}, c.draft(), c.store.sessions[c.person].Step)
		if err != nil {
			t.Fatal(err)
		}
		reply.Lang = fraud.Kazakh
		if after := c.read(reply); !strings.HasSuffix(strings.TrimPrefix(before, "(edited in place)\n"), after) {
			t.Errorf("%s reads otherwise after a restart:\n%s\nthan before:\n%s", step.step, after, before)
		}
	}
	c := openAt(t, "ru", stepLoss)
	c.router = New(c.deps)
	c.choose(string(fraud.LossData))
	c.router = New(c.deps)
	c.say("Представились банком")
	c.router = New(c.deps)
	c.choose(choiceFile)
	if len(c.store.reports) != 1 || c.store.reports[0].report.Details.Words != "Представились банком" {
		t.Errorf("after restarts: %+v", c.store.reports)
	}
}

// What another version wrote, or what is no draft at all, breaks nothing.
func TestForeignDrafts(t *testing.T) {
	key := strings.Repeat("A", 22) + "=="
	subject := `"subjects":[{"kind":"phone","key":"` + key + `","value":"+77011234567","shown":"+7 701 123 45 67"}]`
	for name, c := range map[string]struct {
		step, draft, want string // want: the step, "" = closed
	}{
		"unknown fields":  {stepClaim, `{"id":"7Q4M2RX9","mood":[1,2],` + subject + `}`, stepScenario},
		"unknown step":    {"weather", `{"id":"7Q4M2RX9",` + subject + `}`, stepClaim},
		"unknown answers": {stepLoss, `{"id":"7Q4M2RX9",` + subject + `,"answers":{"channel":"pigeon","weather":"fine"}}`, stepWords},
		"no subjects":     {stepSummary, `{"id":"7Q4M2RX9","subjects":[{"key":"AAAA"}]}`, stepSubjects},
		"no JSON":         {stepClaim, `{"id":`, ""},
		"other JSON":      {stepClaim, `[1]`, ""},
		"no id":           {stepClaim, `{}`, ""},
		"a wrong id":      {stepClaim, `{"id":"x:y"}`, ""},
		"empty":           {stepClaim, ``, ""},
	} {
		for _, in := range []Input{{Kind: KindText, Text: "1"}, {Kind: KindButton, Button: "drop:yes"}, {Kind: KindMedia, File: fraud.File{Kind: "photo", ID: "p"}}} {
			chat := newChat(t, "ru")
			chat.store.sessions[chat.person] = fraud.Session{Flow: flowReport, Step: c.step, Draft: []byte(c.draft)}
			reply := chat.send(in)
			session := chat.store.sessions[chat.person]
			if session.Open() != (c.want != "") || in.Kind == KindText && session.Step != c.want {
				t.Errorf("%s: %+v leads to %+v, want %q", name, in, session, c.want)
			}
			if c.want == "" && !strings.Contains(chat.read(reply), "Простите") {
				t.Errorf("%s: nothing kind is said:\n%s", name, chat.read(reply))
			}
		}
	}
}

// A store that can't be read costs this answer and nothing else.
func TestReportWithoutStore(t *testing.T) {
	c := openAt(t, "ru", stepSummary)
	turn := Turn{Input: Input{Kind: KindButton, Private: true, Button: c.data(choiceFile)}, Session: c.store.sessions[c.person], Now: testNow}
	c.store.down = context.DeadlineExceeded
	if _, err := c.router.reportButton(t.Context(), turn); err == nil {
		t.Error("filing without the store succeeds")
	}
	if _, err := c.router.my(t.Context(), turn); err == nil {
		t.Error("a list without the store succeeds")
	}
}
