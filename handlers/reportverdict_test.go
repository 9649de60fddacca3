package handlers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"saqbol/fraud"
)

// A number that is known is spoken of at every step, before the step itself.
func TestAnOpenReportStillChecks(t *testing.T) {
	for _, at := range reached() {
		for name, in := range map[string]Input{
			"a number":  {Kind: KindText, Text: "8 777 000 00 01"},
			"a story":   {Kind: KindText, Text: "сейчас снова звонят с 8 777 000 00 01"},
			"a contact": {Kind: KindText, Contacts: []string{"87770000001"}},
			"a caption": {Kind: KindMedia, File: fraud.File{Kind: "photo", ID: "p"}, Text: "с номера 8 777 000 00 01"},
		} {
			c := openAt(t, "ru", at.step)
			c.store.standings[c.ref("87770000001").Key] = fraud.Standing{Reporters: 3, Confirmed: true}
			reply := c.send(in)
			text := c.read(reply)
			verdict, step := strings.Index(text, "🔴"), strings.Index(text, "[✖️ ")
			if verdict < 0 || step < verdict || !strings.Contains(text, "Подтверждено") {
				t.Errorf("%s: %s is not checked first:\n%s", at.step, name, text)
			}
			if strings.Contains(text, "rep:") || strings.Contains(text, "dis:") {
				t.Errorf("%s: %s: buttons that make no sense here:\n%s", at.step, name, text)
			}
			d := c.draft()
			if asked := len(d.Subjects) + len(d.Offered); at.step == stepSubjects && len(d.Subjects) != 1 || at.step != stepSubjects && asked != 2 {
				t.Errorf("%s: %s: %d subjects, offered %d", at.step, name, len(d.Subjects), len(d.Offered))
			}
			if !c.last.Messages[len(c.last.Messages)-1].Anchor {
				t.Errorf("%s: %s: the step is not the last message", at.step, name)
			}
		}
	}
}

// What stands in an understood answer and means no subject is not checked.
func TestAnswersAreNotChecked(t *testing.T) {
	for step, text := range map[string]string{stepScenario: "1414", stepWhen: "12.05.2026", stepAmount: "150 000", stepClaim: "1", stepChannel: "смс"} {
		c := openAt(t, "ru", step)
		if reply := c.say(text); len(reply.Messages) != 1 {
			t.Errorf("%s: %q:\n%s", step, text, c.read(reply))
		}
	}
	c := openAt(t, "ru", stepSubjects)
	if text := c.read(c.say("8 701 123 45 67")); strings.Contains(text, "⚪") {
		t.Errorf("a number nobody reported:\n%s", text)
	}
}

// The one-line form says what is known, too.
func TestOneLineReportChecks(t *testing.T) {
	c := newChat(t, "kk")
	c.store.standings[c.ref("87770000001").Key] = fraud.Standing{Reporters: 2}
	if text := c.read(c.say("/report 87770000001 алаяқ")); !strings.HasPrefix(text, "🟠") {
		t.Errorf("the verdict is not first:\n%s", text)
	}
}

// /check is answered at once; below it stands what shall become of the report.
func TestCheckOverAReport(t *testing.T) {
	c := openAt(t, "ru", stepScenario)
	id := c.draft().ID
	c.store.standings[c.ref("87770000001").Key] = fraud.Standing{Reporters: 2}
	reply := c.say("/check 8 777 000 00 01")
	if got := keys(reply); !strings.HasPrefix(got, "check.head check.reported") || !strings.HasSuffix(got, "drop.ask") || len(reply.Messages) != 2 {
		t.Fatalf("/check answers %q", got)
	}
	c.router = New(c.deps)
	if c.press("drop:no"); c.draft().ID != id || c.draft().Pending != nil || c.store.sessions[c.person].Step != stepScenario || len(c.forms()) != 1 {
		t.Errorf("go on: %+v, forms %v", c.store.sessions[c.person], c.forms())
	}
	c.say("/check 8 777 000 00 01")
	if reply := c.press("drop:yes"); c.store.sessions[c.person].Open() || keys(reply) != "cancel.done" || len(c.forms()) > 0 {
		t.Errorf("drop: %+v, answers %q", c.store.sessions[c.person], keys(reply))
	}
	c.say("/report")
	if got := keys(c.say("/check 8 777 000 00 01")); strings.Contains(got, "drop.ask") {
		t.Errorf("an empty report is asked about: %q", got)
	}
}

