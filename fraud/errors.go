package fraud

import "errors"

// Code says what kind of thing went wrong.
type Code string

// The codes of an Error.
const (
	CodeInvalid     Code = "invalid"     // what the person sent can't be used
	CodeNotFound    Code = "not_found"   // no such thing, or not theirs
	CodeUnavailable Code = "unavailable" // the store can't answer or save now
)

// ErrSeen is returned by a store's Commit for an update whose effect is stored already.
var ErrSeen = errors.New("this update was handled before")

// ErrFenced is returned by a store whose place another instance has taken: nothing
// was stored, and that instance will handle what this one was about to.
var ErrFenced = errors.New("another SaqBol has taken over this database: this one may not write any more")

// Error is the one error type of the domain: a code and the key of the message
// that a citizen reads. Err, if set, is for the log only.
type Error struct {
	Code Code
	Key  string // a key of the catalogue in locales
	Err  error
}

// Error is for the log; people read the message behind Key.
func (e *Error) Error() string {
	if e.Err == nil {
		return string(e.Code) + ": " + e.Key
	}
	return string(e.Code) + ": " + e.Key + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
