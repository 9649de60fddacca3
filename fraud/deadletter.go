package fraud

import (
	"errors"
	"time"
)

// ErrNoLetter is returned for a dead letter that is not there, or no more.
var ErrNoLetter = errors.New("there is no such dead letter")

// DeadLetter is an update that could not be handled, kept for the operator, who
// may have it handled anew. Card numbers and codes in it are masked; it is sealed
// at rest.
type DeadLetter struct {
	ID     int64  // given by the store, 0 before that
	Update int64  // Telegram's update_id, 0 where it could not be read
	Person int64  // whose it is, 0 where it could not be read; for their erasure, not read back
	Reason string // what went wrong, without anything of what the person wrote
	Raw    []byte // the update's bytes
	// Masked says that something in Raw was masked: what is left can't be handled as
	// if the person had sent it.
	Masked bool
	Cut    bool // Raw is only the beginning
	At     time.Time
	Tries  int  // how often it was handled anew and failed again
	Replay bool // it is to be handled anew
	Broken bool // its seal does not open: Reason and Raw are empty
	Size   int  // bytes of Raw; of a broken one, as it is stored
}
