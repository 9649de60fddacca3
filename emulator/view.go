package emulator

import (
	"strings"
	"time"
)

// Message is a message as a person sees it in a chat.
type Message struct {
	ID       int64
	Chat     int64
	FromBot  bool
	From     int64 // id of who sent it; the chat's own id for a channel post
	Date     time.Time
	Edited   bool
	Text     string // the text or the caption, without markup
	Entities []Entity

	Buttons  [][]Button // inline, under the message
	Keyboard *Keyboard  // the reply keyboard it brought

	Photo, Document, Voice *File
	Contact                *Contact
	Sticker                string // its emoji
	Location               *Location
	ForwardedFrom          string // the name shown above a forwarded message
	ReplyTo                int64  // id of the message it answers
	Album                  string // media_group_id
	NoPreview              bool   // link previews are off
}

// HTML is the text with its entities as HTML that is safe to show in a page.
func (m Message) HTML() string { return renderHTML(m.Text, m.Entities) }

// Button finds the inline button with that callback data, or that label, or, if
// only one fits, a label that holds it.
func (m Message) Button(label string) (Button, bool) {
	if label == "" {
		return Button{}, false
	}
	var partly []Button
	for _, row := range m.Buttons {
		for _, b := range row {
			if b.Data == label || b.Text == label {
				return b, true
			}
			if strings.Contains(b.Text, label) {
				partly = append(partly, b)
			}
		}
	}
	if len(partly) != 1 {
		return Button{}, false
	}
	return partly[0], true
}

// Button is an inline button: it sends Data, opens URL or copies Copy.
type Button struct {
	Text string `json:"text"`
	Data string `json:"data,omitempty"`
	URL  string `json:"url,omitempty"`
	Copy string `json:"copy,omitempty"`
}

// Keyboard is a reply keyboard, shown instead of the person's own. As JSON it
// has the shape Telegram gives it.
type Keyboard struct {
	Rows        [][]Key `json:"keyboard"`
	OneTime     bool    `json:"one_time_keyboard,omitempty"`
	Placeholder string  `json:"input_field_placeholder,omitempty"`
}

// Key is a key of a reply keyboard: it sends its Text, or shares the person's
// contact or location.
type Key struct {
	Text     string `json:"text"`
	Contact  bool   `json:"request_contact,omitempty"`
	Location bool   `json:"request_location,omitempty"`
}

// File is a file in a message. Its data is had with [Server.File].
type File struct {
	ID   string
	Name string
	MIME string
	Size int64
}

// Contact is a shared contact. UserID is set where it has an account.
type Contact struct {
	Name   string
	Phone  string
	UserID int64
}

// Location is a shared place in degrees.
type Location struct{ Latitude, Longitude float64 }

// Toast is what answerCallbackQuery shows over the chat.
type Toast struct {
	Text  string
	Alert bool // a box with a button instead of a line that fades
}

// view makes a Message of a stored one. The caller holds the lock.
func (s *Server) view(m *wireMessage) Message {
	v := Message{
		ID: m.MessageID, Chat: m.Chat.ID, Date: time.Unix(m.Date, 0).UTC(), Edited: m.EditDate != 0,
		Text: m.Text, Entities: m.Entities, Album: m.MediaGroupID, ForwardedFrom: m.ForwardOrigin.name(),
		Buttons: inlineButtons(m.ReplyMarkup),
	}
	if m.Caption != "" {
		v.Text, v.Entities = m.Caption, m.CaptionEntities
	}
	switch {
	case m.From != nil:
		v.From, v.FromBot = m.From.ID, m.From.ID == s.botID
	case m.SenderChat != nil:
		v.From = m.SenderChat.ID
	}
	if m.ReplyTo != nil {
		v.ReplyTo = m.ReplyTo.MessageID
	}
	if preview, ok := m.LinkPreview.(map[string]any); ok {
		v.NoPreview, _ = preview["is_disabled"].(bool)
	}
	s.viewMedia(&v, m)
	return v
}

func (s *Server) viewMedia(v *Message, m *wireMessage) {
	if m.Document != nil {
		v.Document = s.files.view(m.Document.FileID)
	}
	if len(m.Photo) > 0 {
		v.Photo = s.files.view(m.Photo[len(m.Photo)-1].FileID)
	}
	if m.Voice != nil {
		v.Voice = s.files.view(m.Voice.FileID)
	}
	if m.Sticker != nil {
		v.Sticker = m.Sticker.Emoji
	}
	if c := m.Contact; c != nil {
		v.Contact = &Contact{Name: strings.TrimSpace(c.FirstName + " " + c.LastName), Phone: c.Phone, UserID: c.UserID}
	}
	if l := m.Location; l != nil {
		v.Location = &Location{l.Latitude, l.Longitude}
	}
}

// name is what an app shows as the source of a forwarded message.
func (o *wireOrigin) name() string {
	switch {
	case o == nil:
		return ""
	case o.SenderUser != nil:
		return o.SenderUser.FirstName
	case o.SenderChat != nil:
		return o.SenderChat.Title
	case o.Chat != nil:
		return o.Chat.Title
	}
	return o.SenderUserName
}

// inlineButtons reads the buttons out of a checked inline keyboard.
func inlineButtons(markup any) [][]Button {
	object, _ := markup.(map[string]any)
	rows, _ := object["inline_keyboard"].([]any)
	buttons := make([][]Button, 0, len(rows))
	for _, row := range rows {
		cells, _ := row.([]any)
		line := make([]Button, 0, len(cells))
		for _, cell := range cells {
			b, _ := cell.(map[string]any)
			button := Button{Text: text(b, "text"), Data: text(b, "callback_data"), URL: text(b, "url")}
			if c, ok := b["copy_text"].(map[string]any); ok {
				button.Copy = text(c, "text")
			}
			line = append(line, button)
		}
		buttons = append(buttons, line)
	}
	if len(buttons) == 0 {
		return nil
	}
	return buttons
}

// replyKeyboard reads a checked reply keyboard.
func replyKeyboard(markup map[string]any) *Keyboard {
	rows, ok := markup["keyboard"].([]any)
	if !ok {
		return nil
	}
	k := &Keyboard{Placeholder: text(markup, "input_field_placeholder")}
	k.OneTime, _ = markup["one_time_keyboard"].(bool)
	for _, row := range rows {
		cells, _ := row.([]any)
		line := make([]Key, 0, len(cells))
		for _, cell := range cells {
			b, _ := cell.(map[string]any)
			key := Key{Text: text(b, "text")}
			key.Contact, _ = b["request_contact"].(bool)
			key.Location, _ = b["request_location"].(bool)
			line = append(line, key)
		}
		k.Rows = append(k.Rows, line)
	}
	return k
}

func text(object map[string]any, key string) string {
	s, _ := object[key].(string)
	return s
}
