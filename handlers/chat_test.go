package handlers

import (
	"encoding/json"
	"errors"
	"math/rand"
	"strings"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/locales"
	"saqbol/recognize"
)

// testNow is the moment at which every test's conversation happens.
var testNow = time.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC)

// chat is one person's talk with the router over a fake store. Every answer's
// Change is applied, as the edge does.
type chat struct {
	t       *testing.T
	router  *Router
	store   *fakeStore
	deps    Deps
	person  int64
	code    string // language_code
	update  *int64 // shared by all the people of one store
	message int64
	last    Reply
	ids     []int64           // of the last answer's messages
	board   map[int64]Message // the bot's messages that are in sight, by id
}

func newChat(t *testing.T, languageCode string) *chat {
	t.Helper()
	store := newFakeStore()
	deps := newDeps(t, store)
	return &chat{t: t, router: New(deps), store: store, deps: deps, person: 1001, code: languageCode, update: new(int64), message: 100, board: map[int64]Message{}}
}

// newDeps is everything but the store and the tokens as it really is, so that
// the tests show what people will read.
func newDeps(t testing.TB, store Store) Deps {
	t.Helper()
	catalogue, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	official, err := fraud.DefaultDirectory()
	if err != nil {
		t.Fatal(err)
	}
	recogniser, err := recognize.New()
	if err != nil {
		t.Fatal(err)
	}
	return Deps{
		Store: store, Official: official, Recognise: recogniser, Tokens: fakeTokens{}, Catalogue: catalogue,
		Username: "saqbol_bot", Clock: func() time.Time { return testNow }, Random: rand.New(rand.NewSource(1)),
	}
}

// other is another person who talks to the same bot.
func (c *chat) other(person int64, languageCode string) *chat {
	o := *c
	o.person, o.code, o.last, o.ids, o.board = person, languageCode, Reply{}, nil, map[int64]Message{}
	return &o
}

// send hands an Input over, filling in who and where, and applies the Change.
func (c *chat) send(in Input) Reply {
	c.t.Helper()
	reply, err := c.try(in)
	if err != nil {
		c.t.Fatalf("handling %+v: %v", in, err)
	}
	return reply
}

func (c *chat) try(in Input) (Reply, error) {
	c.t.Helper()
	*c.update++
	c.message++
	in.Update, in.Person, in.Language = *c.update, c.person, c.code
	if in.Chat == 0 {
		in.Chat, in.Private = c.person, true
	}
	if in.Message == 0 && in.Kind == KindButton {
		in.Message = c.store.sessions[c.person].Anchor
	}
	if in.Message == 0 {
		in.Message = c.message
	}
	reply, err := c.router.Handle(c.t.Context(), in)
	if err != nil {
		return reply, err
	}
	if err := c.store.Apply(reply.Change); err != nil {
		c.t.Fatalf("applying %+v: %v", reply.Change, err)
	}
	c.anchor(reply)
	c.checkLimits(reply)
	c.last = reply
	return reply, nil
}

// anchor notes the id of a new message that is to be edited in place, as the
// edge does once Telegram has named it, and keeps the chat as the person sees it.
func (c *chat) anchor(r Reply) {
	c.ids = nil
	for _, m := range r.Messages {
		c.message++
		id := m.Edit
		if id == 0 {
			id = c.message
		}
		c.ids, c.board[id] = append(c.ids, id), m
		session := c.store.sessions[c.person]
		if m.Anchor && m.Edit == 0 && session.Open() {
			session.Anchor = c.message
			c.store.sessions[c.person] = session
		}
	}
	delete(c.board, r.Delete)
}

// say types a text; a leading slash makes it a command.
func (c *chat) say(text string) Reply {
	c.t.Helper()
	if rest, ok := strings.CutPrefix(text, "/"); ok {
		command, args, _ := strings.Cut(rest, " ")
		return c.send(Input{Kind: KindCommand, Command: command, Text: args})
	}
	return c.send(Input{Kind: KindText, Text: text})
}

