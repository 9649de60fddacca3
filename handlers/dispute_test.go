package handlers

import (
	"errors"
	"strings"
	"testing"

	"saqbol/fraud"
)

func TestDisputeShowsTheCheckAnew(t *testing.T) {
	c := newChat(t, "ru")
	c.fileReport(7, lastWeek)
	owner := c.other(2002, "kk")

	check := owner.say("87011234567")
	reply := owner.press("Бұл алаяқтық емес")
	if d := reply.Change.Dispute; d == nil || !d.On || d.Subject.Key != c.ref("87011234567").Key {
		t.Fatalf("stores %+v", reply.Change.Dispute)
	}
	if reply.Toast.Key != "dispute.on" || reply.Messages[0].Edit == 0 || !strings.Contains(keys(reply), "check.disputes") {
		t.Errorf("toast %q, message %q", reply.Toast.Key, keys(reply))
	}
	if strings.Contains(keys(check), "check.disputes") {
		t.Error("the check knew of the objection beforehand")
	}
	if got := c.store.standing(c.ref("87011234567").Key).Disputes; got != 1 {
		t.Errorf("%d objections are stored", got)
	}

	twice := owner.send(Input{Kind: KindButton, Button: check.Messages[0].Buttons[2][0].Data})
	if twice.Toast.Key != "dispute.on" || !twice.Change.Empty() || owner.store.standing(c.ref("87011234567").Key).Disputes != 1 {
		t.Errorf("pressed twice: toast %q, stores %+v", twice.Toast.Key, twice.Change.Dispute)
	}
	reply = owner.press("Қарсылықты қайтарып алу")
	if reply.Toast.Key != "dispute.off" || strings.Contains(keys(reply), "check.disputes") {
		t.Errorf("toast %q, message %q", reply.Toast.Key, keys(reply))
	}
	if got := c.store.standing(c.ref("87011234567").Key).Disputes; got != 0 {
		t.Errorf("%d objections are stored after it was taken back", got)
	}
}

// Buttons that were made before they said what they do are out there for good: each
// press turns the objection over.
func TestDisputeButtonsOfOld(t *testing.T) {
	c := newChat(t, "ru")
	c.fileReport(7, lastWeek)
	token, err := c.deps.Tokens.Token(c.ref("87011234567"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"dispute.on", "dispute.off", "dispute.on"} {
		reply := c.send(Input{Kind: KindButton, Button: "dis:" + token})
		if d := reply.Change.Dispute; reply.Toast.Key != want || d == nil || d.On != (want == "dispute.on") {
			t.Errorf("toast %q, stores %+v, want %q", reply.Toast.Key, d, want)
		}
	}
	for _, want := range []int{0, 0} { // to take back twice changes nothing either
		if reply := c.send(Input{Kind: KindButton, Button: "dis:" + disputeOff + token}); reply.Toast.Key != "dispute.off" {
			t.Errorf("taken back: toast %q", reply.Toast.Key)
		}
		if got := c.store.standing(c.ref("87011234567").Key).Disputes; got != want {
			t.Errorf("taken back: %d objections", got)
		}
	}
}

func TestDisputeOfTheSamePersonCountsOnce(t *testing.T) {
	c := newChat(t, "ru")
	c.fileReport(7, lastWeek)
	c.say("87011234567")
	first := *c.update + 1
	button := c.last.Messages[0].Buttons[2][0].Data
	c.send(Input{Kind: KindButton, Button: button})
	*c.update = first - 1 // the same update comes again
	reply, err := c.router.Handle(t.Context(), Input{Kind: KindButton, Button: button, Update: first, Person: c.person, Chat: c.person, Private: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.store.Apply(reply.Change); !errors.Is(err, fraud.ErrSeen) {
		t.Errorf("the second delivery: %v", err)
	}
	if got := c.store.standing(c.ref("87011234567").Key).Disputes; got != 1 {
		t.Errorf("%d objections", got)
	}
}

func TestDisputeOfWhatIsNotReportedIsNotKept(t *testing.T) {
	c := newChat(t, "ru")
	token, err := c.deps.Tokens.Token(c.ref("87011234567"))
	if err != nil {
		t.Fatal(err)
	}
	reply := c.send(Input{Kind: KindButton, Button: "dis:" + token})
	if reply.Toast.Key != "dispute.needless" || !reply.Change.Empty() {
		t.Errorf("toast %q, stores %+v", reply.Toast.Key, reply.Change)
	}
}

func TestDisputeOfACardShowsFourDigits(t *testing.T) {
	c := newChat(t, "ru")
	c.fileReport(7, lastWeek)
	c.say("4400 4300 0000 1237")
	if text := c.read(c.press("dis:")); !strings.Contains(text, "•••• 1237") || strings.Contains(text, "4400") {
		t.Errorf("shows:\n%s", text)
	}
}

func TestDisputeWithAForeignToken(t *testing.T) {
	for _, data := range []string{"dis:", "dis:x", "dis:AAAA", "dis:+", "dis:+x", "dis:~AAAA", "dis:+~"} {
		if reply := newChat(t, "ru").send(Input{Kind: KindButton, Button: data}); reply.Toast.Key != "common.stale" || !reply.Change.Empty() {
			t.Errorf("%s: %+v", data, reply)
		}
	}
}
