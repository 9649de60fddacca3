package emulator

import (
	"slices"
	"sort"
	"strings"
)

// chatState is a chat and what stands in it. Server.mu guards it.
type chatState struct {
	wire     *wireChat
	person   *Person   // of a private chat
	members  []*Person // of a group
	messages []*wireMessage
	lastMsg  int64 // of a supergroup or channel, which count for themselves

	started   bool // the person wrote first
	blocked   bool // the person blocked the bot
	left      bool // the bot left the group
	migrated  int64
	keyboard  *Keyboard
	toasts    []Toast
	menu      any           // the menu button
	changed   chan struct{} // closed at the next change; nil while nobody waits
	listeners map[*stream]struct{}
}

func (c *chatState) private() bool { return c.wire.Type == "private" }

// find gives the place of a message and whether it is there.
func (c *chatState) find(id int64) (int, bool) {
	return sort.Find(len(c.messages), func(i int) int { return int(id - c.messages[i].MessageID) })
}

func (c *chatState) message(id int64) *wireMessage {
	if i, ok := c.find(id); ok {
		return c.messages[i]
	}
	return nil
}

// wait gives the channel that closes at the next change.
func (c *chatState) wait() <-chan struct{} {
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// tell wakes who waits for this chat and passes an event on to its streams.
func (c *chatState) tell(e event) {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
	for l := range c.listeners {
		l.offer(e)
	}
}

// add puts a message at the end of a chat, which gives it its id.
func (s *Server) add(c *chatState, m *wireMessage) {
	counter := &s.lastMsg
	if c.wire.Type == "supergroup" || c.wire.Type == "channel" {
		counter = &c.lastMsg
	}
	*counter++
	m.MessageID, m.Chat = *counter, c.wire
	if m.Date == 0 {
		m.Date = s.opts.Clock().Unix()
	}
	c.messages = append(c.messages, m)
	if over := len(c.messages) - s.opts.KeepMessages; over > 0 {
		clear(c.messages[:over])
		c.messages = c.messages[over:]
	}
	c.tell(event{kind: "message", message: m})
}

// replace puts an edited copy in the place of a message.
func (c *chatState) replace(m *wireMessage) {
	if i, ok := c.find(m.MessageID); ok {
		c.messages[i] = m
		c.tell(event{kind: "edit", message: m})
	}
}

// remove takes a message away and tells whether it was there.
func (c *chatState) remove(id int64) bool {
	i, ok := c.find(id)
	if ok {
		c.messages = slices.Delete(c.messages, i, i+1)
		c.tell(event{kind: "delete", id: id})
	}
	return ok
}

// setKeyboard shows or hides (nil) the reply keyboard.
func (c *chatState) setKeyboard(k *Keyboard) {
	if k == nil && c.keyboard == nil {
		return
	}
	c.keyboard = k
	c.tell(event{kind: "keyboard"})
}

// views copies a chat's messages out.
func (s *Server) views(c *chatState) []Message {
	out := make([]Message, len(c.messages))
	for i, m := range c.messages {
		out[i] = s.view(m)
	}
	return out
}

// botUser is the bot as it stands in messages.
func (s *Server) botUser() *wireUser {
	return &wireUser{ID: s.botID, IsBot: true, FirstName: s.profile.shownName(), Username: s.opts.Username}
}

// commandEntities finds the commands in what a person writes: /name or
// /name@bot at the start or after white space.
func commandEntities(plain string) []Entity {
	var entities []Entity
	at, begin := 0, true
	for i, r := range plain {
		if r == '/' && begin {
			word := commandShape.FindString(plain[i:])
			if len(word) > 1 {
				entities = append(entities, Entity{Type: "bot_command", Offset: at, Length: len(word)})
			}
		}
		begin = strings.ContainsRune(" \t\n\r", r)
		at += units(string(r))
	}
	return entities
}
