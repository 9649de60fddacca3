package handlers

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"saqbol/fraud"
	"saqbol/locales"
)

// limited is a chat in which limits hold, with what counts and the clock at hand.
type limited struct {
	*script
	usage *fakeUsage
	clock *setClock
}

func newLimited(t *testing.T, lang string) *limited {
	t.Helper()
	l := &limited{script: &script{chat: newChat(t, lang)}, usage: newFakeUsage(), clock: newSetClock()}
	l.deps.Clock = l.clock.now
	l.deps.Quota = newTestQuota(l.usage, l.clock)
	l.router = New(l.deps)
	return l
}

// uses lets the person have used something up already.
func (l *limited) uses(u fraud.Usage) {
	l.usage.used[l.person], l.usage.day[l.person] = u, l.deps.Quota.today()
}

// erases counts that the person has erased themselves, as the commit does.
func (l *limited) erases() {
	used := l.usage.used[l.person]
	used.Erasures++
	l.uses(used)
}

// erasesAndReports has the person erase themselves, look at their reports and begin one.
func (l *limited) erasesAndReports() {
	l.says("/settings")
	l.presses("set:erase")
	l.presses("set:erased")
	l.erases()
	l.says("/my")
	l.says("/report 87011234567")
}

// fills takes what an hour allows.
func (l *limited) fills() { l.deps.Quota.check(l.t.Context(), l.person, 40) }

func TestQuotaGolden(t *testing.T) {
	for name, play := range map[string]func(*limited){
		"quota_check_hour": func(l *limited) {
			l.fills()
			l.says("8 701 123 45 67")
			l.says("отдала деньги, звонили с 87011234567")
			l.says("4400 4300 0000 1237")
			l.sends("in a group", Input{Kind: KindCommand, Command: "check", Text: "87011234567", Chat: -100, Message: 7})
		},
		"quota_check_day": func(l *limited) {
			l.uses(fraud.Usage{Checks: 100})
			l.says("8 701 123 45 67")
		},
		"quota_check_busy": func(l *limited) {
			l.usage.used[0], l.usage.day[0] = fraud.Usage{Checks: 1000}, l.deps.Quota.today()
			l.uses(fraud.Usage{Checks: 25})
			l.says("8 701 123 45 67")
		},
		"quota_dispute": func(l *limited) {
			l.stands("87011234567", fraud.Standing{Reporters: 2, Last: lastWeek})
			l.says("8 701 123 45 67")
			l.fills()
			l.presses("dis:")
		},
		"quota_report_day": func(l *limited) {
			l.uses(fraud.Usage{Reports: 10})
			l.says("/report")
			l.says("/report 87011234567 звонили из банка")
			l.says("87011234567")
			l.presses("rep:")
			l.fileReport(l.person, testNow)
			l.says("/my")
		},
		"quota_erase_once": func(l *limited) {
			l.store.people[l.person] = fraud.Person{ID: l.person, Known: true}
			l.erasesAndReports()
		},
		"quota_erase_later": func(l *limited) {
			l.fileReport(l.person, testNow)
			l.uses(fraud.Usage{Reports: 1})
			l.erasesAndReports()
		},
		"quota_report_busy": func(l *limited) {
			l.usage.used[0], l.usage.day[0] = fraud.Usage{Reports: 50}, l.deps.Quota.today()
			l.uses(fraud.Usage{Reports: 3})
			l.says("/report")
		},
		"quota_report_kept": func(l *limited) {
			l.says("/report 87011234567")
			for range 7 {
				l.pressChoice(choiceSkip)
			}
			l.uses(fraud.Usage{Reports: 10})
			l.out.WriteString("> [✅]\n" + l.read(l.pressChoice(choiceFile)) + "\n")
			l.says("/report +7 777 123 45 67")
		},
		"quota_report_unchecked": func(l *limited) {
			l.stands("87011234567", fraud.Standing{Reporters: 2, Last: lastWeek})
			l.fills()
			l.says("/report 87011234567")
			l.says("87011234567")
		},
	} {
		for _, lang := range []string{"kk", "ru"} {
			t.Run(lang+"/"+name, func(t *testing.T) {
				l := newLimited(t, lang)
				play(l)
				golden(t, filepath.Join("testdata", "golden", lang, name+".txt"), l.out.String())
			})
		}
	}
}

// pressChoice presses a button of the open report by its choice.
func (c *chat) pressChoice(choice string) Reply {
	c.t.Helper()
	for i, m := range c.last.Messages {
		for _, row := range m.Buttons {
			for _, b := range row {
				if strings.HasPrefix(b.Data, "r:") && strings.HasSuffix(b.Data, ":"+choice) {
					return c.send(Input{Kind: KindButton, Button: b.Data, Message: c.ids[i]})
				}
			}
		}
	}
	c.t.Fatalf("no choice %q under:\n%s", choice, c.read(c.last))
	return Reply{}
}