// press presses the button of the last answer whose label holds the words; or,
// where there is none, one whose data begins with them.
func (c *chat) press(words string) Reply {
	c.t.Helper()
	for _, byData := range []bool{false, true} {
		for i, m := range c.last.Messages {
			for _, row := range m.Buttons {
				for _, b := range row {
					if !byData && strings.Contains(c.label(c.last.Lang, b), words) || byData && strings.HasPrefix(b.Data, words) {
						return c.send(Input{Kind: KindButton, Button: b.Data, Message: c.ids[i]})
					}
				}
			}
		}
	}
	c.t.Fatalf("no button %q under:\n%s", words, c.read(c.last))
	return Reply{}
}

func (c *chat) label(lang fraud.Lang, b Button) string {
	return strings.TrimSpace(b.Mark + " " + c.deps.Catalogue.Plain(lang, b.Label))
}

// read renders an answer as a person sees it, markup and button data included.
func (c *chat) read(r Reply) string {
	var out strings.Builder
	for _, m := range r.Messages {
		if m.Edit != 0 {
			out.WriteString("(edited in place)\n")
		}
		out.WriteString(c.deps.Catalogue.HTML(r.Lang, m.Text...) + "\n")
		if m.Document != nil {
			out.WriteString("(file " + m.Document.Name + ")\n" + string(m.Document.Data) + "\n")
		}
		for _, row := range m.Buttons {
			for _, b := range row {
				prefix, rest, _ := strings.Cut(b.Data, ":")
				if prefix == "rep" || prefix == "dis" {
					rest = "…"
				}
				if b.URL != "" {
					prefix, rest, _ = strings.Cut(b.URL, ":")
				}
				out.WriteString("[" + c.label(r.Lang, b) + " | " + prefix + ":" + rest + "]")
			}
			out.WriteString("\n")
		}
		if !m.Contact.Zero() {
			out.WriteString("(keyboard: " + c.deps.Catalogue.Plain(r.Lang, m.Contact) + ")\n")
		}
	}
	if !r.Toast.Zero() {
		out.WriteString("(toast) " + c.deps.Catalogue.Plain(r.Lang, r.Toast) + "\n")
	}
	if r.Delete != 0 {
		out.WriteString("(deletes a message)\n")
	}
	return out.String()
}

// checkLimits holds every answer of every test to Telegram's limits.
func (c *chat) checkLimits(r Reply) {
	c.t.Helper()
	for _, m := range r.Messages {
		limit := 4096
		if m.Document != nil {
			limit = 1024
		}
		if n := utf16Length(c.deps.Catalogue.HTML(r.Lang, m.Text...)); n > limit {
			c.t.Errorf("a message of %d characters, %d is the limit", n, limit)
		}
		for _, row := range m.Buttons {
			for _, b := range row {
				if len(b.Data) > 64 || (b.Data == "") == (b.URL == "") || b.Label.Zero() {
					c.t.Errorf("a button Telegram refuses: %+v", b)
				}
			}
		}
	}
	if n := utf16Length(c.deps.Catalogue.Plain(r.Lang, r.Toast)); n > 200 {
		c.t.Errorf("a toast of %d characters, 200 is the limit", n)
	}
	if draft := r.Change.Session; draft != nil && len(draft.Draft) > 0 && !json.Valid(draft.Draft) {
		c.t.Errorf("a draft that is no JSON: %s", draft.Draft)
	}
}

func utf16Length(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// refusal is what the edge shows of an error that people may read.
func (c *chat) refusal(err error) Reply {
	c.t.Helper()
	var refused *fraud.Error
	if !errors.As(err, &refused) {
		c.t.Fatalf("no words for people in: %v", err)
	}
	reply := Say(locales.M(refused.Key))
	reply.Lang = fraud.Lang(c.code)
	return reply
}
