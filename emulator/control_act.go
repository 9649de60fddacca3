package emulator

import (
	"errors"
	"net/http"
	"strings"
)

// actInput is what the page sends with an act: each act reads its own fields.
type actInput struct {
	Text      string `json:"text"`
	Data      string `json:"data"`
	MessageID int64  `json:"message_id"`
	Name      string `json:"name"`
	Phone     string `json:"phone"`
	From      string `json:"from"`
	Emoji     string `json:"emoji"`
	Blocked   bool   `json:"blocked"`
}

// fileInput is a file that the page sends, in base64.
type fileInput struct {
	Data    []byte `json:"data"`
	Name    string `json:"name"`
	Caption string `json:"caption"`
}

// maxSent is the largest file a person can send from the page: what a bot may
// download.
const maxSent = maxDownload

var (
	errEmpty   = errors.New("there is nothing to send")
	errTooLong = errors.New("the text is longer than Telegram takes")
	errFile    = errors.New("a file needs a name and 1 byte to 20 MB of data")
)

// action is something a person does from the page. It gives the id of the
// message it made, if it made one.
type action func(w http.ResponseWriter, r *http.Request, p *Person) (id int64, ok bool, err error)

func actions() map[string]action {
	return map[string]action{
		"send":     simple(func(p *Person, in actInput) (int64, error) { return p.sendText(in.Text, p.Send) }),
		"press":    simple(func(p *Person, in actInput) (int64, error) { return 0, p.PressStale(in.MessageID, in.Data) }),
		"contact":  simple((*Person).contactFromPage),
		"forward":  simple((*Person).forwardFromPage),
		"sticker":  simple(func(p *Person, in actInput) (int64, error) { return p.within(in.Emoji, p.SendSticker) }),
		"edit":     simple((*Person).editFromPage),
		"block":    simple(func(p *Person, in actInput) (int64, error) { p.block(in.Blocked); return 0, nil }),
		"photo":    file((*Person).SendPhoto),
		"document": file((*Person).SendDocument),
		"voice":    file((*Person).SendVoice),
	}
}

// act runs an action and answers the page.
func (s *Server) act(do action) func(http.ResponseWriter, *http.Request, *Person) {
	return func(w http.ResponseWriter, r *http.Request, p *Person) {
		id, read, err := do(w, r, p)
		switch {
		case !read: // readJSON has answered
		case errors.Is(err, errNoMessage):
			problem(w, http.StatusNotFound, err.Error())
		case err != nil:
			problem(w, http.StatusBadRequest, err.Error())
		default:
			respond(w, struct {
				OK        bool  `json:"ok"`
				MessageID int64 `json:"message_id,omitempty"`
			}{true, id})
		}
	}
}

func simple(do func(*Person, actInput) (int64, error)) action {
	return func(w http.ResponseWriter, r *http.Request, p *Person) (int64, bool, error) {
		var in actInput
		if !readJSON(w, r, &in) {
			return 0, false, nil
		}
		id, err := do(p, in)
		return id, true, err
	}
}

func file(do func(*Person, Upload) int64) action {
	return func(w http.ResponseWriter, r *http.Request, p *Person) (int64, bool, error) {
		var in fileInput
		switch {
		case !readJSON(w, r, &in):
			return 0, false, nil
		case len(in.Data) == 0 || len(in.Data) > maxSent || in.Name == "" || len(in.Name) > 255:
			return 0, true, errFile
		case units(in.Caption) > maxCaption:
			return 0, true, errTooLong
		}
		return do(p, Upload{Name: in.Name, Data: in.Data, Caption: strings.TrimSpace(in.Caption)}), true, nil
	}
}

// sendText sends a text of a person as Telegram's apps do: one that is longer than
// a message goes as several. It gives the id of the last.
func (p *Person) sendText(text string, send func(string) int64) (id int64, err error) {
	parts := messages(text)
	if len(parts) == 0 {
		return 0, errEmpty
	}
	for _, part := range parts {
		id = send(part)
	}
	return id, nil
}

// messages divides a text into what a message holds: at the last line's end that
// fits or else at the last space, and within a word only where there is neither.
func messages(text string) (parts []string) {
	for text = strings.TrimSpace(text); text != ""; {
		end := fits(text)
		if end < len(text) {
			if at := strings.LastIndexByte(text[:end], '\n'); at > 0 {
				end = at
			} else if at := strings.LastIndexByte(text[:end], ' '); at > 0 {
				end = at
			}
		}
		parts = append(parts, strings.TrimSpace(text[:end]))
		text = strings.TrimSpace(text[end:])
	}
	return parts
}

// fits is how many bytes of a text a message holds.
func fits(text string) int {
	size := 0
	for at, r := range text {
		if size += units(string(r)); size > maxText {
			return at
		}
	}
	return len(text)
}

// within sends a text of which there can be no more than one message.
func (p *Person) within(text string, send func(string) int64) (int64, error) {
	if units(strings.TrimSpace(text)) > maxText {
		return 0, errTooLong
	}
	return p.sendText(text, send)
}

func (p *Person) contactFromPage(in actInput) (int64, error) {
	switch {
	case in.Phone == "" || in.Name == "":
		return 0, errEmpty
	case units(in.Phone) > 64 || units(in.Name) > 64:
		return 0, errTooLong
	case in.Name == p.name: // the person's own card
		return p.ShareOwnContact(in.Phone), nil
	}
	return p.SendContact(in.Name, in.Phone), nil
}

func (p *Person) forwardFromPage(in actInput) (int64, error) {
	if strings.TrimSpace(in.From) == "" {
		return 0, errEmpty
	}
	return p.sendText(in.Text, func(text string) int64 { return p.Forward(FromHiddenUser(in.From), text) })
}

func (p *Person) editFromPage(in actInput) (int64, error) {
	var refused error
	id, err := p.within(in.Text, func(text string) int64 {
		refused = p.EditMessage(in.MessageID, text)
		return in.MessageID
	})
	return id, errors.Join(err, refused)
}
