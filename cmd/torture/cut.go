package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// normalTag builds the program with synchronous=NORMAL: the control, which must
// lose reports, or the row would not notice a loss.
const normalTag = "saqbol_torture_normal"

// cut takes the power away: what was not synced is lost, or half of it is.
func cut() scenario {
	return scenario{
		name:   "cut",
		target: "0 acknowledged reports lost; under synchronous=NORMAL some are",
		run:    runCut,
	}
}

func runCut(ctx context.Context, r *rig) (string, error) {
	k := &cutting{rig: r, cuts: r.size(150, 5), first: r.size(50, 3), control: r.size(20, 12), sites: 2, people: 10}
	err := k.all(ctx)
	measured := fmt.Sprintf("%d cuts, %d of them in a first start; %d reports promised, %d lost; %d writes and %d syncs traced; NORMAL lost %d of %d in %d cuts",
		k.done.Load(), k.begun.Load(), k.promised.Load(), k.lost.Load(), k.writes.Load(), k.syncs.Load(),
		k.controlLost.Load(), k.controlPromised.Load(), k.controlDone.Load())
	if err == nil && k.controlLost.Load() == 0 {
		err = errors.New("the control under synchronous=NORMAL lost nothing: the cuts are too mild to show anything")
	}
	return measured, err
}

type cutting struct {
	rig                   *rig
	cuts, first, control  int
	sites, people         int
	done, begun, promised atomic.Int64
	lost, writes, syncs   atomic.Int64

	controlDone, controlPromised, controlLost atomic.Int64
}

