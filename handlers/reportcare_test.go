package handlers

import (
	"strings"
	"testing"

	"saqbol/fraud"
)

// Where a step asks for no words, a cry for help gets first help; the report waits.
func TestCryInsideAReport(t *testing.T) {
	cries := map[string][]string{
		"ru": {"деньги ушли, помогите", "у меня списали деньги с карты", "помогите", "отправила код"},
		"kk": {"картамнан ақша кетіп қалды", "көмектесіңіздерші", "кодты айтып қойдым"},
	}
	for lang, texts := range cries {
		for _, step := range []string{stepSubjects, stepChannel, stepClaim, stepScenario, stepVoice, stepWhen, stepAmount, stepSummary} {
			for _, text := range texts {
				if step == stepScenario && text == "кодты айтып қойдым" {
					continue // that is one of its answers
				}
				c := openAt(t, lang, step)
				before := c.store.sessions[c.person]
				reply := c.say(text)
				if got := keys(reply); !strings.HasPrefix(got, "check.care ") || !strings.HasSuffix(got, "common.draft_kept") {
					t.Errorf("at %s %q answers %q", step, text, got)
					continue
				}
				if after := c.store.sessions[c.person]; after.Step != before.Step || after.Anchor != before.Anchor || after.Flow != flowReport {
					t.Errorf("at %s %q: the report stands at %+v, stood at %+v", step, text, after, before)
				}
				c.press("now:")
				if got := keys(c.press("drop:on")); step != stepSummary && !strings.Contains(got, "report.ask."+step) {
					t.Errorf("at %s the way back from %q leads to %q", step, text, got)
				}
			}
		}
	}
}

// A story told at the first step is kept, though care comes first.
func TestCryAtTheFirstStepIsKept(t *testing.T) {
	c := openAt(t, "ru", stepSubjects)
	c.say("у меня списали деньги с карты")
	if got := c.draft().Words; got != "у меня списали деньги с карты" {
		t.Errorf("kept %q", got)
	}
}

// What is asked for in words is answered in words.
func TestCryIsTheAnswer(t *testing.T) {
	c := openAt(t, "ru", stepWords)
	c.say("деньги ушли, помогите")
	if d := c.draft(); d.Words != "деньги ушли, помогите" || c.store.sessions[c.person].Step != stepSummary {
		t.Errorf("the words are %q at %q", d.Words, c.store.sessions[c.person].Step)
	}
	for _, tt := range []struct {
		text, step string
		loss       fraud.Loss
		amount     int64
	}{
		{"у меня списали деньги с карты", stepAmount, fraud.LossMoney, 0},
		{"картамнан ақша кетіп қалды", stepAmount, fraud.LossMoney, 0},
		{"я перевела 200 тысяч", stepWords, fraud.LossMoney, 200_000},
		{"отправила код", stepWords, fraud.LossData, 0},
		{"сказала код 482193", stepWords, fraud.LossData, 0},
		{"деньги не ушли", stepLoss, "", 0},
	} {
		c := newChat(t, "ru")
		c.say("/report 87011234567")
		c.tell("skip", "skip", "skip", "skip", "skip")
		reply := c.say(tt.text)
		d := c.draft()
		if got := c.store.sessions[c.person].Step; got != tt.step || d.details().Loss != tt.loss || d.details().Amount != tt.amount {
			t.Errorf("%q leads to %q with %+v", tt.text, got, d.details())
		}
		if got := strings.Contains(keys(reply), "report.urgent "); got != (tt.loss != "") {
			t.Errorf("%q is answered with %q", tt.text, keys(reply))
		}
	}
}

// An answer that tells of a loss beside what was asked is both.
func TestAnswerThatCries(t *testing.T) {
	c := openAt(t, "ru", stepChannel)
	reply := c.say("написали в ватсап, и я перевела деньги")
	if c.draft().Answers[stepChannel] != string(fraud.ChannelWhatsApp) || !strings.HasPrefix(keys(reply), "report.urgent ") {
		t.Errorf("answers %q, draft %+v", keys(reply), c.draft())
	}
	for _, text := range []string{"/report 87011234567 перевела деньги, помогите", "87011234567 деньги ушли"} {
		c := openAt(t, "ru", stepSubjects)
		if strings.HasPrefix(text, "/") {
			c = newChat(t, "ru")
		}
		if reply := c.say(text); !strings.HasPrefix(keys(reply), "report.urgent ") || len(c.draft().Subjects) != 1 {
			t.Errorf("%q answers %q", text, keys(reply))
		}
	}
}

// Whoever answers that money or data are gone reads at once what can't wait.
func TestLossIsUrgent(t *testing.T) {
	for _, lang := range []string{"kk", "ru"} {
		for loss, want := range map[fraud.Loss]bool{fraud.LossMoney: true, fraud.LossData: true, fraud.LossNothing: false} {
			c := newChat(t, lang)
			c.say("/report 87011234567")
			c.tell("skip", "skip", "skip", "skip", "skip")
			reply := c.choose(string(loss))
			text := c.read(reply)
			if got := strings.HasPrefix(keys(reply), "report.urgent ") && strings.Contains(text, "102") && strings.Contains(text, "| now:]"); got != want {
				t.Errorf("%s: %s is answered with\n%s", lang, loss, text)
			}
			if strings.Count(text, "| now:]") > 1 {
				t.Errorf("%s: 🆘 twice:\n%s", lang, text)
			}
		}
	}
}

// An account with a sign too few is mistyped, not a story.
func TestUnfinishedAccountInAReport(t *testing.T) {
	c := openAt(t, "ru", stepSubjects)
	if got := keys(c.say("KZ86 125K ZT50 0410 010")); !strings.HasPrefix(got, "report.badiban ") || c.draft().Words != "" {
		t.Errorf("answers %q and keeps %q", got, c.draft().Words)
	}
}
