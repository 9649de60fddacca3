package emulator

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// deliver puts a message of the bot into the chat the call names. fill sets
// what the message holds.
func (s *Server) deliver(c *call, fill func(*wireMessage) *apiError) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chat, refused := s.writable(c.params)
	if refused != nil {
		return nil, refused
	}
	m := &wireMessage{Protected: c.bool("protect_content")}
	if chat.wire.Type == "channel" {
		m.SenderChat = chat.wire
	} else {
		m.From = s.botUser()
	}
	if refused := chat.replyTo(m, c.params); refused != nil {
		return nil, refused
	}
	if refused := fill(m); refused != nil {
		return nil, refused
	}
	markup := c.object("reply_markup")
	if refused := checkMarkup(markup, chat.private()); refused != nil {
		return nil, refused
	}
	if hasButtons(markup) {
		m.ReplyMarkup = markup
	}
	s.add(chat, m)
	switch {
	case markup["keyboard"] != nil:
		chat.setKeyboard(replyKeyboard(markup))
	case markup["remove_keyboard"] != nil:
		chat.setKeyboard(nil)
	}
	return m, nil
}

// hasButtons tells an inline keyboard from the other kinds and from an empty one.
func hasButtons(markup map[string]any) bool {
	rows, _ := markup["inline_keyboard"].([]any)
	return slices.ContainsFunc(rows, func(row any) bool {
		cells, _ := row.([]any)
		return len(cells) > 0
	})
}

// replyTo sets the message that the new one answers.
func (c *chatState) replyTo(m *wireMessage, p params) *apiError {
	reply := params(p.object("reply_parameters"))
	if reply == nil {
		return nil
	}
	if id, ok := reply["chat_id"]; ok && id != c.wire.ID && id != strconv.FormatInt(c.wire.ID, 10) {
		return notEmulated("a reply into another chat")
	}
	original := c.message(reply.int("message_id"))
	switch {
	case original != nil:
		m.ReplyTo = withoutReply(original)
	case !reply.bool("allow_sending_without_reply"):
		return refuse("message to be replied not found")
	}
	return nil
}

func (s *Server) sendMessage(_ context.Context, c *call) (any, *apiError) {
	return s.deliver(c, func(m *wireMessage) (refused *apiError) {
		m.Text, m.Entities, refused = c.marked(c.params, "text", "entities", maxText)
		if refused == nil && m.Text == "" {
			return refuse("message text is empty")
		}
		if preview := c.object("link_preview_options"); preview != nil {
			m.LinkPreview = preview
		}
		return refused
	})
}

func (s *Server) sendContact(_ context.Context, c *call) (any, *apiError) {
	return s.deliver(c, func(m *wireMessage) *apiError {
		if c.str("phone_number") == "" || c.str("first_name") == "" {
			return refuse("phone number and first name must be non-empty")
		}
		m.Contact = &wireContact{
			Phone: c.str("phone_number"), FirstName: c.str("first_name"),
			LastName: c.str("last_name"), VCard: c.str("vcard"),
		}
		return nil
	})
}

func (s *Server) sendLocation(_ context.Context, c *call) (any, *apiError) {
	return s.deliver(c, func(m *wireMessage) *apiError {
		latitude, longitude := c.float("latitude"), c.float("longitude")
		if latitude < -90 || latitude > 90 || longitude < -180 || longitude > 180 {
			return refuse("wrong latitude or longitude")
		}
		m.Location = &wireLocation{latitude, longitude}
		return nil
	})
}

// source finds the message that is to be forwarded or copied.
func (s *Server) source(c *call) (*wireMessage, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chat, refused := s.chat(c.params, "from_chat_id")
	if refused != nil {
		return nil, refused
	}
	m := chat.message(c.int("message_id"))
	if m == nil {
		verb, _ := strings.CutSuffix(c.method, "Message")
		return nil, refuse("message to %s not found", verb)
	}
	return m, nil
}

func (s *Server) forwardMessage(_ context.Context, c *call) (any, *apiError) {
	from, refused := s.source(c)
	if refused != nil {
		return nil, refused
	}
	return s.deliver(c, func(m *wireMessage) *apiError {
		if from.Protected {
			return refuse("the message can't be forwarded")
		}
		m.content(from)
		m.ForwardOrigin = from.ForwardOrigin
		switch {
		case m.ForwardOrigin != nil:
		case from.From != nil:
			m.ForwardOrigin = &wireOrigin{Type: "user", Date: from.Date, SenderUser: from.From}
		default:
			m.ForwardOrigin = &wireOrigin{Type: "channel", Date: from.Date, Chat: from.Chat, MessageID: from.MessageID}
		}
		return nil
	})
}

func (s *Server) copyMessage(_ context.Context, c *call) (any, *apiError) {
	from, refused := s.source(c)
	if refused != nil {
		return nil, refused
	}
	sent, refused := s.deliver(c, func(m *wireMessage) (refused *apiError) {
		m.content(from)
		if c.has("caption") && m.Text == "" {
			m.Caption, m.CaptionEntities, refused = c.marked(c.params, "caption", "caption_entities", maxCaption)
		}
		return refused
	})
	if refused != nil {
		return nil, refused
	}
	id := struct {
		MessageID int64 `json:"message_id"`
	}{sent.(*wireMessage).MessageID}
	return id, nil
}

// content takes over what another message holds.
func (m *wireMessage) content(from *wireMessage) {
	m.Text, m.Entities, m.LinkPreview = from.Text, from.Entities, from.LinkPreview
	m.Caption, m.CaptionEntities = from.Caption, from.CaptionEntities
	m.Document, m.Photo, m.Voice, m.Sticker = from.Document, from.Photo, from.Voice, from.Sticker
	m.Contact, m.Location = from.Contact, from.Location
}

// sendChatAction shows "typing…" and the like.
func (s *Server) sendChatAction(_ context.Context, c *call) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chat, refused := s.writable(c.params)
	if refused != nil {
		return nil, refused
	}
	switch c.str("action") {
	case "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
		"upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note":
	default:
		return nil, refuse("wrong parameter action in request")
	}
	chat.tell(event{kind: "typing", text: c.str("action")})
	return true, nil
}
