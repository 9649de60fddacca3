package handlers

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"time"

	"saqbol/fraud"
)

// UsageStore keeps what people have used up today. Person 0 is everybody; days
// are numbered. storage.Store is one.
type UsageStore interface {
	// UsageOf returns what a person has used up on a day, counting in what stands
	// under a later one.
	UsageOf(ctx context.Context, person, day int64) (fraud.Usage, error)
	// AddUsage adds to what people have used up: all of it or nothing.
	AddUsage(ctx context.Context, day int64, used map[int64]fraud.Usage) error
	// BeginUsage forgets earlier days, and takes later ones for this.
	BeginUsage(ctx context.Context, day int64) error
	// ForgetUsage forgets everything.
	ForgetUsage(ctx context.Context) error
}

// QuotaOptions is what a Quota is built from; all but Exempt are required.
type QuotaOptions struct {
	Limits fraud.Limits
	Exempt []int64 // Telegram ids of those who have no limits
	Store  UsageStore
	Clock  func() time.Time // says where a day begins and ends
	// Running is how long the program runs. Nobody can set that back or forward, so
	// a day lasts as long as it would have lasted, whatever is done to the clock.
	Running func() time.Duration
	// Shared says that other programs count into the same store: what they have
	// counted is learned whenever something is kept, so that a limit holds for all of
	// them together, but for what is answered within keepEvery.
	Shared bool
	Log    *slog.Logger
}

// Quota counts what people ask and report, and says when it is enough. Questions
// are counted in memory and kept in batches (Run, Flush): a check writes nothing,
// and the batch says how many, never what (docs/adr/0011). Reports count with the
// commit that files them. A nil Quota has no limits. It is safe for concurrent use.
type Quota struct {
	options QuotaOptions
	exempt  map[int64]bool
	dirty   chan struct{} // something is to be kept
	keeping sync.Mutex    // one keeps at a time

	mu     sync.Mutex
	day    int64         // days since 1970 in Kazakhstan, as the clock said when it began
	ends   time.Duration // of Running
	begun  int           // days since the start
	tidy   bool          // the store holds nothing of other days
	people map[int64]*asker
	all    *asker
	failed bool // the store could not be read or written, and the log knows
}

// asker is what one person has used up; of everybody the day's counts only.
type asker struct {
	loaded bool        // used holds what the store knows
	used   fraud.Usage // today
	fresh  fraud.Usage // of it, not yet in the store
	flying fraud.Usage // of it, on its way there
	hour   bucket      // subjects
	told   bucket      // times that the limit was said
}

// maxAskers is how many people are counted in memory: some eight megabytes. The
// counts of others are read again when they ask.
const maxAskers = 50_000

// tellBurst and tellEvery are how often a limit is said to one person; in between
// the bot keeps silent, so that a flood of questions costs no answers.
const (
	tellBurst = 5
	tellEvery = time.Minute
)

// NewQuota builds a Quota; it reads nothing yet.
func NewQuota(o QuotaOptions) *Quota {
	q := &Quota{options: o, exempt: map[int64]bool{}, dirty: make(chan struct{}, 1)}
	for _, id := range o.Exempt {
		q.exempt[id] = true
	}
	return q
}

// refusal says which limit keeps somebody from something, and until when. The
// zero refusal is none.
type refusal struct {
	why   fraud.Excess
	until time.Time // by the clock, whole minutes
	quiet bool      // it has been said often enough
}

func (r refusal) given() bool { return r.why != fraud.ExcessNone }

