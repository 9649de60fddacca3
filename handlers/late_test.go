package handlers

import (
	"reflect"
	"testing"
	"time"

	"saqbol/fraud"
)

// TestLate: what comes again after a crash is answered, and touches nothing of the
// conversation that was begun meanwhile.
func TestLate(t *testing.T) {
	const number = "+7 701 123 45 67"
	text := Input{Kind: KindText, Text: number}
	for name, tt := range map[string]struct {
		in      Input
		update  int64         // the report was begun by update 10
		age     time.Duration // of the report's last step
		group   bool
		touches bool
	}{
		"a check that comes again":                {in: text, update: 9},
		"/my that comes again":                    {in: Input{Kind: KindCommand, Command: "my"}, update: 9},
		"the answer to the open question":         {in: text, update: 11, touches: true},
		"an update without a number":              {in: text, touches: true},
		"a report that is begun, and comes late":  {in: Input{Kind: KindCommand, Command: "report", Text: number}, update: 9, touches: true},
		"Telegram counts anew after a quiet week": {in: text, update: 9, age: 8 * 24 * time.Hour, touches: true},
		"a check in a group at the same time":     {in: Input{Kind: KindCommand, Command: "check", Text: number}, update: 9, group: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newChat(t, "ru")
			*c.update = 9
			c.say("/report")
			began := c.store.sessions[c.person]
			if began.Update != 10 || began.At != testNow {
				t.Fatalf("the report was begun by update %d at %s", began.Update, began.At)
			}
			began.At = began.At.Add(-tt.age)
			c.store.sessions[c.person] = began
			in := tt.in
			in.Update, in.Person, in.Chat, in.Private, in.Message, in.Language = tt.update, c.person, c.person, true, 500, "ru"
			if tt.group {
				in.Chat, in.Private = -1, false
			}
			reply, err := c.router.Handle(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if len(reply.Messages) == 0 {
				t.Error("there is no answer")
			}
			if touches := reply.Change.Session != nil; touches != tt.touches {
				t.Errorf("the conversation changes: %v, want %v", touches, tt.touches)
			}
			if !tt.touches && !reply.Change.Empty() {
				t.Errorf("the change is %+v", reply.Change)
			}
		})
	}
}

// TestLateLeavesTheStepsOrder: a late answer does not make the conversation look
// older than it is.
func TestLateLeavesTheStepsOrder(t *testing.T) {
	c := newChat(t, "ru")
	*c.update = 20
	c.say("/report")
	in := Input{Kind: KindCommand, Command: "report", Text: "+7 701 123 45 67", Update: 5, Person: c.person, Chat: c.person, Private: true, Message: 500, Language: "ru"}
	reply, err := c.router.Handle(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if s := reply.Change.Session; s == nil || s.Update != 21 || reflect.DeepEqual(*s, fraud.Session{}) {
		t.Errorf("the conversation stands at %+v", s)
	}
}