// Help is a button away from whoever was not understood.
func TestHintsOfferHelp(t *testing.T) {
	for _, at := range reached() {
		if at.step == stepWords {
			continue // any words are an answer there
		}
		c := openAt(t, "ru", at.step)
		c.say("помогите же")
		if text := c.read(c.last); !strings.Contains(text, "now:") {
			t.Errorf("%s:\n%s", at.step, text)
		}
		if got := keys(c.press("now:")); !strings.HasPrefix(got, "emergency.head") {
			t.Errorf("%s: 🆘 answers %q", at.step, got)
		}
	}
}

// From the first steps of help a button leads back, and the help stays in sight.
func TestBackFromEmergency(t *testing.T) {
	for _, pending := range []bool{false, true} {
		c := openAt(t, "kk", stepWhen)
		if pending {
			c.say("/my")
		}
		c.say("/emergency")
		help := c.ids[0]
		reply := c.press("drop:on")
		if reply.Messages[0].Edit != 0 || !reply.Toast.Zero() || c.store.sessions[c.person].Step != stepWhen || c.draft().Pending != nil {
			t.Errorf("pending %v: %+v", pending, reply)
		}
		if _, ok := c.board[help]; !ok || len(c.forms()) != 1 || c.forms()[0] != c.lowest() {
			t.Errorf("pending %v: the help is gone or the form is in %v", pending, c.forms())
		}
		// So does an old question's button.
		if reply := c.send(Input{Kind: KindButton, Button: "drop:no", Message: help}); reply.Messages[0].Edit != 0 || !reply.Toast.Zero() {
			t.Errorf("drop:no: %+v", reply)
		}
	}
}

// What is named at the end, or within the words, is asked about and not lost.
func TestLateNumbersAreOffered(t *testing.T) {
	for name, in := range map[string]Input{
		"a number":  {Kind: KindText, Text: "8 777 000 00 01"},
		"a contact": {Kind: KindText, Contacts: []string{"87770000001"}},
		"words":     {Kind: KindText, Text: "потом звонили с 8 777 000 00 01 ещё раз"},
		"a caption": {Kind: KindMedia, File: fraud.File{Kind: "photo", ID: "p"}, Text: "и с 8 777 000 00 01"},
	} {
		for _, step := range []string{stepWords, stepSummary} {
			c := openAt(t, "ru", step)
			c.say("первые слова")
			if step == stepWords {
				c.choose(choiceEdit + stepWords)
			}
			c.send(in)
			d := c.draft()
			if len(d.Subjects) != 1 || len(d.Offered) != 1 {
				t.Errorf("%s at %s: %d subjects, %d offered", name, step, len(d.Subjects), len(d.Offered))
			}
			if step == stepWords && (name == "words" || name == "a caption") != strings.Contains(d.Words, "8 777 000 00 01") {
				t.Errorf("%s at %s: the words are %q", name, step, d.Words)
			}
			if step == stepWords && d.Words == "" {
				t.Errorf("%s: the words are lost", name)
			}
			if c.choose(choiceAdd); len(c.draft().Subjects) != 2 {
				t.Errorf("%s at %s: ➕ adds nothing", name, step)
			}
		}
	}
}

// The number that the report is about, sent once more, is said to be in it: that is
// no answer, but nothing that can't be understood either.
func TestTheReportsOwnNumberAgain(t *testing.T) {
	for _, at := range reached() {
		if at.step == stepSubjects {
			continue
		}
		for _, text := range []string{"8 701 123 45 67", "7011234567"} {
			c := openAt(t, "ru", at.step)
			before := c.draft()
			got := keys(c.say(text))
			if !strings.Contains(got, "report.in_already") || strings.Contains(got, "hint") || strings.Contains(got, "unclear") {
				t.Errorf("%s: %q is answered %q", at.step, text, got)
			}
			if diff := cmp.Diff(before, c.draft()); diff != "" || c.store.sessions[c.person].Step != at.step {
				t.Errorf("%s: %q changes the report:\n%s", at.step, text, diff)
			}
		}
		c := openAt(t, "ru", at.step)
		if got := keys(c.say("вчера опять 87011234567")); at.step == stepWhen && c.draft().When.IsZero() {
			t.Errorf("the day beside the number is not taken: %q", got)
		}
	}
}

// A number beside an option is offered, and the option counts.
func TestNumberBesideAnOption(t *testing.T) {
	c := openAt(t, "ru", stepClaim)
	c.say("из банка, 8 777 000 00 01")
	if d := c.draft(); d.Answers[stepClaim] != "bank" || len(d.Offered) != 1 || c.store.sessions[c.person].Step != stepScenario {
		t.Errorf("%+v", d)
	}
}
