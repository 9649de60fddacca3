package emulator

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

var (
	commandShape = regexp.MustCompile(`^/\w+(@\w+)?`)

	errNoMessage = errors.New("no such message")
	errNoButton  = errors.New("no such button")
	errNotOwn    = errors.New("not this person's own message")
	errClosed    = errors.New("the emulator is closed")
)

// Person is somebody with a private chat with the bot. Nobody real: ids begin
// at SamplePersonID.
type Person struct {
	server *Server
	id     int64
	name   string
	chat   *chatState

	language string // guarded by server.mu, as is what chat holds
}

// NewPerson makes a person who has not written to the bot yet. The language is
// what their app reports as language_code; it may be empty or anything.
func (s *Server) NewPerson(name, language string) *Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &Person{server: s, id: SamplePersonID + int64(len(s.people)), name: name, language: language}
	p.chat = &chatState{person: p, wire: &wireChat{ID: p.id, Type: "private", FirstName: name}}
	s.people = append(s.people, p)
	s.chats[p.id] = p.chat
	return p
}

// People lists everyone, the oldest first.
func (s *Server) People() []*Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.people)
}

// Person finds a person by id.
func (s *Server) Person(id int64) (*Person, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.chats[id]; ok && c.person != nil {
		return c.person, true
	}
	return nil, false
}

// ID is the person's id and that of their private chat.
func (p *Person) ID() int64 { return p.id }

// Name is the person's first name.
func (p *Person) Name() string { return p.name }

// Language is what the person's app reports as language_code.
func (p *Person) Language() string {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return p.language
}

// SetLanguage changes what the person's app reports from the next update on.
func (p *Person) SetLanguage(code string) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	p.language = code
	p.chat.tell(event{kind: "commands"})
}

func (p *Person) user() *wireUser {
	return &wireUser{ID: p.id, FirstName: p.name, LanguageCode: p.language}
}

// Messages is the private chat with the bot as the person sees it now.
func (p *Person) Messages() []Message {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return p.server.views(p.chat)
}

// Last is the bot's latest message that still stands in the chat.
func (p *Person) Last() (Message, bool) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	for _, m := range slices.Backward(p.chat.messages) {
		if v := p.server.view(m); v.FromBot {
			return v, true
		}
	}
	return Message{}, false
}

// Keyboard is the reply keyboard the person sees; nil if none.
func (p *Person) Keyboard() *Keyboard {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return p.chat.keyboard
}

// Toasts lists what the person saw over the chat after pressing buttons, the
// latest 100.
func (p *Person) Toasts() []Toast {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return slices.Clone(p.chat.toasts)
}

// Wait gives the chat's messages as soon as done says so of them. It looks now
// and after every change: a message, an edit, a deletion, a toast, a keyboard.
// On the context's end it gives what stands there, with the error.
func (p *Person) Wait(ctx context.Context, done func([]Message) bool) ([]Message, error) {
	return p.server.await(ctx, func() *chatState { return p.chat }, done)
}

// await is Wait for any chat. chat is called with the lock held.
func (s *Server) await(ctx context.Context, chat func() *chatState, done func([]Message) bool) ([]Message, error) {
	for {
		s.mu.Lock()
		c := chat()
		id, messages, changed := c.wire.ID, s.views(c), c.wait()
		s.mu.Unlock()
		if done(messages) {
			return messages, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return messages, fmt.Errorf("waiting in the chat %d: %w", id, ctx.Err())
		case <-s.done:
			return messages, fmt.Errorf("waiting in the chat %d: %w", id, errClosed)
		}
	}
}

// Answer waits for the bot's first message newer than the message after, and
// gives it. With after = 0 any message of the bot will do.
func (p *Person) Answer(ctx context.Context, after int64) (Message, error) {
	var found Message
	_, err := p.Wait(ctx, func(messages []Message) bool {
		i := slices.IndexFunc(messages, func(m Message) bool { return m.FromBot && m.ID > after })
		if i >= 0 {
			found = messages[i]
		}
		return i >= 0
	})
	return found, err
}

// Send writes a text to the bot and gives the message's id. A blocked bot is
// unblocked first, as the app does.
func (p *Person) Send(text string) int64 {
	return p.post(&wireMessage{Text: text, Entities: commandEntities(text)})
}

// Reply writes a text in answer to a message of the chat.
func (p *Person) Reply(to int64, text string) (int64, error) {
	m := &wireMessage{Text: text, Entities: commandEntities(text)}
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	original := p.chat.message(to)
	if original == nil {
		return 0, fmt.Errorf("replying to message %d: %w", to, errNoMessage)
	}
	m.ReplyTo = withoutReply(original)
	return p.postLocked(m), nil
}

