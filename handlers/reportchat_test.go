package handlers

import (
	"slices"
	"strings"
	"testing"

	"saqbol/fraud"
)

// forms are the messages in sight that show a report, its questions or the
// question whether to drop it, from above to below.
func (c *chat) forms() []int64 {
	var out []int64
	for id, m := range c.board {
		if slices.ContainsFunc(slices.Concat(m.Buttons...), func(b Button) bool {
			return strings.HasPrefix(b.Data, "r:") || b.Data == "drop:yes"
		}) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// lowest is the id of the chat's last message.
func (c *chat) lowest() int64 {
	var last int64
	for id := range c.board {
		last = max(last, id)
	}
	return last
}

// sent are the inputs that are no button, each of which must be answered below.
func sent() map[string]Input {
	return map[string]Input{
		"nonsense":  {Kind: KindText, Text: "ә?"},
		"a number":  {Kind: KindText, Text: "+998 90 123 45 67"},
		"a contact": {Kind: KindText, Contacts: []string{"87770000001"}},
		"an option": {Kind: KindText, Text: "1"},
		"nothing":   {Kind: KindText, Text: " "},
		"a photo":   {Kind: KindMedia, File: fraud.File{Kind: "photo", ID: "p"}},
		"a caption": {Kind: KindMedia, File: fraud.File{Kind: "photo", ID: "p"}, Text: "это чек"},
		"back":      {Kind: KindText, Text: "назад"},
		"no more":   {Kind: KindText, Text: "отмена"},
		"a command": {Kind: KindCommand, Command: "start"},
		"a check":   {Kind: KindCommand, Command: "check", Text: "87770000001"},
	}
}

// Telegram tells nobody of an edit: whatever a person types or sends is answered
// by a new message below it, and the form is never in two places.
func TestWhatIsTypedIsAnsweredBelow(t *testing.T) {
	for _, at := range reached() {
		for name, in := range sent() {
			c := openAt(t, "ru", at.step)
			for range 2 { // the same again is answered again
				old := c.store.sessions[c.person].Anchor
				if !c.store.sessions[c.person].Open() {
					break
				}
				reply := c.send(in)
				if len(reply.Messages) == 0 || reply.Messages[len(reply.Messages)-1].Edit != 0 {
					t.Errorf("%s: %s is answered out of sight:\n%s", at.step, name, c.read(reply))
				}
				if reply.Delete != old {
					t.Errorf("%s: %s deletes %d, the step was %d", at.step, name, reply.Delete, old)
				}
				if forms := c.forms(); c.store.sessions[c.person].Open() && !slices.Equal(forms, []int64{c.lowest()}) {
					t.Errorf("%s: after %s the form is in %v, the last message is %d", at.step, name, forms, c.lowest())
				}
			}
		}
	}
	c := openAt(t, "ru", stepSummary)
	old := c.store.sessions[c.person].Anchor
	if reply := c.say("да"); reply.Messages[0].Edit != 0 || reply.Delete != old || len(c.forms()) > 0 {
		t.Errorf("the answer to a filed report: %+v, forms %v", reply, c.forms())
	}
}

// A button's own message is edited; a form that stood elsewhere goes.
func TestButtonsEditTheirMessage(t *testing.T) {
	c := openAt(t, "ru", stepChannel)
	at := c.store.sessions[c.person].Anchor
	button := c.data(string(fraud.ChannelCall))
	if reply := c.send(Input{Kind: KindButton, Button: button, Message: at}); reply.Messages[0].Edit != at || reply.Delete != 0 {
		t.Errorf("a button of the form: %+v", reply)
	}
	reply := c.send(Input{Kind: KindButton, Button: button, Message: at - 50})
	if reply.Messages[0].Edit != at-50 || reply.Delete != at || c.store.sessions[c.person].Anchor != at-50 {
		t.Errorf("a button elsewhere: %+v", reply)
	}
}

// The later files of an album are neither answered nor do they take the step away.
func TestAlbumsLeaveTheStep(t *testing.T) {
	photo := Input{Kind: KindMedia, File: fraud.File{Kind: "photo", ID: "p"}, Album: "9"}
	for _, step := range []string{stepClaim, stepWords, stepSummary} {
		c := openAt(t, "ru", step)
		c.send(photo)
		at := c.store.sessions[c.person].Anchor
		for range 2 {
			reply := c.send(photo)
			if reply.Delete != 0 || c.store.sessions[c.person].Anchor != at || !slices.Equal(c.forms(), []int64{at}) {
				t.Errorf("%s: a later file: %+v, forms %v", step, reply, c.forms())
			}
			if len(reply.Messages) > 0 && (step != stepSummary || reply.Messages[0].Edit != at) {
				t.Errorf("%s: a later file is spoken of:\n%s", step, c.read(reply))
			}
		}
		if len(c.draft().Files) != 3 {
			t.Errorf("%s: %d files are kept", step, len(c.draft().Files))
		}
	}
}

// An answer given while a step's message is not there yet leaves nothing behind
// that would have to be deleted.
func TestUnknownAnchor(t *testing.T) {
	c := openAt(t, "ru", stepClaim)
	session := c.store.sessions[c.person]
	session.Anchor = 0
	c.store.sessions[c.person] = session
	if reply := c.say("банк"); reply.Delete != 0 || reply.Messages[0].Edit != 0 {
		t.Errorf("%+v", reply)
	}
}

// A changed message is answered, and the draft stays as it is.
func TestEditsAreNotSeen(t *testing.T) {
	c := openAt(t, "kk", stepClaim)
	before := c.store.sessions[c.person]
	for _, in := range []Input{
		{Kind: KindEdited, Text: "банк"},
		{Kind: KindEdited, Text: "чек", File: fraud.File{Kind: "photo", ID: "p"}, Album: "9"},
	} {
		reply := c.send(in)
		if keys(reply) != "report.edited" || !reply.Change.Empty() || string(c.store.sessions[c.person].Draft) != string(before.Draft) {
			t.Errorf("%+v: %+v", in, reply)
		}
	}
	c.store.standings[c.ref("87770000001").Key] = fraud.Standing{Reporters: 2}
	if got := keys(c.send(Input{Kind: KindEdited, Text: "87770000001"})); !strings.HasPrefix(got, "check.head check.reported") || !strings.HasSuffix(got, "report.edited") {
		t.Errorf("a number in a changed message: %q", got)
	}
}

// A report that was filed is named by its buttons, whichever is pressed.
func TestOldButtonsNameTheCode(t *testing.T) {
	c := openAt(t, "ru", stepSummary)
	old := []string{c.data(choiceBack), c.data(choiceCancel), c.data(choiceEdit + stepWords), c.data(choiceFile)}
	c.choose(choiceFile)
	code := c.one().Code
	for _, open := range []bool{false, true} {
		for _, data := range old {
			reply := c.send(Input{Kind: KindButton, Button: data})
			if toast := c.deps.Catalogue.Plain(fraud.Russian, reply.Toast); !strings.Contains(toast, code) {
				t.Errorf("%s, another report open: %v: %q", data, open, toast)
			}
		}
		c.say("/report 87770000001")
	}
}
