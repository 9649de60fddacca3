package handlers

import (
	"saqbol/fraud"
	"saqbol/locales"
)

// Reply is what a flow answers: messages for people and a change for the store.
// The zero Reply is a deliberate silence.
type Reply struct {
	Lang     fraud.Lang // the language everything is rendered in; the router sets it
	Messages []Message
	Toast    locales.Msg // shown over the button that was pressed
	Delete   int64       // id of a message in this chat to delete, 0 = none
	Change   fraud.Change
	Verdicts fraud.Verdicts // what the answer to a check says, for the count
	Limited  fraud.Excess   // the limit that this answer tells of, for the count
}

// Message is one message, new or in place of an older one.
type Message struct {
	Text     []locales.Msg // one below the other; a zero Msg is an empty line
	Buttons  [][]Button
	Edit     int64       // the message to edit in place; 0 = a new one. Where the edit fails, a new one is sent
	Anchor   bool        // remember this message's id as Session.Anchor
	Contact  locales.Msg // the label of a reply keyboard's button that shares a contact
	Unkey    bool        // remove the reply keyboard
	Document *Document
	ReplyTo  int64 // in groups: the message this answers
}

// Button is a button under a message: Data (64 bytes at the most) or URL.
type Button struct {
	Label locales.Msg
	Mark  string // put before the label: ✅, ✖️, 🇰🇿
	Data  string
	URL   string
}

// Document is a file made for the person.
type Document struct {
	Name string
	Data []byte
}

// Say is a Reply of one message.
func Say(text ...locales.Msg) Reply {
	return Reply{Messages: []Message{{Text: text}}}
}
