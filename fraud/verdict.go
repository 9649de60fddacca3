package fraud

import "time"

// Standing is what the reports of one subject add up to.
type Standing struct {
	Reporters int       // different people with a report that stands
	Top       Scenario  // named most often, "" where nobody named one
	Last      time.Time // when the last report came, UTC
	Disputes  int       // different people who say it is not a scam
	Confirmed bool      // a dispatcher, the police or a bank confirmed it
}

// Level is the verdict on a subject; Mark gives its sign.
type Level int

// The levels, as in the glossary.
const (
	LevelNone       Level = iota // no reports; that does not mean it is safe
	LevelReported                // people reported it, not verified
	LevelConfirmed               // a human decision confirmed it
	LevelOfficial                // an official number of a bank or an agency
	LevelImpossible              // no such number can exist: the caller ID is forged
	LevelMistyped                // a card or an account whose check digits are wrong
)

// String is the level's name, for counts.
func (l Level) String() string {
	return [...]string{"none", "reported", "confirmed", "official", "impossible", "mistyped"}[l]
}

// Verdicts is how many verdicts of each level an answer gives.
type Verdicts [LevelMistyped + 1]uint8

// Mark is the sign that a verdict begins with.
func (l Level) Mark() string {
	return [...]string{"⚪", "🟠", "🔴", "🔵", "⛔", "⛔"}[l]
}

// Verdict is what a citizen is told about a subject.
type Verdict struct {
	Level    Level
	Standing Standing
	Official *Official // set at LevelOfficial
	Forged   bool      // LevelOfficial with reports: somebody is forging this number
}

// Judge weighs what is known of a subject. An official number stays official
// whatever is reported of it: reports of it mean that it is being forged.
func Judge(kind Kind, standing Standing, official *Official) Verdict {
	v := Verdict{Standing: standing}
	switch {
	case kind == KindBadCard || kind == KindBadIBAN:
		v.Level = LevelMistyped
	case official != nil:
		v.Level, v.Official = LevelOfficial, official
		v.Forged = standing.Reporters > 0 || standing.Confirmed
	case kind == KindImpossible:
		v.Level = LevelImpossible
	case standing.Confirmed:
		v.Level = LevelConfirmed
	case standing.Reporters > 0:
		v.Level = LevelReported
	}
	return v
}
