package fraud

import "time"

// DeadLetter is an update that could not be handled, kept for the operator. Card
// numbers and codes in it are masked; it is sealed at rest.
type DeadLetter struct {
	Update int64  // Telegram's update_id, 0 where it could not be read
	Person int64  // whose it is, 0 where it could not be read; for their erasure, not read back
	Reason string // what went wrong, without anything of what the person wrote
	Raw    []byte // the update's JSON, masked
	At     time.Time
}
