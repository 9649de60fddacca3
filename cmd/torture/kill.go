package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"saqbol/emulator"
)

// kill ends the program with SIGKILL at random moments while people talk to it.
func kill() scenario {
	return scenario{
		name:   "kill",
		target: "0 acknowledged reports lost or doubled, every conversation goes on where it stood",
		run:    runKill,
	}
}

func runKill(ctx context.Context, r *rig) (string, error) {
	k := &killing{rig: r, kills: r.size(1000, 50), sites: r.size(4, 2), people: 12}
	err := k.everywhere(ctx)
	return fmt.Sprintf("%d kills, %d reports promised, %d lost, %d doubled, %d checks, %d steps; %d answers came twice, %d of them to plain checks, of the others at most %d to a chat and kill",
		k.done.Load(), k.promised.Load(), k.lost.Load(), k.doubled.Load(), k.checks.Load(), k.steps.Load(), k.doubles.Load(), k.again.Load(), k.worst.Load()), err
}

// killing is a run of the row: sites side by side, because most of the time
// people wait.
type killing struct {
	rig                  *rig
	kills, sites, people int

	done, promised, lost, doubled, checks, steps, doubles, again, worst atomic.Int64
}

func (k *killing) everywhere(ctx context.Context) error {
	var wg sync.WaitGroup
	errs := make([]error, k.sites)
	for i := range k.sites {
		share := (k.kills + i) / k.sites
		wg.Go(func() { errs[i] = k.site(ctx, i, share) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// site kills one installation so many times, and compares every now and then.
func (k *killing) site(ctx context.Context, n, kills int) error {
	s, err := k.rig.newSite(ctx, "kill")
	if err != nil {
		return err
	}
	defer s.close()
	const round = 25
	dice, l, pool := k.rig.random(fmt.Sprint("kill ", n)), &ledger{}, &numbers{}
	for done := 0; done < kills; done += round {
		if err := k.round(ctx, s, l, pool, dice, min(round, kills-done)); err != nil {
			return err
		}
	}
	k.promised.Add(int64(l.promised()))
	k.checks.Add(l.checks.Load())
	k.steps.Add(l.steps.Load())
	all, checks, worst := s.post.doubled()
	k.doubles.Add(int64(all))
	k.again.Add(int64(checks))
	for old := k.worst.Load(); int64(worst) > old && !k.worst.CompareAndSwap(old, int64(worst)); old = k.worst.Load() {
	}
	return s.post.verdict()
}

// round kills so many times, lets everybody finish, stops and compares.
func (k *killing) round(ctx context.Context, s *site, l *ledger, pool *numbers, dice *rand.Rand, kills int) error {
	c := newCrowd(s, l, pool)
	c.come(ctx, k.people)
	err := k.lives(ctx, s, c, dice, kills)
	if err != nil {
		return errors.Join(err, s.abandon(c))
	}
	last, err := s.start(ctx, s.mode())
	if err != nil {
		return errors.Join(err, s.abandon(c))
	}
	if err := c.leave(); err != nil {
		return errors.Join(err, fmt.Errorf("the program said:\n%s", last.output()), last.kill())
	}
	if _, err := last.stop(); err != nil {
		return err
	}
	t, err := s.compare(ctx, l)
	k.lost.Add(int64(t.lost))
	k.doubled.Add(int64(t.doubled))
	return err
}

// lives starts and kills the program.
func (k *killing) lives(ctx context.Context, s *site, c *crowd, dice *rand.Rand, kills int) error {
	for range kills {
		p, err := s.start(ctx, s.mode())
		if err != nil {
			return err
		}
		s.moment(ctx, c, p, dice)
		if err := p.kill(); err != nil {
			return err
		}
		k.rig.progress.say("%d of %d kills", k.done.Add(1), k.kills)
		if c.broken() {
			return errors.New("a conversation stands still")
		}
	}
	return nil
}

// mode is how updates come in the next life: by turns.
func (s *site) mode() string {
	if s.generation()%2 == 0 {
		return polling
	}
	return webhook
}

// moment waits for the moment at which to kill. Some come in the start, some
// just after somebody has done something, some as Telegram takes an answer, and
// some at no special time.
func (s *site) moment(ctx context.Context, c *crowd, p *process, dice *rand.Rand) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	switch dice.IntN(8) {
	case 0: // in the start
		pause(ctx, time.Duration(dice.IntN(60))*time.Millisecond)
		return
	case 1:
		pause(ctx, time.Duration(dice.IntN(1500))*time.Millisecond)
		return
	}
	pause(ctx, time.Duration(dice.IntN(400))*time.Millisecond)
	after := 1 + dice.IntN(6)
	if dice.IntN(2) == 0 { // an answer has arrived, and the program may not know yet
		_, _ = s.api.WaitCall(ctx, func(call emulator.Call) bool {
			if call.ChatID != 0 && call.OK() {
				after--
			}
			return after <= 0
		})
	} else {
		for ; after > 0; after-- {
			select {
			case <-c.acted:
			case <-p.done:
				return
			case <-ctx.Done():
				return
			}
		}
	}
	if delay := dice.IntN(4); delay > 0 { // at once, or within commit and send, or later
		pause(ctx, time.Duration(dice.IntN([]int{1, 10_000, 60_000, 300_000}[delay]))*time.Microsecond)
	}
}

// abandon ends a crowd that nobody will answer any more, and gives what had gone
// wrong before.
func (s *site) abandon(c *crowd) error {
	err := c.trouble()
	s.api.Close()
	_ = c.leave() // that nobody answers is no news
	return err
}

// compare opens the database of a stopped program and holds it against what
// people were promised.
func (s *site) compare(ctx context.Context, l *ledger) (tally, error) {
	store, keys, err := s.open(ctx)
	if err != nil {
		return tally{}, err
	}
	t, err := compare(ctx, store, keys, l.copies())
	return t, errors.Join(err, store.Close())
}
