package bot

import (
	"strings"

	"github.com/go-telegram/bot/models"

	"saqbol/fraud"
	"saqbol/handlers"
)

// self is who the bot is.
type self struct {
	id       int64
	username string
}

// translate turns an update into an Input. ok is false where the answer is a
// deliberate silence: other bots, channels, service messages, talk in groups that
// is not meant for us.
func (me self) translate(u *models.Update) (in handlers.Input, ok bool) {
	switch {
	case u.Message != nil:
		in, ok = me.message(u.Message)
	case u.EditedMessage != nil:
		in, ok = me.edited(u.EditedMessage)
	case u.CallbackQuery != nil:
		in, ok = pressed(u.CallbackQuery)
	case u.MyChatMember != nil:
		in, ok = membership(u.MyChatMember)
	}
	in.Update = u.ID
	return in, ok
}

func (me self) edited(m *models.Message) (handlers.Input, bool) {
	if m.Chat.Type != models.ChatTypePrivate || !fromPerson(m) {
		return handlers.Input{}, false
	}
	in := content(m)
	in.Kind = handlers.KindEdited
	return in, true
}

func (me self) message(m *models.Message) (handlers.Input, bool) {
	private := m.Chat.Type == models.ChatTypePrivate
	group := m.Chat.Type == models.ChatTypeGroup || m.Chat.Type == models.ChatTypeSupergroup
	if !fromPerson(m) || (!private && !group) {
		return handlers.Input{}, false
	}
	in := content(m)
	switch {
	case in.File.ID != "":
		in.Kind = handlers.KindMedia
	case in.Text != "" || len(in.Contacts) > 0:
		in.Kind = handlers.KindText
	case somethingElse(m):
		in.Kind = handlers.KindOther
	default:
		return handlers.Input{}, false // a service message
	}
	asked, isCommand := parseCommand(in.Text)
	if isCommand && !in.Forwarded { // the commands of others are only quoted
		if !private && !asked.forUs(me.username) {
			return handlers.Input{}, false // in a private chat nobody else is there who could be meant
		}
		in.Kind, in.Command, in.Text = handlers.KindCommand, asked.name, asked.rest
		return in, true
	}
	return in, private || me.answered(m)
}

// answered reports whether a message answers one of the bot's own.
func (me self) answered(m *models.Message) bool {
	to := m.ReplyToMessage
	return to != nil && to.From != nil && to.From.ID == me.id
}

// fromPerson reports whether a person wrote the message themselves.
func fromPerson(m *models.Message) bool {
	return m.From != nil && !m.From.IsBot && m.ViaBot == nil && m.SenderChat == nil && !m.IsAutomaticForward &&
		m.BusinessConnectionID == ""
}

// content is what a message says, of whatever kind it is.
func content(m *models.Message) handlers.Input {
	in := handlers.Input{
		Person:    m.From.ID,
		Chat:      m.Chat.ID,
		Private:   m.Chat.Type == models.ChatTypePrivate,
		Message:   int64(m.ID),
		Text:      words(m),
		Contacts:  contacts(m.Contact),
		Links:     links(m.Entities, m.CaptionEntities),
		File:      file(m),
		Album:     m.MediaGroupID,
		Forwarded: m.ForwardOrigin != nil,
		Language:  m.From.LanguageCode,
	}
	if to := m.ReplyToMessage; to != nil {
		in.Quoted = words(to)
		if shared := contacts(to.Contact); len(shared) > 0 {
			in.Quoted = strings.TrimSpace(in.Quoted + "\n" + strings.Join(shared, "\n"))
		}
	}
	if m.ExternalReply != nil && in.Quoted == "" {
		in.Quoted = strings.Join(contacts(m.ExternalReply.Contact), "\n")
	}
	if m.Quote != nil && m.Quote.Text != "" {
		in.Quoted = m.Quote.Text
	}
	return in
}

func words(m *models.Message) string {
	if m.Text != "" {
		return m.Text
	}
	return m.Caption
}

// contacts returns the numbers of a shared contact, those of its vCard too.
func contacts(c *models.Contact) []string {
	if c == nil {
		return nil
	}
	var out []string
	add := func(number string) {
		for _, known := range out {
			if digits(known) == digits(number) {
				return
			}
		}
		if digits(number) != "" {
			out = append(out, number)
		}
	}
	add(c.PhoneNumber)
	for line := range strings.Lines(c.VCard) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut(strings.ToUpper(name), ";")
		if name == "TEL" || strings.HasSuffix(name, ".TEL") {
			add(strings.TrimPrefix(value, "tel:"))
		}
	}
	return out
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// links returns the targets that stand under words.
func links(all ...[]models.MessageEntity) []string {
	var out []string
	for _, entities := range all {
		for _, e := range entities {
			if e.Type == models.MessageEntityTypeTextLink && e.URL != "" {
				out = append(out, e.URL)
			}
		}
	}
	return out
}

// file names the file of a message; of a photo the largest size.
func file(m *models.Message) fraud.File {
	switch {
	case len(m.Photo) > 0:
		largest := m.Photo[0]
		for _, size := range m.Photo[1:] {
			if size.Width*size.Height >= largest.Width*largest.Height {
				largest = size
			}
		}
		return fraud.File{Kind: "photo", ID: largest.FileID}
	case m.Voice != nil:
		return fraud.File{Kind: "voice", ID: m.Voice.FileID}
	case m.Audio != nil:
		return fraud.File{Kind: "audio", ID: m.Audio.FileID}
	case m.Video != nil:
		return fraud.File{Kind: "video", ID: m.Video.FileID}
	case m.VideoNote != nil:
		return fraud.File{Kind: "video", ID: m.VideoNote.FileID}
	case m.Animation != nil: // comes with a document of the same file
		return fraud.File{Kind: "video", ID: m.Animation.FileID}
	case m.Document != nil:
		return fraud.File{Kind: "document", ID: m.Document.FileID}
	}
	return fraud.File{}
}

// somethingElse reports whether a message holds something that people send and
// that SaqBol can't use; a contact without a number is among it.
func somethingElse(m *models.Message) bool {
	return m.Contact != nil || m.Sticker != nil || m.Location != nil || m.Venue != nil || m.Poll != nil || m.Dice != nil || m.Game != nil ||
		m.Story != nil || m.PaidMedia != nil || m.Checklist != nil || m.Giveaway != nil || m.Invoice != nil
}
