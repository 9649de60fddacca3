package fraud

// Limits is how much one person may ask and report, and how much everybody may
// before those who have had their share wait. A limit of 0 is none. A day is one
// of Kazakhstan's.
type Limits struct {
	ChecksPerHour int // subjects, by one person
	ChecksPerDay  int // subjects, by one person
	ChecksAll     int // subjects, by everybody in a day …
	ChecksShare   int // … after which those wait who have asked so many that day
	ReportsPerDay int // filed or updated, by one person
	ReportsAll    int // filed or updated, by everybody in a day …
	ReportsShare  int // … after which those wait who have filed so many that day
}

// DefaultLimits leave everybody in peace who asks for themselves, for a family or
// for a village; on a busy day nobody is turned away who asks no more than a
// family does, fifty a day (docs/adr/0011).
func DefaultLimits() Limits {
	return Limits{ChecksPerHour: 200, ChecksPerDay: 500, ChecksAll: 50_000, ChecksShare: 50, ReportsPerDay: 30, ReportsAll: 5_000, ReportsShare: 5}
}

// Usage is what one person, or everybody, has used up in one day.
type Usage struct {
	Checks   int // subjects asked
	Reports  int // filed or updated
	Erasures int // of everything stored about the person
}

// Excess says which limit is reached.
type Excess string

// The limits that can be reached.
const (
	ExcessNone   Excess = ""
	ExcessHour   Excess = "hour"   // the person's own, for an hour
	ExcessDay    Excess = "day"    // the person's own, for a day
	ExcessErased Excess = "erased" // the person's own, on a day on which they erased themselves
	ExcessBusy   Excess = "busy"   // everybody's
)

// Excesses are the limits that can be reached.
func Excesses() []Excess { return []Excess{ExcessHour, ExcessDay, ExcessErased, ExcessBusy} }

// Check tells whether a person may ask one more subject today. What an hour
// allows is counted elsewhere: it is not a matter of the day.
func (l Limits) Check(mine, all Usage) Excess {
	return excess(mine.Checks, l.ChecksPerDay, all.Checks, l.ChecksAll, l.ChecksShare)
}

// Report tells whether a person may file one more report today. Somebody erased
// counts as a new person for every subject, so who erases themselves has one
// report that day, before it or after: else one person could be many.
func (l Limits) Report(mine, all Usage) Excess {
	if l.ReportsPerDay > 0 && mine.Erasures > 0 && mine.Reports > 0 {
		return ExcessErased
	}
	return excess(mine.Reports, l.ReportsPerDay, all.Reports, l.ReportsAll, l.ReportsShare)
}

func excess(mine, most, all, ceiling, share int) Excess {
	switch {
	case most > 0 && mine >= most:
		return ExcessDay
	case ceiling > 0 && all >= ceiling && mine >= share:
		return ExcessBusy
	}
	return ExcessNone
}
