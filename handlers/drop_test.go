package handlers

import (
	"strings"
	"testing"

	"saqbol/fraud"
)

func TestANewCommandAsksFirst(t *testing.T) {
	for _, command := range []string{"/report", "/report +998 90 123 45 67", "/start"} {
		c := openAt(t, "ru", stepScenario)
		before := c.draft()
		reply := c.say(command)
		if text := c.read(reply); !strings.Contains(text, "drop:yes") || !strings.Contains(text, "drop:no") {
			t.Fatalf("%s does not ask:\n%s", command, text)
		}
		c.router = New(c.deps) // the question outlives a restart
		reply = c.press("drop:no")
		if d := c.draft(); d.ID != before.ID || d.Pending != nil || c.store.sessions[c.person].Step != stepScenario {
			t.Errorf("%s, go on: %+v", command, c.store.sessions[c.person])
		}
		if text := c.read(reply); !strings.Contains(text, "Чего от Вас хотели") {
			t.Errorf("%s, go on: the step is not shown:\n%s", command, text)
		}
		c.say(command)
		c.press("drop:yes")
		if s := c.store.sessions[c.person]; s.Open() != strings.HasPrefix(command, "/report") || s.Open() && c.draft().ID == before.ID {
			t.Errorf("%s, drop: %+v", command, s)
		}
		if len(c.last.Messages) < 2 || len(c.store.reports) > 0 {
			t.Errorf("%s was not answered:\n%s", command, c.read(c.last))
		}
	}
}

func TestThePendingReportKeepsItsSubjects(t *testing.T) {
	c := openAt(t, "kk", stepWhen)
	c.say("/report 4400 4300 0000 1237 мошенник, qoñyrau шалды")
	c.say("иә")
	d := c.draft()
	if len(d.Subjects) != 1 || d.Subjects[0].Kind != fraud.KindCard || d.Words == "" || d.Answers[stepChannel] != "call" {
		t.Errorf("after dropping: %+v", d)
	}
}

func TestAnotherNumbersButtonAsksToo(t *testing.T) {
	c := openAt(t, "ru", stepWhen)
	same, err := c.deps.Tokens.Token(c.ref("87011234567"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := c.deps.Tokens.Token(c.ref("87770000001"))
	if err != nil {
		t.Fatal(err)
	}
	if c.send(Input{Kind: KindButton, Button: "rep:" + same}); c.store.sessions[c.person].Step != stepWhen || c.draft().Pending != nil {
		t.Errorf("the same number's button: %+v", c.store.sessions[c.person])
	}
	c.send(Input{Kind: KindButton, Button: "rep:" + other})
	c.say("удалить")
	if d := c.draft(); len(d.Subjects) != 1 || !strings.HasSuffix(d.Subjects[0].Value, "7770000001") {
		t.Errorf("after dropping: %+v", d)
	}
}

// An empty report is nothing to ask about, an old answer drops nothing, and an
// answer to the step means that the person goes on.
func TestWhatIsNotAskedOrNotDropped(t *testing.T) {
	c := newChat(t, "ru")
	c.say("/report")
	c.say("/start")
	if text := c.read(c.last); strings.Contains(text, "drop:") || c.store.sessions[c.person].Open() {
		t.Errorf("an empty report is asked about:\n%s", text)
	}
	c.say("/report")
	if got := keys(c.say("/check")); got != "check.ask" || c.store.sessions[c.person].Open() {
		t.Errorf("/check over an empty report: %q", got)
	}
	if reply := c.send(Input{Kind: KindButton, Button: "drop:yes"}); reply.Toast.Key != "report.closed" {
		t.Errorf("drop:yes with nothing open: %+v", reply)
	}
	c = openAt(t, "ru", stepClaim)
	if reply := c.send(Input{Kind: KindButton, Button: "drop:yes"}); reply.Toast.Key != "common.stale" || !c.store.sessions[c.person].Open() {
		t.Errorf("drop:yes that nobody asked for: %+v", reply)
	}
	c.say("/start")
	c.say("банк")
	if d := c.draft(); d.Pending != nil || d.Answers[stepClaim] != "bank" {
		t.Errorf("an answer to the step: %+v", d)
	}
	c.say("/start")
	c.say("нет")
	if c.store.sessions[c.person].Step != stepScenario || c.draft().Pending != nil {
		t.Errorf("a typed no: %+v", c.store.sessions[c.person])
	}
	c.say("/start")
	if c.say("/cancel"); c.store.sessions[c.person].Open() {
		t.Error("/cancel does not close a report with an open question")
	}
	c.say("/report 87011234567")
	if c.say("/emergency"); !c.store.sessions[c.person].Open() {
		t.Error("/emergency closes the report")
	}
}
