package fraud

import "time"

// Notice is a message to a person that nobody waits for: news of a report, a
// warning. It is a row until it is sent, at least once.
type Notice struct {
	ID     int64  // given by the store, 0 before that
	Person int64  // Telegram's user id, and the chat
	Lang   Lang   // the person's, as it is when the notice is read for sending; "" = not chosen
	Key    string // of the catalogue in locales
	// Args are the message's arguments by name: strings, int64s, or times, which are
	// shown as a day. The message is rendered when it is sent.
	Args map[string]any
	Due  time.Time // when it may be sent; zero = at once
	// Once is a name by which the producer knows the notice again, "" for none: for
	// one person, a second notice of that name is not stored for 90 days, even where
	// the first was sent long ago.
	Once string
	// About is the code of the report that the notice is about, "" for none: the
	// notice goes when the report is withdrawn.
	About string
}

// DueNotices is a page of notices that may be sent, in the order in which they
// fell due.
type DueNotices struct {
	Notices []Notice
	Aside   int // rows that can't be opened, set aside by this reading
}

// Waiting is a page of the answers that wait, in the order in which they were stored.
type Waiting struct {
	Rows   []Outgoing
	Next   int64 // the id to read on behind, 0 = there is no more
	Newest int64 // the highest id there is, 0 for an empty outbox
	Aside  int   // rows that can't be opened, set aside by this reading
}
