package emulator

// event is one change in a chat, for the streams of the chat page.
type event struct {
	kind    string // message, edit, delete, toast, keyboard, typing, commands
	message *wireMessage
	id      int64 // of a deleted message
	text    string
	alert   bool
}

// stream is one open page. A page that does not keep up loses its stream; it
// opens a new one and reads the chat again.
type stream struct {
	events chan event
	lost   chan struct{}
	gone   bool
}

const streamBuffer = 256

func newStream() *stream {
	return &stream{events: make(chan event, streamBuffer), lost: make(chan struct{})}
}

// offer hands over an event without waiting. Server.mu guards it.
func (l *stream) offer(e event) {
	if l.gone {
		return
	}
	select {
	case l.events <- e:
	default:
		l.gone = true
		close(l.lost)
	}
}
