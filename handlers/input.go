package handlers

import "saqbol/fraud"

// Kind says what a person did.
type Kind int

// The kinds of Input.
const (
	KindText    Kind = iota // a text, a caption, a shared contact or a forwarded message
	KindCommand             // Command and Text (what stood behind it)
	KindButton              // Button
	KindMedia               // File, perhaps with a caption in Text
	KindOther               // a sticker, a location, a poll …
	KindEdited              // a message changed after it was sent
	KindBlocked             // the person has blocked the bot
	KindBack                // the person has come back
)

// Input is one thing a person did, without a trace of Telegram's types.
type Input struct {
	Update    int64 // Telegram's update_id
	Kind      Kind
	Person    int64 // Telegram's user id
	Chat      int64 // Telegram's chat id
	Private   bool  // a chat with the person alone
	Message   int64 // id of the message, of a button the message it stands under
	Command   string
	Text      string   // text, caption, or what stood behind the command
	Contacts  []string // phone numbers of shared contacts
	Quoted    string   // the text of the message that this one answers
	Links     []string // targets hidden under words (text_link), tel: and https:
	File      fraud.File
	Album     string // id of the album the file belongs to, "" = none
	Forwarded bool
	Button    string // the button's data: prefix, ':' and the rest
	Language  string // language_code as Telegram gives it; may be anything
}
