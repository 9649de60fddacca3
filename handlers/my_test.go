package handlers

import (
	"fmt"
	"strings"
	"testing"

	"saqbol/fraud"
)

func (c *chat) fileMany(n int) {
	c.t.Helper()
	for i := range n {
		c.say(fmt.Sprintf("/report 8701000%04d", i))
		c.tell("call", "skip", "relative", "skip", "skip", "skip", "skip", "file")
	}
}

func TestMyPages(t *testing.T) {
	for n, pages := range map[int]int{0: 1, 1: 1, 5: 1, 6: 2, 11: 3} {
		c := newChat(t, "ru")
		c.fileMany(n)
		c.say("/my")
		seen := map[string]bool{}
		for page := range pages {
			text := c.read(c.last)
			codes := strings.Count(text, "<code>SB-")
			if want := min(myPage, n-page*myPage); codes != max(0, want) {
				t.Errorf("%d reports, page %d shows %d, want %d", n, page, codes, want)
			}
			for _, report := range c.store.reports {
				if strings.Contains(text, "<code>"+report.report.Code) {
					seen[report.report.Code] = true
				}
			}
			if older := strings.Contains(text, fmt.Sprintf("my:p:%d", page+1)); older != (page < pages-1) {
				t.Errorf("%d reports, page %d: a way on: %v", n, page, older)
			}
			if page < pages-1 {
				c.press(fmt.Sprintf("my:p:%d", page+1))
			}
		}
		if len(seen) != n {
			t.Errorf("of %d reports %d are shown", n, len(seen))
		}
	}
}

func TestWithdrawing(t *testing.T) {
	c := newChat(t, "ru")
	c.fileMany(1)
	key := c.one().Subjects[0].Key
	c.say("/my")
	c.press("my:w:")
	if c.press("my:p:0"); c.one().Status != fraud.StatusReceived {
		t.Error("the report is withdrawn without a yes")
	}
	ask := c.press("my:w:")
	yes := Input{Kind: KindButton, Button: ask.Messages[0].Buttons[0][0].Data}
	reply := c.send(yes)
	if c.one().Status != fraud.StatusWithdrawn || !strings.Contains(c.read(reply), "отозвано") || c.store.standing(key).Reporters != 0 {
		t.Errorf("after the yes: %+v\n%s", c.one(), c.read(reply))
	}
	if reply := c.send(yes); reply.Toast.Key != "my.withdrawn_already" || !reply.Change.Empty() {
		t.Errorf("a second yes: %+v", reply)
	}
	c.say("/my")
	if text := c.read(c.last); !strings.Contains(text, "отозвано") || strings.Contains(text, "my:w:") {
		t.Errorf("a withdrawn report in the list:\n%s", text)
	}
}

func TestMyButtonsOfOthersAndOfNobody(t *testing.T) {
	c := newChat(t, "ru")
	c.fileMany(1)
	o := c.other(1002, "kk")
	for _, data := range []string{"my:w:" + c.one().Code + ":0", "my:y:" + c.one().Code + ":0", "my:", "my:y", "my:x:SB-0000-0000:0", "my:p:99", "my:p:-1", "my:p:x", "my:y:::"} {
		reply := o.send(Input{Kind: KindButton, Button: data})
		if strings.Contains(o.read(reply), c.one().Code) || !reply.Change.Empty() {
			t.Errorf("%s: %s", data, o.read(reply))
		}
	}
	if c.one().Status != fraud.StatusReceived {
		t.Error("a stranger withdrew the report")
	}
	for _, data := range []string{"my:p:99", "my:p:-1", "my:p:x"} {
		if reply := c.send(Input{Kind: KindButton, Button: data}); !strings.Contains(c.read(reply), c.one().Code) {
			t.Errorf("%s does not show the nearest page", data)
		}
	}
}
