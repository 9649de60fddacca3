package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// stop asks the program to end in the middle of its work.
func stop() scenario {
	return scenario{
		name:   "stop",
		target: "SIGTERM under load: exit 0 within 10 s, nothing lost",
		run:    runStop,
	}
}

func runStop(ctx context.Context, r *rig) (string, error) {
	k := &stopping{rig: r, stops: r.size(200, 10), sites: r.size(4, 2), people: 30}
	err := k.everywhere(ctx)
	return k.measured(), err
}

type stopping struct {
	rig                  *rig
	stops, sites, people int

	mu       sync.Mutex
	took     []time.Duration
	promised int
	tally    tally
}

// measured is the distribution of the stops' times.
func (k *stopping) measured() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	slices.Sort(k.took)
	at := func(share float64) time.Duration {
		if len(k.took) == 0 {
			return 0
		}
		return k.took[int(share*float64(len(k.took)-1))].Round(time.Millisecond)
	}
	return fmt.Sprintf("%d stops: median %s, 90%% %s, 99%% %s, longest %s; %d reports promised, %d lost, %d doubled",
		len(k.took), at(0.5), at(0.9), at(0.99), at(1), k.promised, k.tally.lost, k.tally.doubled)
}

func (k *stopping) everywhere(ctx context.Context) error {
	var wg sync.WaitGroup
	errs := make([]error, k.sites)
	for i := range k.sites {
		wg.Go(func() { errs[i] = k.site(ctx, i, (k.stops+i)/k.sites) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// site stops one installation so many times, at moments chosen as those of kills
// are, and compares at the end.
func (k *stopping) site(ctx context.Context, n, stops int) error {
	s, err := k.rig.newSite(ctx, "stop")
	if err != nil {
		return err
	}
	defer s.close()
	dice, l := k.rig.random(fmt.Sprint("stop ", n)), &ledger{}
	c := newCrowd(s, l, &numbers{})
	c.come(ctx, k.people)
	for range stops {
		p, err := s.start(ctx, s.mode())
		if err == nil {
			s.moment(ctx, c, p, dice)
			err = k.once(p)
		}
		if err == nil && c.broken() {
			err = errors.New("a conversation stands still")
		}
		if err != nil {
			return errors.Join(err, s.abandon(c))
		}
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
	k.mu.Lock()
	defer k.mu.Unlock()
	k.promised, k.tally.lost, k.tally.doubled = k.promised+l.promised(), k.tally.lost+t.lost, k.tally.doubled+t.doubled
	// A stop sends what is under way and strikes it out: nothing may come twice.
	if all, _, _ := s.post.doubled(); all > 0 {
		err = errors.Join(err, fmt.Errorf("%d messages came twice although every stop was a graceful one", all))
	}
	return errors.Join(err, s.post.verdict())
}

func (k *stopping) once(p *process) error {
	took, err := p.stop()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.took = append(k.took, took)
	k.rig.progress.say("%d of %d stops", len(k.took), k.stops)
	return err
}