// Beyond the limit nothing is looked up, and the answer is the same for what is
// reported, what is not, what is confirmed, official or can't be.
func TestQuotaSaysNothingOfTheSubject(t *testing.T) {
	l := newLimited(t, "ru")
	l.stands("87011234567", fraud.Standing{Reporters: 22, Top: fraud.ScenarioCode, Last: lastWeek})
	l.stands("87771234567", fraud.Standing{Reporters: 2, Confirmed: true, Last: lastWeek})
	l.fills()
	var first Reply
	for i, text := range []string{"87011234567", "87021234567", "87771234567", "102", "+77031234567", "KZ84722C000012345678", "87021234567, 87011234567", "/check 87011234567"} {
		l.deps.Quota.people[l.person].told = bucket{} // say it each time
		asked := l.store.asked
		reply := l.say(text)
		if i == 0 {
			first = reply
		}
		reply.Change.Update = first.Change.Update
		if diff := cmp.Diff(l.read(first), l.read(reply)); diff != "" {
			t.Errorf("%s is answered in another way:\n%s", text, diff)
		}
		if l.store.asked != asked {
			t.Errorf("%s: the store was asked %d times", text, l.store.asked-asked)
		}
		if reply.Limited != fraud.ExcessHour || !reply.Change.Empty() || reply.Verdicts != (fraud.Verdicts{}) {
			t.Errorf("%s: %+v", text, reply)
		}
	}
}

// The button "not a scam" is no way around the limit, but an objection can always
// be taken back.
func TestQuotaOfDisputes(t *testing.T) {
	l := newLimited(t, "ru")
	l.stands("87011234567", fraud.Standing{Reporters: 2, Last: lastWeek})
	l.say("87011234567")
	button := l.last.Messages[0].Buttons[2][0].Data
	l.fills()
	asked := l.store.asked
	reply := l.send(Input{Kind: KindButton, Button: button, Message: 5})
	if reply.Toast.Key != "quota.dispute" || len(reply.Messages) > 0 || !reply.Change.Empty() || l.store.asked != asked {
		t.Errorf("objecting beyond the limit: %+v", reply)
	}
	l.store.dispute(l.person, fraud.Dispute{Subject: l.ref("87011234567"), On: true})
	reply = l.send(Input{Kind: KindButton, Button: button, Message: 5})
	if reply.Toast.Key != "dispute.on" || !reply.Change.Empty() {
		t.Errorf("objecting again beyond the limit: %+v", reply)
	}
	reply = l.send(Input{Kind: KindButton, Button: strings.Replace(button, disputeOn, disputeOff, 1), Message: 5})
	if d := reply.Change.Dispute; d == nil || d.On || len(reply.Messages) > 0 || l.store.asked != asked {
		t.Errorf("taking it back: %+v", reply)
	}
}

// Help, one's own data and every way out are there whatever was used up.
func TestQuotaNeverLimitsHelp(t *testing.T) {
	for _, lang := range []string{"kk", "ru"} {
		free, l := newChat(t, lang), newLimited(t, lang)
		free.fileReport(free.person, lastWeek)
		l.fileReport(l.person, lastWeek)
		l.fills()
		l.uses(fraud.Usage{Checks: 1e6, Reports: 1e6})
		l.usage.used[0], l.usage.day[0] = fraud.Usage{Checks: 1e9, Reports: 1e9}, l.deps.Quota.today()
		both := func(what string, do func(*chat) Reply) {
			t.Helper()
			got := do(l.chat)
			if diff := cmp.Diff(free.read(do(free)), l.read(unlimited(got))); diff != "" {
				t.Errorf("%s: %s differs beyond the limit:\n%s", lang, what, diff)
			}
			if got.Limited != "" {
				t.Errorf("%s: %s is limited", lang, what)
			}
		}
		for _, command := range []string{"/start", "/emergency", "/tips", "/help", "/privacy", "/stats", "/language", "/cancel", "/my", "/check", "/settings"} {
			both(command, func(c *chat) Reply { return c.say(command) })
		}
		both("the first steps", func(c *chat) Reply { return c.send(Input{Kind: KindButton, Button: "now:", Message: 5}) })
		both("words without a number", func(c *chat) Reply { return c.say("отдала код, помогите") })
		both("withdrawing", func(c *chat) Reply { c.say("/my"); c.press("my:w:"); return c.press("my:y:") })
		both("erasing", func(c *chat) Reply { c.say("/settings"); c.press("set:erase"); return c.press("set:erased") })
		if l.last.Change.QuotaDay == 0 {
			t.Error("an erasure does not count: it would be a way around the limit")
		}
	}
}

