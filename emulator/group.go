package emulator

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Group is a group or a channel that the bot is in.
type Group struct {
	server *Server
	chat   *chatState
}

// NewGroup makes a basic group of these people, of whom the first adds the bot.
func (s *Server) NewGroup(title string, members ...*Person) *Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastChat++
	g := s.newChat("group", title, -(SamplePersonID%1_000_000_000 + s.lastChat))
	g.chat.members = members
	if len(members) > 0 {
		s.joined(g.chat, members[0])
	}
	return g
}

// NewChannel makes a channel where the bot is an administrator.
func (s *Server) NewChannel(title string) *Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastChat++
	return s.newChat("channel", title, elsewhere-1000-s.lastChat)
}

func (s *Server) newChat(kind, title string, id int64) *Group {
	c := &chatState{wire: &wireChat{ID: id, Type: kind, Title: title}}
	s.chats[id] = c
	return &Group{server: s, chat: c}
}

// joined tells the bot that somebody added it.
func (s *Server) joined(c *chatState, by *Person) {
	now := s.opts.Clock().Unix()
	s.push(&wireUpdate{MyChatMember: &wireMembership{
		Chat: c.wire, From: by.user(), Date: now,
		Old: member("left", s.botUser()), New: member("member", s.botUser()),
	}})
	m := &wireMessage{From: by.user(), NewMembers: []*wireUser{s.botUser()}}
	s.add(c, m)
	s.push(&wireUpdate{Message: m})
}

// ID is the chat's id, below zero.
func (g *Group) ID() int64 {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	return g.chat.wire.ID
}

// Messages is what stands in the group.
func (g *Group) Messages() []Message {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	return g.server.views(g.chat)
}

// Wait gives the group's messages as soon as done says so of them; see
// [Person.Wait].
func (g *Group) Wait(ctx context.Context, done func([]Message) bool) ([]Message, error) {
	return g.server.await(ctx, func() *chatState { return g.chat }, done)
}

// Send writes a text into the group. Unless Options.AllGroupMessages is set, the
// bot sees it only if it is a command, names the bot or answers it, as under
// Telegram's privacy mode.
func (g *Group) Send(p *Person, text string) int64 {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	m := &wireMessage{From: p.user(), Text: text, Entities: commandEntities(text)}
	return g.post(m)
}

// Reply answers a message of the group.
func (g *Group) Reply(p *Person, to int64, text string) (int64, error) {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	original := g.chat.message(to)
	if original == nil {
		return 0, fmt.Errorf("replying to message %d: %w", to, errNoMessage)
	}
	m := &wireMessage{From: p.user(), Text: text, Entities: commandEntities(text), ReplyTo: withoutReply(original)}
	return g.post(m), nil
}

func (g *Group) post(m *wireMessage) int64 {
	g.server.add(g.chat, m)
	if !g.chat.left && g.server.seesInGroup(m) {
		g.server.push(&wireUpdate{Message: m})
	}
	return m.MessageID
}

// Post publishes a text in a channel.
func (g *Group) Post(text string) int64 {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	m := &wireMessage{SenderChat: g.chat.wire, Text: text}
	g.server.add(g.chat, m)
	g.server.push(&wireUpdate{ChannelPost: m})
	return m.MessageID
}

// Press presses an inline button in the group.
func (g *Group) Press(p *Person, id int64, button string) error {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	return g.server.press(p, g.chat, id, button)
}

// seesInGroup is Telegram's privacy mode.
func (s *Server) seesInGroup(m *wireMessage) bool {
	if s.opts.AllGroupMessages || m.ReplyTo != nil && s.own(m.ReplyTo) {
		return true
	}
	if strings.Contains(strings.ToLower(m.Text), "@"+strings.ToLower(s.opts.Username)) {
		return true
	}
	// A command for another bot, /check@other_bot, is not for this one.
	return slices.ContainsFunc(m.Entities, func(e Entity) bool {
		return e.Type == "bot_command" && e.Offset == 0 && !strings.Contains(m.Text[:e.Length], "@")
	})
}

// Migrate turns a basic group into a supergroup with another id. Calls that use
// the old one are refused with migrate_to_chat_id.
func (g *Group) Migrate() int64 {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	s, old := g.server, g.chat
	s.lastChat++
	next := s.newChat("supergroup", old.wire.Title, elsewhere-1000-s.lastChat)
	next.chat.members = old.members
	old.migrated = next.chat.wire.ID
	s.add(old, &wireMessage{From: s.botUser(), MigrateTo: next.chat.wire.ID})
	s.push(&wireUpdate{Message: old.messages[len(old.messages)-1]})
	s.add(next.chat, &wireMessage{From: s.botUser(), MigrateFrom: old.wire.ID})
	s.push(&wireUpdate{Message: next.chat.messages[0]})
	g.chat = next.chat
	return next.chat.wire.ID
}
