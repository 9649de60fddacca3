package emulator

import (
	"fmt"
	"strconv"
	"time"
)

// Upload is a file that a person sends.
type Upload struct {
	Name    string
	MIME    string // guessed from the name if empty
	Data    []byte
	Caption string
}

func (u Upload) file() *upload { return &upload{name: u.Name, mime: u.MIME, data: u.Data} }

// SendPhoto sends a picture and gives the message's id.
func (p *Person) SendPhoto(u Upload) int64 {
	return p.post(p.photo(u))
}

func (p *Person) photo(u Upload) *wireMessage {
	m := captioned(u)
	m.Photo = p.server.files.put("photo", u.file()).photo()
	return m
}

// SendDocument sends a file.
func (p *Person) SendDocument(u Upload) int64 {
	m := captioned(u)
	m.Document = p.server.files.put("document", u.file()).document()
	return p.post(m)
}

// SendVoice sends a voice message; its length is said to be three seconds.
func (p *Person) SendVoice(u Upload) int64 {
	const seconds = 3
	m := captioned(u)
	m.Voice = p.server.files.put("voice", u.file()).voice(seconds)
	return p.post(m)
}

func captioned(u Upload) *wireMessage {
	return &wireMessage{Caption: u.Caption, CaptionEntities: commandEntities(u.Caption)}
}

// SendAlbum sends pictures as one album: a message each, with one
// media_group_id.
func (p *Person) SendAlbum(photos ...Upload) []int64 {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	group := strconv.FormatInt(1<<50+p.server.lastMsg, 10)
	ids := make([]int64, 0, len(photos))
	for _, u := range photos {
		m := p.photo(u)
		m.MediaGroupID = group
		ids = append(ids, p.postLocked(m))
	}
	return ids
}

// SendSticker sends a sticker with that emoji.
func (p *Person) SendSticker(emoji string) int64 {
	f := p.server.files.put("sticker", &upload{name: "sticker.webp"})
	return p.post(&wireMessage{Sticker: &wireSticker{
		FileID: f.id, UniqueID: f.unique, Type: "regular", Width: 512, Height: 512, Emoji: emoji,
	}})
}

// SendLocation sends a place, in degrees.
func (p *Person) SendLocation(latitude, longitude float64) int64 {
	return p.post(&wireMessage{Location: &wireLocation{latitude, longitude}})
}

// SendContact shares somebody else's contact, without an account.
func (p *Person) SendContact(name, phone string) int64 {
	return p.post(&wireMessage{Contact: &wireContact{Phone: phone, FirstName: name}})
}

// ShareOwnContact shares the person's own number, as the key of a reply
// keyboard with request_contact does.
func (p *Person) ShareOwnContact(phone string) int64 {
	return p.post(&wireMessage{Contact: &wireContact{Phone: phone, FirstName: p.name, UserID: p.id}})
}

// Origin is where a forwarded message comes from.
type Origin struct {
	kind, name string
}

// FromUser is a person whose account is shown.
func FromUser(name string) Origin { return Origin{"user", name} }

// FromHiddenUser is a person who hides their account: only the name is known.
func FromHiddenUser(name string) Origin { return Origin{"hidden_user", name} }

// FromChat is a group on whose behalf an administrator wrote.
func FromChat(title string) Origin { return Origin{"chat", title} }

// FromChannel is a post of a channel.
func FromChannel(title string) Origin { return Origin{"channel", title} }

// ids of the sources of forwarded messages, apart from those of people here
const (
	strangerID = SamplePersonID + 50_000_000
	elsewhere  = -1_000_999_000_000
)

func (o Origin) wire(at time.Time) *wireOrigin {
	w := &wireOrigin{Type: o.kind, Date: at.Unix()}
	switch o.kind {
	case "user":
		w.SenderUser = &wireUser{ID: strangerID, FirstName: o.name}
	case "hidden_user":
		w.SenderUserName = o.name
	case "chat":
		w.SenderChat = &wireChat{ID: elsewhere - 1, Type: "supergroup", Title: o.name}
	case "channel":
		w.Chat = &wireChat{ID: elsewhere - 2, Type: "channel", Title: o.name}
		w.MessageID = 1
	}
	return w
}

// Forward forwards a text that came from somewhere else.
func (p *Person) Forward(from Origin, text string) int64 {
	return p.post(&wireMessage{
		ForwardOrigin: from.wire(p.server.opts.Clock()), Text: text, Entities: commandEntities(text),
	})
}

// ForwardPhoto forwards a picture that came from somewhere else.
func (p *Person) ForwardPhoto(from Origin, u Upload) int64 {
	m := p.photo(u)
	m.ForwardOrigin = from.wire(p.server.opts.Clock())
	return p.post(m)
}

// PressKey presses a key of the reply keyboard: it sends the label, or shares
// the person's contact with the number given.
func (p *Person) PressKey(label, phone string) (int64, error) {
	for _, row := range p.Keyboard().rows() {
		for _, key := range row {
			switch {
			case key.Text != label:
			case key.Contact:
				return p.ShareOwnContact(phone), nil
			default:
				return p.Send(label), nil
			}
		}
	}
	return 0, fmt.Errorf("pressing the key %q: %w", label, errNoButton)
}

func (k *Keyboard) rows() [][]Key {
	if k == nil {
		return nil
	}
	return k.Rows
}