// withoutReply is a message as it stands inside another: Telegram does not nest
// further.
func withoutReply(m *wireMessage) *wireMessage {
	inner := *m
	inner.ReplyTo = nil
	return &inner
}

func (p *Person) post(m *wireMessage) int64 {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return p.postLocked(m)
}

// postLocked puts a message of the person into the private chat and makes the
// update. The caller holds the lock.
func (p *Person) postLocked(m *wireMessage) int64 {
	p.setBlocked(false)
	p.chat.started = true
	m.From = p.user()
	p.server.add(p.chat, m)
	if k := p.chat.keyboard; k != nil && k.OneTime {
		p.chat.setKeyboard(nil)
	}
	p.server.push(&wireUpdate{Message: m})
	return m.MessageID
}

// EditMessage changes the text, or the caption, of the person's own message.
func (p *Person) EditMessage(id int64, text string) error {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	old := p.chat.message(id)
	switch {
	case old == nil:
		return fmt.Errorf("editing message %d: %w", id, errNoMessage)
	case old.From.ID != p.id:
		return fmt.Errorf("editing message %d: %w", id, errNotOwn)
	}
	m := *old
	m.EditDate = p.server.opts.Clock().Unix()
	if old.Text == "" {
		m.Caption, m.CaptionEntities = text, commandEntities(text)
	} else {
		m.Text, m.Entities = text, commandEntities(text)
	}
	p.chat.replace(&m)
	p.server.push(&wireUpdate{EditedMessage: &m})
	return nil
}

// Press presses an inline button under a message: by its callback data, its
// label or a part of the label that only one has. A button that opens a link
// makes no update. What the bot answers appears in Toasts.
func (p *Person) Press(id int64, button string) error {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return p.server.press(p, p.chat, id, button)
}

// query is a callback query that waits for its answer.
type query struct {
	chat *chatState
	at   time.Time
}

const (
	queryLifetime = 15 * time.Minute
	maxQueries    = 100_000
)

func (s *Server) press(p *Person, c *chatState, id int64, button string) error {
	m := c.message(id)
	if m == nil {
		return fmt.Errorf("pressing under message %d: %w", id, errNoMessage)
	}
	b, ok := s.view(m).Button(button)
	if !ok {
		return fmt.Errorf("pressing %q under message %d: %w", button, id, errNoButton)
	}
	if b.Data == "" {
		return nil
	}
	s.pressData(p, c, m, b.Data)
	return nil
}

// pressData makes the callback query. It needs no button with that data, since
// an old app may still show one.
func (s *Server) pressData(p *Person, c *chatState, m *wireMessage, data string) {
	s.lastQuery++
	id := strconv.FormatInt(1<<52+s.lastQuery, 10)
	if len(s.queries) >= maxQueries {
		clear(s.queries)
	}
	s.queries[id] = &query{chat: p.chat, at: s.opts.Clock()}
	s.push(&wireUpdate{Callback: &wireCallback{
		ID: id, From: p.user(), Message: withoutReply(m), Data: data,
		ChatInstance: strconv.FormatInt(-c.wire.ID, 10),
	}})
}

// PressStale presses a button that the bot has since changed or taken away.
func (p *Person) PressStale(id int64, data string) error {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	m := p.chat.message(id)
	if m == nil {
		return fmt.Errorf("pressing under message %d: %w", id, errNoMessage)
	}
	p.server.pressData(p, p.chat, m, data)
	return nil
}

// Block blocks the bot: it gets a my_chat_member update, and 403 from then on.
func (p *Person) Block() { p.block(true) }

// Unblock takes the block back.
func (p *Person) Unblock() { p.block(false) }

func (p *Person) block(on bool) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	p.setBlocked(on)
}

// Blocked tells whether the person has blocked the bot.
func (p *Person) Blocked() bool {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return p.chat.blocked
}

func (p *Person) setBlocked(on bool) {
	if p.chat.blocked == on {
		return
	}
	p.chat.blocked = on
	in, out := member("member", p.server.botUser()), member("kicked", p.server.botUser())
	if !on {
		in, out = out, in
	}
	p.server.push(&wireUpdate{MyChatMember: &wireMembership{
		Chat: p.chat.wire, From: p.user(), Date: p.server.opts.Clock().Unix(), Old: in, New: out,
	}})
}

func member(status string, u *wireUser) wireMember {
	m := wireMember{Status: status, User: u}
	if status == "kicked" {
		m.UntilDate = new(int64)
	}
	return m
}
