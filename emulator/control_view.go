package emulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// messageView is a message as the page draws it.
type messageView struct {
	ID        int64        `json:"id"`
	From      string       `json:"from"` // bot or me
	Date      int64        `json:"date"` // seconds since 1970
	HTML      string       `json:"html,omitempty"`
	Text      string       `json:"text,omitempty"`
	Caption   string       `json:"caption,omitempty"`
	Edited    bool         `json:"edited"`
	Buttons   [][]Button   `json:"buttons,omitempty"`
	Photo     string       `json:"photo,omitempty"`
	Document  *fileView    `json:"document,omitempty"`
	Voice     bool         `json:"voice,omitempty"`
	Contact   *contactView `json:"contact,omitempty"`
	Sticker   string       `json:"sticker,omitempty"`
	Forwarded string       `json:"forwarded_from,omitempty"`
	ReplyTo   int64        `json:"reply_to,omitempty"`
}

type fileView struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	Size int64  `json:"size"`
}

type contactView struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
}

// viewMessage is a message as the person with the id me sees it.
func viewMessage(m Message, me int64) messageView {
	v := messageView{
		ID: m.ID, From: "bot", Date: m.Date.Unix(), HTML: m.HTML(), Text: m.Text, Edited: m.Edited,
		Buttons: m.Buttons, Sticker: m.Sticker, Forwarded: m.ForwardedFrom, ReplyTo: m.ReplyTo, Voice: m.Voice != nil,
	}
	if m.From == me {
		v.From = "me"
	}
	if m.Photo != nil {
		v.Photo = fileURL(m.Photo)
	}
	if m.Document != nil {
		v.Document = &fileView{m.Document.Name, fileURL(m.Document), m.Document.Size}
	}
	if m.Photo != nil || m.Document != nil || m.Voice != nil {
		v.Text, v.Caption = "", m.Text
	}
	if m.Contact != nil {
		v.Contact = &contactView{m.Contact.Name, m.Contact.Phone}
	}
	return v
}

func fileURL(f *File) string { return "/files/" + url.PathEscape(f.ID) }

// eventView is an event as the page gets it.
type eventView struct {
	Type      string       `json:"type"`
	Message   *messageView `json:"message,omitempty"`
	MessageID int64        `json:"message_id,omitempty"`
	Text      string       `json:"text,omitempty"`
	Alert     bool         `json:"alert,omitempty"`
}

func (s *Server) viewEvent(e event, me int64) eventView {
	v := eventView{Type: e.kind, MessageID: e.id, Text: e.text, Alert: e.alert}
	if e.message != nil {
		s.mu.Lock()
		m := s.view(e.message)
		s.mu.Unlock()
		shown := viewMessage(m, me)
		v.Message, v.MessageID = &shown, m.ID
	}
	return v
}

// heartbeat keeps proxies and the browser sure that the stream is alive.
const heartbeat = 15 * time.Second

// streamEvents is Server-Sent Events: what happens in a chat from now on. The
// stream is registered before the answer begins, so a page that reads the chat
// once the stream is open misses nothing.
func (s *Server) streamEvents(w http.ResponseWriter, r *http.Request, p *Person) {
	stream := s.listen(p)
	defer s.unlisten(p, stream)
	out := http.NewResponseController(w)
	// A server with a write time-out would cut the stream; one without does not mind.
	_ = out.SetWriteDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	write(w, []byte(": open\n\n"))
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for out.Flush() == nil {
		select {
		case e := <-stream.events:
			body, err := json.Marshal(s.viewEvent(e, p.ID()))
			if err != nil {
				return
			}
			write(w, append(append([]byte("data: "), body...), "\n\n"...))
		case <-tick.C:
			write(w, []byte(": here\n\n"))
		case <-stream.lost:
			return
		case <-r.Context().Done():
			return
		case <-s.done:
			return
		}
	}
}

func (s *Server) listen(p *Person) *stream {
	l := newStream()
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.chat.listeners == nil {
		p.chat.listeners = map[*stream]struct{}{}
	}
	p.chat.listeners[l] = struct{}{}
	return l
}

func (s *Server) unlisten(p *Person, l *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(p.chat.listeners, l)
}
