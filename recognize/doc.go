// Package recognize turns what a person sends into fraud.Subjects: phone
// numbers, short numbers, numbers that can't exist, cards and Kazakhstan IBANs,
// inside any text; and it masks what must never be kept: card numbers, CVVs,
// one-time codes, PINs and passwords.
//
// A text is read once (normal.go): digits of every script become ASCII, dashes
// and spaces become one dash and one space, invisible characters vanish, and
// every character remembers where it stood. It is then split into words and
// groups of digits (scan.go, words.go), and ordered rules (recogniser.go) claim
// groups, surest first: accounts, dates, cards, phones, sums, labelled numbers,
// what looks like a card or a number but is none, short numbers. A claimed group
// is never used twice, so no phone is part of a card nor the reverse.
package recognize
