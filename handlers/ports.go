package handlers

import (
	"context"
	"time"

	"saqbol/fraud"
)

// Recogniser finds subjects in what people send. recognize.Recogniser is one.
type Recogniser interface {
	// Find returns the subjects in order, each once.
	Find(text string) []fraud.Subject
	// Redact masks card numbers, CVVs, one-time codes and passwords; found says
	// whether there was one. Phone numbers stay.
	Redact(text string) (masked string, found bool)
}

// Tokens turns subjects into opaque words for callback data and back. A token
// is at most 58 bytes and needs no row in the store: what people check is kept
// nowhere (docs/adr/0003).
type Tokens interface {
	// Identify makes the form of a subject that may be kept.
	Identify(fraud.Subject) fraud.Ref
	Token(fraud.Ref) (string, error)
	// Open reports false for a token this program did not make.
	Open(token string) (fraud.Ref, bool)
}

// Standings reads what reports add up to.
type Standings interface {
	// Standings returns one Standing for each key, in the same order.
	Standings(ctx context.Context, keys []fraud.Key) ([]fraud.Standing, error)
	// StandingsFor is Standings for somebody who asks: what they are shown may be some
	// seconds old where nothing of it can be their own.
	StandingsFor(ctx context.Context, asker fraud.Person, keys []fraud.Key) ([]fraud.Standing, error)
	// Disputed reports whether this person says the subject is not a scam.
	Disputed(ctx context.Context, person int64, key fraud.Key) (bool, error)
}

// Reports reads a person's reports.
type Reports interface {
	// ReportsOf returns a person's reports, newest first, withdrawn ones too.
	ReportsOf(ctx context.Context, person int64) ([]fraud.Report, error)
	// Overlapping returns the person's standing report that shares a subject
	// with keys, the latest if there are several; ok is false where none does.
	Overlapping(ctx context.Context, person int64, keys []fraud.Key) (report fraud.Report, ok bool, err error)
}

// Portraits reads everything stored about a person, for their export.
type Portraits interface {
	Portrait(ctx context.Context, person int64) (fraud.Portrait, error)
}

// Totals reads the sums for /stats.
type Totals interface {
	Totals(ctx context.Context, since time.Time) (fraud.Totals, error)
}
