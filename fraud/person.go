package fraud

import "time"

// Lang is a language SaqBol speaks.
type Lang string

// The two languages of SaqBol.
const (
	Kazakh  Lang = "kk"
	Russian Lang = "ru"
)

// Person is what is known of somebody who writes to the bot.
type Person struct {
	ID    int64 // Telegram's user id
	Known bool  // false: nothing is stored about this person
	Lang  Lang  // the language chosen with /language or /start, "" = not chosen
	Gone  bool  // Telegram said 403: the person has blocked the bot
	// MayLag says that this person has told nothing themselves, so that what they are
	// shown of a subject may be some seconds old.
	MayLag bool
}

// Session is where a conversation stands: a row, never a map in memory. The zero
// Session means that no conversation is open.
type Session struct {
	Flow   string // "report", …
	Step   string // the step whose answer is awaited
	Draft  []byte // the flow's own JSON; sealed at rest; holds no PAN and no one-time code
	Anchor int64  // Telegram's id of the message that is edited in place, 0 = not known yet
	Update int64  // the update that led here, 0 = not known
	At     time.Time
}

// Open reports whether a conversation is open.
func (s Session) Open() bool { return s.Flow != "" }

// Dispute is a person's word that a subject is not a scam.
type Dispute struct {
	Subject Ref
	On      bool // false takes it back
}

// Outgoing is one call to Telegram that waits to be made: an answer or a notice.
type Outgoing struct {
	ID      int64  // given by the store, 0 before that
	Chat    int64  // Telegram's chat id
	Payload []byte // the edge's own encoding; sealed at rest
}

// Change is everything that one update alters. The store applies it in one
// transaction together with the mark that the update was handled, so a second
// delivery has no second effect and a crash leaves all of it or nothing.
type Change struct {
	Update   int64 // Telegram's update_id, 0 where no update is behind it
	Person   int64 // Telegram's user id
	Now      time.Time
	Lang     Lang     // the language chosen, "" = as it was
	Session  *Session // nil = as it was; the zero Session closes it
	File     *Report  // filed; a report with this code and person is replaced
	Withdraw string   // the code of the report to withdraw, "" = none
	Dispute  *Dispute
	Gone     *bool // the person has blocked the bot, or has come back
	Erase    bool  // forget the person; reports stay without any trace of them
	Outgoing []Outgoing
	QuotaDay int64 // the day on which File and Erase count for the person's quota, 0 = they don't
	// Letter is the dead letter that this change settles, 0 = none. The letter must be
	// there and marked to be handled anew; it goes with the change. Update may have
	// been marked as handled then.
	Letter int64
	// Turn proves that the chat to which the change belongs is this replica's; the
	// zero Turn proves nothing, and is right where there are no replicas.
	Turn Turn
}

// Turn is a replica's right to work for a chat: another that has the chat now has
// it under another token.
type Turn struct {
	Chat  int64 // Telegram's chat id, 0 = no turn is needed
	Token int64 // 0 = there is none: nothing may be stored
}

// Empty reports whether there is nothing to store.
func (c Change) Empty() bool {
	return c.Lang == "" && c.Session == nil && c.File == nil && c.Withdraw == "" &&
		c.Dispute == nil && c.Gone == nil && !c.Erase && len(c.Outgoing) == 0 && c.Letter == 0
}
