package handlers

import (
	"context"
	"errors"
	"maps"
	"time"

	"saqbol/fraud"
)

const (
	keepEvery  = 5 * time.Second // what a crash may lose
	keepAtOnce = 1000            // people in one transaction
)

// Run keeps what was counted, every few seconds while there is something, and
// forgets each day when it is over, until ctx ends. Flush keeps the rest.
func (q *Quota) Run(ctx context.Context) {
	day := time.NewTimer(keepEvery) // the first look clears away old days; nobody waits for it
	defer day.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-day.C:
		case <-q.dirty:
			select { // what comes meanwhile goes along
			case <-ctx.Done():
				return
			case <-time.After(keepEvery):
			}
		}
		err := q.keep(ctx)
		if ctx.Err() != nil {
			return
		}
		q.note(err)
		next := q.left()
		if err != nil {
			next = min(next, 12*keepEvery)
		}
		day.Reset(next)
	}
}

// Flush keeps everything that was counted.
func (q *Quota) Flush(ctx context.Context) error {
	if q == nil {
		return nil
	}
	return q.keep(ctx)
}

// left is how long the day lasts.
func (q *Quota) left() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn()
	return q.ends - q.options.Running()
}

// keep brings the store up to date. What fails is tried again with the next.
func (q *Quota) keep(ctx context.Context) error {
	q.keeping.Lock()
	defer q.keeping.Unlock()
	if err := q.tidyUp(ctx); err != nil {
		return err
	}
	for {
		day, begun, batch := q.take()
		if len(batch) == 0 {
			return nil
		}
		err := q.options.Store.AddUsage(ctx, day, batch)
		q.taken(begun, batch, err == nil)
		if err == nil && q.options.Shared {
			err = q.learn(ctx, day, begun, batch)
		}
		if err != nil {
			return err
		}
	}
}

// tidyUp forgets what the store holds of other days.
func (q *Quota) tidyUp(ctx context.Context) error {
	q.mu.Lock()
	q.turn()
	day, begun, tidy := q.day, q.begun, q.tidy
	q.mu.Unlock()
	if tidy {
		return nil
	}
	var err error
	if begun > 1 && !q.options.Shared { // the day turned in this run: all of it is over
		err = q.options.Store.ForgetUsage(ctx)
	} else {
		err = q.options.Store.BeginUsage(ctx, day)
	}
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tidy = q.begun == begun
	return nil
}

// take collects what is not yet in the store, not too much at once.
func (q *Quota) take() (day int64, begun int, batch map[int64]fraud.Usage) {
	q.mu.Lock()
	defer q.mu.Unlock()
	batch = map[int64]fraud.Usage{}
	fly := func(person int64, a *asker) {
		if a.fresh != (fraud.Usage{}) {
			batch[person], a.flying, a.fresh = a.fresh, a.fresh, fraud.Usage{}
		}
	}
	fly(0, q.all)
	for person, a := range q.people {
		if len(batch) >= keepAtOnce {
			break
		}
		fly(person, a)
	}
	return q.day, q.begun, batch
}

// taken notes whether what take gave has arrived.
func (q *Quota) taken(begun int, batch map[int64]fraud.Usage, arrived bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.begun != begun {
		return // of a day that is over
	}
	for person := range batch {
		a := q.people[person]
		if person == 0 {
			a = q.all
		}
		if a == nil {
			continue
		}
		if !arrived {
			a.fresh = plus(a.fresh, a.flying)
		}
		a.flying = fraud.Usage{}
	}
}

// learn takes over what the store knows of those who were counted just now: others
// may have counted them too.
func (q *Quota) learn(ctx context.Context, day int64, begun int, batch map[int64]fraud.Usage) error {
	for person := range batch {
		stored, err := q.options.Store.UsageOf(ctx, person, day)
		if err != nil {
			return err
		}
		q.mu.Lock()
		a := q.people[person]
		if person == 0 {
			a = q.all
		}
		if a != nil && q.begun == begun {
			now := plus(stored, plus(a.fresh, a.flying))
			if a.loaded {
				a.hour.level += float64(max(0, now.Checks-a.used.Checks)) // asked elsewhere, not long ago
			}
			a.used, a.loaded = now, true
		}
		q.mu.Unlock()
	}
	return nil
}

// turn begins a new day where the last is over: everybody starts at nothing. A day
// ends when as much time has passed as there was until midnight when it began, so a
// clock that is put forward or back neither ends a day nor makes it longer. The
// caller holds mu.
func (q *Quota) turn() {
	now := q.options.Running()
	if q.begun > 0 && now < q.ends {
		return
	}
	var left time.Duration
	q.day, left = quotaDay(q.options.Clock())
	q.ends = now + left
	q.begun++
	q.tidy = false
	q.people, q.all = map[int64]*asker{}, &asker{loaded: q.begun > 1}
}

// quotaDay numbers the day in Kazakhstan and says how long it lasts.
func quotaDay(now time.Time) (day int64, left time.Duration) {
	local := now.Round(0).In(almaty())
	next := midnight(local).AddDate(0, 0, 1)
	_, offset := local.Zone()
	return (local.Unix() + int64(offset)) / (24 * 60 * 60), next.Sub(local)
}

// asker returns what a person has used up, read from the store where it is not in
// memory. The caller holds mu, which is let go of while the store is asked.
func (q *Quota) asker(ctx context.Context, person int64) *asker {
	q.turn()
	if !q.all.loaded {
		q.load(ctx, 0, func() *asker { return q.all })
	}
	mine := func() *asker {
		a := q.people[person]
		if a == nil {
			q.sweep()
			a = &asker{loaded: !q.tidy && q.begun > 1} // nothing of this day is in the store yet
			q.people[person] = a
		}
		return a
	}
	if !mine().loaded {
		q.load(ctx, person, mine)
	}
	return mine()
}

// load reads counts. Where they can't be read, those in memory have to do, and the
// next question tries again: a limit is no reason to leave somebody without an answer.
func (q *Quota) load(ctx context.Context, person int64, of func() *asker) {
	day, begun := q.day, q.begun
	q.mu.Unlock()
	used, err := q.options.Store.UsageOf(ctx, person, day)
	if err != nil {
		q.note(err)
	}
	q.mu.Lock()
	q.turn()
	if a := of(); err == nil && !a.loaded && q.begun == begun {
		a.used, a.loaded = plus(used, plus(a.fresh, a.flying)), true
	}
}

// sweep makes room: it forgets people who have been silent for an hour and whose
// counts are in the store; if there are too few of them, others. The caller holds mu.
func (q *Quota) sweep() {
	if len(q.people) < maxAskers {
		return
	}
	now := q.options.Running()
	for _, enough := range []func(*asker) bool{
		func(a *asker) bool { return a.kept() && now-a.hour.at > time.Hour },
		(*asker).kept,
		func(*asker) bool { return true },
	} {
		maps.DeleteFunc(q.people, func(_ int64, a *asker) bool { return len(q.people) > maxAskers*3/4 && enough(a) })
	}
}

// kept reports whether the store has all of a person's counts.
func (a *asker) kept() bool { return a.fresh == (fraud.Usage{}) && a.flying == (fraud.Usage{}) }

// note logs that the store fails, once until it works again.
func (q *Quota) note(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	q.mu.Lock()
	again := q.failed
	q.failed = err != nil
	q.mu.Unlock()
	if err != nil && !again {
		q.options.Log.Error("quotas can't be kept now; they are counted in memory and tried again", "error", err)
	}
}