// all runs the three parts side by side, as far as there are cores.
func (k *cutting) all(ctx context.Context) error {
	var wg sync.WaitGroup
	errs := make([]error, k.sites)
	for i := range k.sites {
		wg.Go(func() {
			errs[i] = errors.Join(k.site(ctx, i, (k.cuts+i)/k.sites), k.firsts(ctx, i, (k.first+i)/k.sites), k.controls(ctx, i, (k.control+i)/k.sites))
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// site cuts one installation off so many times; each life goes on from what the
// cut before has left.
func (k *cutting) site(ctx context.Context, n, cuts int) error {
	s, err := k.rig.newSite(ctx, "cut")
	if err != nil {
		return err
	}
	defer s.close()
	const round = 15
	dice, l, pool := k.rig.random(fmt.Sprint("cut ", n)), &ledger{}, &numbers{}
	for done := 0; done < cuts; done += round {
		if err := k.round(ctx, s, l, pool, dice, min(round, cuts-done)); err != nil {
			return err
		}
	}
	k.promised.Add(int64(l.promised()))
	return s.post.verdict()
}

func (k *cutting) round(ctx context.Context, s *site, l *ledger, pool *numbers, dice *rand.Rand, cuts int) error {
	c := newCrowd(s, l, pool)
	c.come(ctx, k.people)
	for range cuts {
		p, err := s.startTraced(ctx, s.mode(), s.trace())
		if err == nil {
			s.moment(ctx, c, p, dice)
			err = k.power(ctx, s, p, dice, l)
		}
		if err == nil && c.broken() {
			err = errors.New("a conversation stands still")
		}
		if err != nil {
			return errors.Join(err, s.abandon(c))
		}
		k.rig.progress.say("%d cuts", k.done.Add(1))
	}
	return k.lastLife(ctx, s, c, l)
}

// lastLife lets everybody finish, stops the program and compares.
func (k *cutting) lastLife(ctx context.Context, s *site, c *crowd, l *ledger) error {
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
	return err
}

func (s *site) trace() string { return filepath.Join(s.rig.folder, s.name+".trace") }

// power kills a traced program, puts into its folder what the disk would hold if
// the power had gone, and compares that with what people had been promised.
func (k *cutting) power(ctx context.Context, s *site, p *process, dice *rand.Rand, l *ledger) error {
	if err := p.kill(); err != nil {
		return err
	}
	promised := l.copies()
	// Nothing that was not synced, or everything, or any part of it.
	share := []float64{0, 0, 0.1, 0.5, 0.9, 1}[dice.IntN(6)]
	writes, syncs, err := s.lose(p, survival{dice: dice, share: share})
	if err != nil {
		return err
	}
	k.writes.Add(int64(writes))
	k.syncs.Add(int64(syncs))
	lost, err := s.leftOver(ctx, promised)
	k.lost.Add(int64(lost))
	return err
}

// lose makes the folder of a killed, traced program what a power cut leaves.
func (s *site) lose(p *process, left survival) (writes, syncs int, err error) {
	trace, err := os.Open(s.trace())
	if err != nil {
		return 0, 0, fmt.Errorf("opening the trace: %w", err)
	}
	defer func() { _ = trace.Close() }() // it was only read
	r, err := replayTrace(p.before, trace)
	if err != nil {
		return 0, 0, err
	}
	if err := r.disk.same(r.doubtful()); err != nil {
		return 0, 0, fmt.Errorf("the trace is not the whole truth: %w", err)
	}
	if err := os.RemoveAll(s.folder); err != nil {
		return 0, 0, fmt.Errorf("making room for the disk after the cut: %w", err)
	}
	return r.writes, r.syncs, r.disk.burn(s.folder, left)
}

// leftOver compares a copy of the folder with what people had been promised: the
// program itself is to find the folder as the cut has left it.
func (s *site) leftOver(ctx context.Context, promised []promise) (lost int, err error) {
	copied := s.folder + ".copy"
	if err := os.CopyFS(copied, os.DirFS(s.folder)); err != nil {
		return 0, fmt.Errorf("copying the disk after the cut: %w", err)
	}
	defer func() { _ = os.RemoveAll(copied) }() // what it shows is said
	if len(promised) == 0 {
		return 0, nil
	}
	all := 0
	for _, p := range promised {
		if p.filed == told {
			all++
		}
	}
	store, keys, err := openAt(ctx, copied)
	if err != nil {
		return all, fmt.Errorf("after the cut: %w", err)
	}
	t, err := compare(ctx, store, keys, promised)
	return t.lost, errors.Join(err, store.Close())
}

// firsts cuts new installations off in their first start: the key must not be
// lost where the database is kept, and half a key must not stay.
func (k *cutting) firsts(ctx context.Context, n, cuts int) error {
	dice := k.rig.random(fmt.Sprint("first cuts ", n))
	for range cuts {
		if err := k.firstCut(ctx, dice); err != nil {
			return fmt.Errorf("in a first start: %w", err)
		}
		k.begun.Add(1)
		k.rig.progress.say("%d cuts", k.done.Add(1))
	}
	return nil
}

func (k *cutting) firstCut(ctx context.Context, dice *rand.Rand) error {
	s, err := k.rig.newSite(ctx, "first")
	if err != nil {
		return err
	}
	defer s.close()
	l := &ledger{}
	c := newCrowd(s, l, &numbers{})
	c.come(ctx, 4)
	p, err := s.startTraced(ctx, polling, s.trace())
	if err == nil {
		pause(ctx, time.Duration(dice.IntN(250))*time.Millisecond)
		if dice.IntN(3) == 0 {
			s.moment(ctx, c, p, dice)
		}
		err = k.power(ctx, s, p, dice, l)
	}
	if err != nil {
		return errors.Join(err, s.abandon(c))
	}
	return k.lastLife(ctx, s, c, l)
}

// controls cuts the program off that syncs too little. Few people talk to it: an
// answer that waits for its turn may be told long after its commit, and the log may
// have been synced meanwhile.
func (k *cutting) controls(ctx context.Context, n, cuts int) error {
	dice := k.rig.random(fmt.Sprint("control cuts ", n))
	binary, err := k.rig.binary(ctx, normalTag)
	if err != nil {
		return err
	}
	for i := range cuts {
		if !k.rig.long && k.controlLost.Load() > 0 {
			return nil // shown
		}
		left := survival{dice: dice, share: []float64{0, 0.5}[i%2]}
		if err := k.controlCut(ctx, binary, left); err != nil {
			return fmt.Errorf("in the control: %w", err)
		}
		k.rig.progress.say("%d control cuts", k.controlDone.Add(1))
	}
	return nil
}

func (k *cutting) controlCut(ctx context.Context, binary string, left survival) error {
	s, err := k.rig.newSite(ctx, "control")
	if err != nil {
		return err
	}
	defer s.close()
	s.binary = binary
	l := &ledger{}
	c := newCrowd(s, l, &numbers{})
	c.come(ctx, 6)
	defer func() { _ = s.abandon(c) }() // what they miss is the point
	p, err := s.startTraced(ctx, polling, s.trace())
	if err != nil {
		return err
	}
	for limit := time.Now().Add(patience); l.promised() < 3 && !p.exited() && time.Now().Before(limit); {
		pause(ctx, 10*time.Millisecond)
	}
	if err := p.kill(); err != nil {
		return err
	}
	promised := l.copies()
	k.controlPromised.Add(int64(l.promised()))
	if _, _, err := s.lose(p, left); err != nil {
		return err
	}
	lost, _ := s.leftOver(ctx, promised) // its words are the loss itself
	k.controlLost.Add(int64(lost))
	return nil
}
