package fraud

import "strings"

// Kind says what sort of thing a Subject is.
type Kind string

// The kinds a recogniser finds.
const (
	KindPhone      Kind = "phone"      // a number that can exist; Value is E.164
	KindShort      Kind = "short"      // a short number such as 102 or 1414; Value is its digits
	KindImpossible Kind = "impossible" // looks like a full number, exists in no numbering plan; Value is + and digits
	KindCard       Kind = "card"       // a payment card; Value is the PAN (13 to 19 digits, Luhn holds)
	KindBadCard    Kind = "badcard"    // grouped like a card, Luhn fails; Value is the digits
	KindIBAN       Kind = "iban"       // a Kazakhstan IBAN; Value is 20 characters without spaces
	KindBadIBAN    Kind = "badiban"    // KZ and 20 characters, mod 97 fails
)

// Reportable tells whether people can report a subject of this kind: a card or
// an account with a wrong check digit is a slip of the pen, not a subject.
func (k Kind) Reportable() bool {
	switch k {
	case KindPhone, KindShort, KindImpossible, KindCard, KindIBAN:
		return true
	}
	return false
}

// Subject is one thing a scammer shows: a number, a card, an account.
//
// A Subject of KindCard or KindBadCard holds a PAN in Value. It lives in memory
// while one message is answered and must never be stored, logged or put into a
// draft: what is kept is a Ref.
type Subject struct {
	Kind    Kind
	Value   string // canonical form, see the kinds
	Shown   string // the form people read, "+7 701 123 45 67"; cards masked, "4400 43•• •••• 1234"
	Country string // ISO 3166-1 alpha-2 of a phone number, "" where unknown
	Hint    string // a phone's operator (a hint: numbers are portable), a card's network, an IBAN's bank
}

// Miscounted reports whether a number behind +7, which all have eleven digits, has
// more or fewer of them: far more often a slip of the pen than what a caller showed.
func (s Subject) Miscounted() bool {
	const whole = len("+77011234567")
	return s.Kind == KindImpossible && strings.HasPrefix(s.Value, "+7") && len(s.Value) != whole
}

// Key finds a subject, or a person, in the store: a keyed hash, 16 bytes. It
// reveals nothing without the key it was made with.
type Key [16]byte

// Ref is a Subject in the form that may be kept: a card has no PAN, only its
// key and its last four digits.
type Ref struct {
	Kind  Kind
	Key   Key
	Value string // as in Subject; of a card its last four digits
	Shown string // as in Subject; of a card "•••• 1234"
}
