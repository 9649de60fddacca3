package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"saqbol/emulator"
	"saqbol/locales"
)

// patience is how long a person waits for an answer, restarts of the program
// included. A conversation that stands still for so long does not go on.
const patience = 60 * time.Second

// citizen is a simulated person. They do one thing after another, and wait for
// its answer; that the program dies meanwhile they don't know.
type citizen struct {
	*emulator.Person
	dice      *rand.Rand
	ledger    *ledger
	pool      *numbers
	catalogue *locales.Catalogue
	told      func()          // called after each thing done, before its answer is there
	named     map[string]bool // numbers already reported or checked
	drafts    map[string]bool // of reports begun
	diary     []string        // what was done lately
	done      int             // things done
}

// act does something and waits until the chat shows what is expected.
func (c *citizen) act(ctx context.Context, what string, do func() error, done func([]emulator.Message) bool) ([]emulator.Message, error) {
	if err := do(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	c.diary = append(c.diary[max(0, len(c.diary)-8):], what)
	c.told()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	messages, err := c.Wait(ctx, done)
	if err != nil {
		return messages, fmt.Errorf("%s, and nothing came of it: %w\n  lately: %s\n%s", what, err, strings.Join(c.diary, "; "), shown(messages))
	}
	return messages, nil
}

// says sends a text.
func (c *citizen) says(text string) func() error {
	return func() error { c.Send(text); return nil }
}

// presses presses a button as it was seen. The message may have changed since,
// as it does when an app is slow.
func (c *citizen) presses(message int64, data string) func() error {
	return func() error {
		if err := c.Press(message, data); err == nil {
			return nil
		}
		return c.PressStale(message, data)
	}
}

// newest finds the latest message of the bot with a button that begins with start.
func newest(messages []emulator.Message, start string) (emulator.Message, emulator.Button, bool) {
	for i := len(messages) - 1; i >= 0; i-- {
		if b, ok := buttonWith(messages[i], start); ok {
			return messages[i], b, true
		}
	}
	return emulator.Message{}, emulator.Button{}, false
}

func buttonWith(m emulator.Message, start string) (emulator.Button, bool) {
	for _, row := range m.Buttons {
		for _, b := range row {
			if strings.HasPrefix(b.Data, start) {
				return b, true
			}
		}
	}
	return emulator.Button{}, false
}

// shown is the end of a chat for whoever reads of a failure.
func shown(messages []emulator.Message) string {
	var out strings.Builder
	for _, m := range messages[max(0, len(messages)-6):] {
		who := "person"
		if m.FromBot {
			who = "bot"
		}
		fmt.Fprintf(&out, "  %d %s: %.160q", m.ID, who, m.Text)
		for _, row := range m.Buttons {
			for _, b := range row {
				fmt.Fprintf(&out, " [%s]", b.Data)
			}
		}
		out.WriteString("\n")
	}
	return out.String()
}

// once does one of the things people do.
func (c *citizen) once(ctx context.Context) error {
	switch n := c.dice.IntN(100); {
	case n < 50:
		return c.report(ctx)
	case n < 70:
		return c.check(ctx, 1)
	case n < 80:
		return c.check(ctx, 2+c.dice.IntN(2))
	case n < 90:
		return c.list(ctx)
	default:
		return c.withdraw(ctx)
	}
}

// check sends numbers one behind the other, and wants an answer to each in the
// order in which they were asked.
func (c *citizen) check(ctx context.Context, count int) error {
	asked := make([]string, count)
	for i := range asked {
		asked[i] = c.fresh()
	}
	var ids []int64
	_, err := c.act(ctx, "checked "+strings.Join(asked, ", "), func() error {
		for _, number := range asked {
			c.Send(c.spelled(number))
		}
		return nil
	}, func(messages []emulator.Message) bool {
		ids = nil
		for _, number := range asked {
			for _, m := range messages {
				if m.FromBot && strings.Contains(m.Text, display(number)) {
					ids = append(ids, m.ID)
					break
				}
			}
		}
		return len(ids) == len(asked)
	})
	if err != nil {
		return err
	}
	for i := 1; i < len(ids); i++ {
		if ids[i] <= ids[i-1] {
			return fmt.Errorf("the answers to %s came in another order: messages %v", strings.Join(asked, ", "), ids)
		}
	}
	c.ledger.checks.Add(int64(count))
	return nil
}

// list asks for /my, which must name the latest report that stands.
func (c *citizen) list(ctx context.Context) error {
	_, err := c.listed(ctx)
	return err
}

func (c *citizen) listed(ctx context.Context) ([]emulator.Message, error) {
	own := c.ledger.of(c.ID())
	if len(own) == 0 {
		return nil, nil
	}
	latest := own[len(own)-1].code
	var id int64
	messages, err := c.act(ctx, "asked /my for "+latest, func() error { id = c.Send("/my"); return nil }, func(messages []emulator.Message) bool {
		for _, m := range messages {
			if _, ok := buttonWith(m, "my:w:"+latest); ok && m.FromBot && m.ID > id {
				return true
			}
		}
		return false
	})
	c.ledger.lists.Add(1)
	return messages, err
}

// withdraw takes the latest report back.
func (c *citizen) withdraw(ctx context.Context) error {
	messages, err := c.listed(ctx)
	if err != nil || messages == nil {
		return err
	}
	own := c.ledger.of(c.ID())
	p := own[len(own)-1]
	m, button, _ := newest(messages, "my:w:"+p.code)
	messages, err = c.act(ctx, "pressed the button that withdraws "+p.code, c.presses(m.ID, button.Data), func(messages []emulator.Message) bool {
		_, _, ok := newest(messages, "my:y:"+p.code)
		return ok
	})
	if err != nil {
		return err
	}
	m, button, _ = newest(messages, "my:y:"+p.code)
	c.ledger.note(p, func() { p.withdrawn = asked })
	_, err = c.act(ctx, "withdrew "+p.code, c.presses(m.ID, button.Data), func(messages []emulator.Message) bool {
		for _, now := range messages {
			if now.ID == m.ID {
				_, still := buttonWith(now, "my:y:")
				return !still && strings.Contains(now.Text, p.code)
			}
		}
		return false
	})
	if err == nil {
		c.ledger.note(p, func() { p.withdrawn = told })
	}
	return err
}

// erase has everything about the person forgotten. It is the last thing they do.
func (c *citizen) erase(ctx context.Context) error {
	own := c.ledger.of(c.ID())
	if len(own) == 0 {
		return nil
	}
	var id int64
	messages, err := c.act(ctx, "asked for /settings", func() error { id = c.Send("/settings"); return nil }, awaiting(&id, "set:erase"))
	if err != nil {
		return err
	}
	m, _, _ := newest(messages, "set:erase")
	if _, err = c.act(ctx, "asked to be forgotten", c.presses(m.ID, "set:erase"), awaiting(&id, "set:erased")); err != nil {
		return err
	}
	mark := func(s standing) {
		for _, p := range own {
			c.ledger.note(p, func() { p.erased = s })
		}
	}
	mark(asked)
	_, err = c.act(ctx, "said that everything is to be forgotten", c.presses(m.ID, "set:erased"), func(messages []emulator.Message) bool {
		for _, now := range messages {
			if now.ID == m.ID {
				return len(now.Buttons) == 0
			}
		}
		return false
	})
	if err == nil {
		mark(told)
	}
	return err
}

// awaiting waits for a message of the bot after id with a button.
func awaiting(id *int64, data string) func([]emulator.Message) bool {
	return func(messages []emulator.Message) bool {
		m, b, ok := newest(messages, data)
		return ok && m.FromBot && m.ID > *id && b.Data == data
	}
}