// check counts n subjects that a person asks, unless a limit is reached. A message
// that begins below the limit is answered whole.
func (q *Quota) check(ctx context.Context, person int64, n int) refusal {
	if q == nil || n == 0 || q.exempt[person] {
		return refusal{}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	mine := q.asker(ctx, person)
	now, limits := q.options.Running(), q.options.Limits
	if why := limits.Check(mine.used, q.all.used); why != fraud.ExcessNone {
		return q.refuse(mine, why, q.ends-now)
	}
	if limits.ChecksPerHour > 0 {
		every := time.Hour / time.Duration(limits.ChecksPerHour)
		if wait := mine.hour.room(now, every, limits.ChecksPerHour); wait > 0 {
			return q.refuse(mine, fraud.ExcessHour, wait)
		}
		mine.hour.level += float64(n)
	}
	q.count(mine, fraud.Usage{Checks: n})
	return refusal{}
}

// giveBack takes n subjects back that check counted and nobody was told of.
func (q *Quota) giveBack(person int64, n int) {
	if q == nil || n == 0 || q.exempt[person] {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if mine := q.people[person]; mine != nil {
		mine.hour.level = max(0, mine.hour.level-float64(n))
		q.count(mine, fraud.Usage{Checks: -n})
	}
}

// report tells whether a person may file a report now. It counts with the commit.
func (q *Quota) report(ctx context.Context, person int64) refusal {
	if q == nil || q.exempt[person] {
		return refusal{}
	}
	return q.reportOf(q.Used(ctx, person))
}

// erasing tells what report will say to a person who now erases everything stored
// about them, and whether they have a limit at all.
func (q *Quota) erasing(ctx context.Context, person int64) (after refusal, limited bool) {
	if q == nil || q.exempt[person] || q.options.Limits.ReportsPerDay == 0 {
		return refusal{}, false
	}
	used := q.Used(ctx, person)
	used.Erasures++
	return q.reportOf(used), true
}

func (q *Quota) reportOf(used fraud.Usage) refusal {
	q.mu.Lock()
	defer q.mu.Unlock()
	why := q.options.Limits.Report(used, q.all.used)
	if why == fraud.ExcessNone {
		return refusal{}
	}
	return refusal{why: why, until: q.until(q.ends - q.options.Running())}
}

// filed counts a report for everybody; for its person the commit counts it.
func (q *Quota) filed(person int64) {
	if q == nil || q.exempt[person] {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn()
	q.count(nil, fraud.Usage{Reports: 1})
}

// Used is what a person has used up today.
func (q *Quota) Used(ctx context.Context, person int64) fraud.Usage {
	if q == nil {
		return fraud.Usage{}
	}
	q.mu.Lock()
	checks := q.asker(ctx, person).used.Checks
	day, void := q.day, !q.tidy && q.begun > 1
	q.mu.Unlock()
	used := fraud.Usage{}
	if !void {
		var err error
		if used, err = q.options.Store.UsageOf(ctx, person, day); err != nil {
			q.note(err)
		}
	}
	used.Checks = checks
	return used
}

// today is the day for which a commit counts, 0 where there are no limits.
func (q *Quota) today() int64 {
	if q == nil {
		return 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn()
	return q.day
}

// refuse says no. The caller holds mu.
func (q *Quota) refuse(a *asker, why fraud.Excess, wait time.Duration) refusal {
	quiet := a.told.room(q.options.Running(), tellEvery, tellBurst) > 0
	if !quiet {
		a.told.level++
	}
	return refusal{why: why, until: q.until(wait), quiet: quiet}
}

// until is the first whole minute by the clock after a while. The clock is read a
// moment later than the running time: what lies less than a second behind a minute,
// such as midnight, is that minute.
func (q *Quota) until(wait time.Duration) time.Time {
	return q.options.Clock().Round(0).Add(wait + time.Minute - time.Second).Truncate(time.Minute)
}

// count adds to a person's counts, if one is given, and to everybody's. The caller
// holds mu.
func (q *Quota) count(a *asker, u fraud.Usage) {
	for _, a := range []*asker{a, q.all} {
		if a != nil {
			a.used, a.fresh = plus(a.used, u), plus(a.fresh, u)
		}
	}
	select {
	case q.dirty <- struct{}{}:
	default:
	}
}

func plus(a, b fraud.Usage) fraud.Usage {
	return fraud.Usage{Checks: a.Checks + b.Checks, Reports: a.Reports + b.Reports, Erasures: a.Erasures + b.Erasures}
}

// bucket holds what was used up lately; it empties by one every so often.
type bucket struct {
	level float64
	at    time.Duration // of Running
}

// room lets the bucket empty until now and returns how long it takes until there
// is room for one more among most, 0 where there is.
func (b *bucket) room(now, every time.Duration, most int) time.Duration {
	b.level = max(0, b.level-float64(now-b.at)/float64(every))
	b.at = now
	return time.Duration(math.Ceil(max(0, b.level-float64(most-1)) * float64(every)))
}