// unlimited takes out of an answer when the next report can be filed, which /my and
// an erasure say.
func unlimited(r Reply) Reply {
	r.Messages = slices.Clone(r.Messages)
	for i := range r.Messages {
		m := &r.Messages[i]
		m.Text = slices.DeleteFunc(slices.Clone(m.Text), func(line locales.Msg) bool {
			return strings.HasPrefix(line.Key, "settings.erased_report.")
		})
		for k, line := range m.Text {
			if line.Key == "my.foot_now" {
				m.Text[k] = locales.M("my.foot")
			}
		}
	}
	return r
}

// A report that stands before the limit when it is filed is kept whole, and is filed
// when the day is over.
func TestQuotaKeepsTheDraft(t *testing.T) {
	l := newLimited(t, "ru")
	l.say("/report 87011234567")
	for l.store.sessions[l.person].Step != stepWords {
		l.pressChoice(choiceSkip)
	}
	l.say("Сказали, что из банка, торопили")
	l.uses(fraud.Usage{Reports: 10})
	reply := l.pressChoice(choiceFile)
	if reply.Change.File != nil || reply.Limited != fraud.ExcessDay || !strings.Contains(l.read(reply), "торопили") {
		t.Fatalf("filed beyond the limit, or not said: %s", l.read(reply))
	}
	for _, text := range []string{"/report 87771234567", "/report"} {
		if reply := l.say(text); reply.Limited != fraud.ExcessDay || !l.store.sessions[l.person].Open() {
			t.Errorf("%s: %s", text, l.read(reply))
		}
	}
	l.press("drop:on")
	l.clock.pass(10 * time.Hour) // midnight
	reply = l.pressChoice(choiceFile)
	if f := reply.Change.File; f == nil || f.Details.Words != "Сказали, что из банка, торопили" || reply.Change.QuotaDay == 0 {
		t.Errorf("the day after: %s", l.read(reply))
	}
}

// A draft that somebody wants to drop for a new report stays, where there can be none.
func TestQuotaDropsNoDraftForNothing(t *testing.T) {
	l := newLimited(t, "ru")
	l.say("/report 87011234567")
	l.say("/report 87771234567")
	l.uses(fraud.Usage{Reports: 10})
	if reply := l.press("drop:yes"); reply.Limited != fraud.ExcessDay || !l.store.sessions[l.person].Open() || !strings.Contains(l.read(reply), "сохранено") {
		t.Errorf("dropped: %s", l.read(reply))
	}
}

// A check that fails costs nobody a question.
func TestQuotaOfAFailedCheck(t *testing.T) {
	l := newLimited(t, "ru")
	l.store.down = errTooLong
	turn := Turn{Input: Input{Person: l.person, Private: true}, Lang: fraud.Russian}
	for range 100 {
		if reply, err := l.router.answer(t.Context(), turn, l.deps.Recognise.Find("87011234567")); err == nil {
			t.Fatalf("answered while the store is down: %+v", reply)
		}
	}
	if used := l.deps.Quota.Used(t.Context(), l.person); used.Checks != 0 {
		t.Errorf("%d checks count", used.Checks)
	}
}

// The export holds what is counted.
func TestQuotaIsExported(t *testing.T) {
	l := newLimited(t, "ru")
	l.fileReport(l.person, lastWeek)
	l.uses(fraud.Usage{Reports: 2})
	l.say("87011234567, 87771234567")
	l.say("/settings")
	data := string(l.press("set:export").Messages[0].Document.Data)
	if !strings.Contains(data, "\"counted_today\": {\n    \"checked\": 2,\n    \"reported\": 2\n  }") {
		t.Errorf("the export is\n%s", data)
	}
}

// Whoever floods the bot is met with silence after a while, but not when they cry
// for help.
func TestQuotaHearsACry(t *testing.T) {
	l := newLimited(t, "ru")
	l.fills()
	for range tellBurst {
		if r := l.say("8 701 123 45 67"); len(r.Messages) == 0 {
			t.Fatal("the limit is not said")
		}
	}
	if r := l.say("8 701 123 45 67"); len(r.Messages) != 0 {
		t.Fatalf("the limit is said once more: %s", l.read(r))
	}
	if r := l.say("8 701 123 45 67 обманули меня, отдала код"); len(r.Messages) == 0 || r.Limited == "" {
		t.Error("a cry for help meets silence")
	}
}
