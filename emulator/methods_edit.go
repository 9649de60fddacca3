package emulator

import (
	"context"
	"reflect"
)

// edit changes a message of the bot. change sets the new content of the copy
// that takes its place.
func (s *Server) edit(c *call, change func(*wireMessage) *apiError) (any, *apiError) {
	if c.has("inline_message_id") {
		return nil, notEmulated("inline_message_id")
	}
	if !c.has("chat_id") || !c.has("message_id") {
		return nil, refuse("message identifier is not specified")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	chat, refused := s.writable(c.params)
	if refused != nil {
		return nil, refused
	}
	old := chat.message(c.int("message_id"))
	switch {
	case old == nil:
		return nil, refuse("message to edit not found")
	case !s.own(old):
		return nil, refuse("message can't be edited")
	}
	m := *old
	if refused := change(&m); refused != nil {
		return nil, refused
	}
	markup := c.object("reply_markup")
	if refused := checkMarkup(markup, chat.private()); refused != nil {
		return nil, refused
	}
	m.ReplyMarkup = nil
	if hasButtons(markup) {
		m.ReplyMarkup = markup
	}
	if reflect.DeepEqual(*old, m) {
		return nil, refuse("message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
	}
	m.EditDate = s.opts.Clock().Unix()
	chat.replace(&m)
	return &m, nil
}

// own tells whether the bot wrote a message.
func (s *Server) own(m *wireMessage) bool {
	if m.From != nil {
		return m.From.ID == s.botID
	}
	return m.SenderChat != nil
}

func (s *Server) editMessageText(_ context.Context, c *call) (any, *apiError) {
	if c.has("rich_message") {
		return nil, notEmulated("rich_message")
	}
	return s.edit(c, func(m *wireMessage) (refused *apiError) {
		if m.Text == "" {
			return refuse("there is no text in the message to edit")
		}
		m.Text, m.Entities, refused = c.marked(c.params, "text", "entities", maxText)
		if refused == nil && m.Text == "" {
			return refuse("message text is empty")
		}
		m.LinkPreview = nil
		if preview := c.object("link_preview_options"); preview != nil {
			m.LinkPreview = preview
		}
		return refused
	})
}

func (s *Server) editMessageCaption(_ context.Context, c *call) (any, *apiError) {
	return s.edit(c, func(m *wireMessage) (refused *apiError) {
		if m.Text != "" || m.Contact != nil || m.Location != nil {
			return refuse("there is no caption in the message to edit")
		}
		m.Caption, m.CaptionEntities, refused = c.marked(c.params, "caption", "caption_entities", maxCaption)
		return refused
	})
}

func (s *Server) editMessageReplyMarkup(_ context.Context, c *call) (any, *apiError) {
	return s.edit(c, func(*wireMessage) *apiError { return nil })
}

// mayDelete tells whether the bot may delete a message: its own anywhere, and
// what people write in a private chat, for 48 hours.
func (s *Server) mayDelete(chat *chatState, m *wireMessage) bool {
	const window = 48 * 60 * 60
	return (s.own(m) || chat.private()) && s.opts.Clock().Unix()-m.Date < window
}

func (s *Server) deleteMessage(_ context.Context, c *call) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chat, refused := s.writable(c.params)
	if refused != nil {
		return nil, refused
	}
	m := chat.message(c.int("message_id"))
	switch {
	case m == nil:
		return nil, refuse("message to delete not found")
	case !s.mayDelete(chat, m):
		return nil, refuse("message can't be deleted for everyone")
	}
	return chat.remove(m.MessageID), nil
}

// deleteMessages deletes those that are there and passes over the others, as
// Telegram does.
func (s *Server) deleteMessages(_ context.Context, c *call) (any, *apiError) {
	const most = 100
	ids := c.list("message_ids")
	if len(ids) == 0 || len(ids) > most {
		return nil, refuse("message_ids must hold 1 to %d identifiers", most)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	chat, refused := s.writable(c.params)
	if refused != nil {
		return nil, refused
	}
	for _, v := range ids {
		id, _ := v.(int64)
		if m := chat.message(id); m != nil && s.mayDelete(chat, m) {
			chat.remove(id)
		}
	}
	return true, nil
}

// answerCallbackQuery takes one answer to each query, in time.
func (s *Server) answerCallbackQuery(_ context.Context, c *call) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := c.str("callback_query_id")
	q, ok := s.queries[id]
	switch {
	case !ok || s.opts.Clock().Sub(q.at) > queryLifetime:
		delete(s.queries, id)
		return nil, refuse("query is too old and response timeout expired or query ID is invalid")
	case units(c.str("text")) > maxToast:
		return nil, refuse("MESSAGE_TOO_LONG")
	case c.str("url") != "":
		return nil, refuse("URL_INVALID")
	}
	delete(s.queries, id)
	q.chat.toast(Toast{Text: c.str("text"), Alert: c.bool("show_alert")})
	return true, nil
}

// toast shows the answer to a query. One without a text only ends the waiting of
// the button.
func (c *chatState) toast(t Toast) {
	const most = 100
	if t.Text != "" {
		c.toasts = append(c.toasts, t)
		c.toasts = c.toasts[max(0, len(c.toasts)-most):]
	}
	c.tell(event{kind: "toast", text: t.Text, alert: t.Alert})
}
