package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"saqbol/emulator"
	"saqbol/fraud"
	"saqbol/storage"
)

// outbox kills the program while it sends what nobody waits for.
func outbox() scenario {
	return scenario{
		name:   "outbox",
		target: "notices come at least once, in order per chat, resumed after each kill; at most one double a kill and chat",
		run:    runOutbox,
	}
}

func runOutbox(ctx context.Context, r *rig) (string, error) {
	k := &sending{rig: r, kills: r.size(200, 12), sites: 2, people: r.size(20, 10)}
	var wg sync.WaitGroup
	errs := make([]error, k.sites)
	for i := range k.sites {
		wg.Go(func() { errs[i] = k.site(ctx, i, (k.kills+i)/k.sites) })
	}
	wg.Wait()
	return fmt.Sprintf("%d notices to %d people through %d kills: %d missing, %d out of order; %d came twice, at most %d to a chat and kill",
		k.stored.Load(), k.sites*k.people, k.done.Load(), k.missing.Load(), k.disorder.Load(), k.doubles.Load(), k.worst.Load()), errors.Join(errs...)
}

type sending struct {
	rig                  *rig
	kills, sites, people int

	mu                                              sync.Mutex
	done, stored, missing, disorder, doubles, worst atomic.Int64
}

// addressee is a person and the notices they are to get, in order, each known by
// the number in it.
type addressee struct {
	*emulator.Person
	due []string
}

func (k *sending) site(ctx context.Context, n, kills int) error {
	s, err := k.rig.newSite(ctx, "outbox")
	if err != nil {
		return err
	}
	defer s.close()
	dice, pool := k.rig.random(fmt.Sprint("outbox ", n)), &numbers{}
	people, err := k.meet(ctx, s)
	if err != nil {
		return err
	}
	for i := range kills {
		if i%2 == 0 { // as another program would, between two lives or beside one
			if err := k.notify(ctx, s, people, pool, dice); err != nil {
				return err
			}
		}
		p, err := s.start(ctx, s.mode())
		if err == nil && i%2 != 0 {
			err = k.notify(ctx, s, people, pool, dice)
		}
		if err == nil {
			k.sent(ctx, s, dice)
			err = p.kill()
		}
		if err != nil {
			return err
		}
		k.rig.progress.say("%d of %d kills", k.done.Add(1), k.kills)
	}
	return k.verify(ctx, s, people)
}

// meet makes people whom the program knows: it sends no notice to strangers.
func (k *sending) meet(ctx context.Context, s *site) ([]*addressee, error) {
	p, err := s.start(ctx, polling)
	if err != nil {
		return nil, err
	}
	var people []*addressee
	for i := range k.people {
		a := &addressee{Person: s.api.NewPerson("Тұрғын", []string{"kk", "ru"}[i%2])}
		people = append(people, a)
		a.Send("/language")
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for i, a := range people {
		data := "lang:" + []string{"kk", "ru"}[i%2]
		messages, err := a.Wait(ctx, func(m []emulator.Message) bool { _, _, ok := newest(m, data); return ok })
		if err != nil {
			return nil, errors.Join(err, p.kill())
		}
		m, b, _ := newest(messages, data)
		if err := a.Press(m.ID, b.Data); err != nil {
			return nil, errors.Join(err, p.kill())
		}
	}
	if err := s.api.Drained(ctx); err != nil {
		return nil, errors.Join(err, p.kill())
	}
	_, err = p.stop()
	return people, err
}

// notify stores a notice for everybody, two for some.
func (k *sending) notify(ctx context.Context, s *site, people []*addressee, pool *numbers, dice *rand.Rand) error {
	store, _, err := openAt(ctx, s.folder, storage.WithoutLease())
	if err != nil {
		return err
	}
	var notices []fraud.Notice
	for _, a := range people {
		for range 1 + dice.IntN(2) {
			number := pool.fresh()
			a.due = append(a.due, display(number))
			notices = append(notices, fraud.Notice{Person: a.ID(), Key: "notice.confirmed",
				Args: map[string]any{"Subject": display(number), "Code": "SB-0000-0000"}})
		}
	}
	stored, err := store.Notify(ctx, notices)
	if err == nil && stored != len(notices) {
		err = fmt.Errorf("of %d notices %d are stored", len(notices), stored)
	}
	k.stored.Add(int64(stored))
	return errors.Join(err, store.Close())
}

// sent waits until some messages have gone out, and a little longer.
func (k *sending) sent(ctx context.Context, s *site, dice *rand.Rand) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	after := 1 + dice.IntN(2*k.people)
	_, _ = s.api.WaitCall(ctx, func(c emulator.Call) bool {
		if c.Method == "sendMessage" && c.OK() {
			after--
		}
		return after <= 0
	})
	if dice.IntN(2) == 0 {
		pause(ctx, time.Duration(dice.IntN(20_000))*time.Microsecond)
	}
}

// verify lets a last life send the rest, and looks at what people received.
func (k *sending) verify(ctx context.Context, s *site, people []*addressee) error {
	p, err := s.start(ctx, polling)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*patience)
	defer cancel()
	var errs []error
	for _, a := range people {
		// Who does not get everything is counted by what they got.
		messages, _ := a.Wait(ctx, func(m []emulator.Message) bool { return !slices.Contains(a.firsts(m), 0) })
		errs = append(errs, k.received(a, a.firsts(messages)))
	}
	_, err = p.stop()
	all, _, worst := s.post.doubled()
	k.doubles.Add(int64(all))
	k.mu.Lock()
	k.worst.Store(max(k.worst.Load(), int64(worst)))
	k.mu.Unlock()
	return errors.Join(append(errs, err, s.post.verdict())...)
}

// firsts are the messages in which a person first reads of each notice, 0 for
// those that have not come.
func (a *addressee) firsts(messages []emulator.Message) []int64 {
	ids := make([]int64, len(a.due))
	at := map[string]int{}
	for i, number := range a.due {
		at[number] = i
	}
	for _, m := range messages {
		for line := range strings.SplitSeq(m.Text, "\n") {
			if i, ok := at[line]; ok && m.FromBot && ids[i] == 0 {
				ids[i] = m.ID
			}
		}
	}
	return ids
}

func (k *sending) received(a *addressee, ids []int64) error {
	var before int64
	missing, disorder := 0, 0
	for _, id := range ids {
		switch {
		case id == 0:
			missing++
		case id < before:
			disorder++
		default:
			before = id
		}
	}
	k.missing.Add(int64(missing))
	k.disorder.Add(int64(disorder))
	if missing+disorder > 0 {
		return fmt.Errorf("of %d notices to person %d, %d are missing and %d out of order", len(ids), a.ID(), missing, disorder)
	}
	return nil
}
