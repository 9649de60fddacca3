package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"saqbol/storage/pgtest"
)

// replicas kills replicas behind a load balancer, one after another, while people
// talk to all of them.
func replicas() scenario {
	return scenario{
		name:   "replicas",
		target: "three replicas on one PostgreSQL: 0 reports lost or doubled, conversations go on, answers in order, each piece of scheduled work at one of them",
		run:    runReplicas,
	}
}

func runReplicas(ctx context.Context, r *rig) (string, error) {
	k := &fleet{rig: r, count: 3, updates: r.size(20_000, 1500), people: r.size(240, 60), dice: r.random("replicas")}
	began := time.Now()
	err := k.run(ctx)
	return fmt.Sprintf("%d updates in %.0f s through %d kills, %d stops and %d hangs, %d deliveries not acknowledged and %d to two at once; %d reports promised, %d lost, %d doubled, %d checks in order; %d answers came twice, %d of them to plain checks, of the others at most %d to a chat; scheduled work changed hands %d times",
		k.served, time.Since(began).Seconds(), k.kills, k.stops, k.hangs, k.broken, k.twice, k.promised, k.tally.lost, k.tally.doubled, k.checks, k.doubles, k.again, k.worst, k.handed), err
}

// fleet is a run of the row.
type fleet struct {
	rig                    *rig
	count, updates, people int
	dice                   *rand.Rand
	site                   *site
	balancer               *balancer
	watch                  *overseer
	members                []string // addresses
	lives                  []*process

	served, kills, stops, hangs   int
	broken, twice                 int64
	promised                      int
	tally                         tally
	checks                        int64
	doubles, again, worst, handed int
}

func (k *fleet) run(ctx context.Context) (err error) {
	server, err := pgtest.New(ctx, pgtest.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	if k.site, err = k.rig.newSite(ctx, "replicas"); err != nil {
		return err
	}
	defer k.site.close()
	if k.site.database, err = server.Database(ctx); err != nil {
		return err
	}
	for range k.count {
		address, err := freeAddress(ctx)
		if err != nil {
			return err
		}
		k.members = append(k.members, address)
	}
	if k.balancer, err = newBalancer(ctx, k.members); err != nil {
		return err
	}
	defer k.balancer.close()
	if k.watch, err = newOverseer(ctx, k.site.database); err != nil {
		return err
	}
	err = errors.Join(k.serve(ctx), k.watch.close())
	k.handed = k.watch.handed
	return err
}

// serve has people talk to the replicas while these come and go, and compares.
func (k *fleet) serve(ctx context.Context) (err error) {
	k.lives = make([]*process, k.count)
	defer func() {
		for _, p := range k.lives {
			if err != nil && p != nil && !p.exited() {
				err = errors.Join(err, p.kill())
			}
		}
	}()
	for i := range k.lives { // the first makes the key and the tables
		if err := k.start(ctx, i); err != nil {
			return err
		}
	}
	l := &ledger{}
	defer func() { // also where something does not hold
		k.served, k.broken, k.twice = k.balancer.updates(), k.balancer.broken.Load(), k.balancer.twice.Load()
		k.promised, k.checks = l.promised(), l.checks.Load()
	}()
	c := newCrowd(k.site, l, &numbers{})
	c.come(ctx, k.people)
	if err := k.trouble(ctx, c); err != nil {
		return errors.Join(err, k.site.abandon(c), k.said())
	}
	if err := c.leave(); err != nil {
		return errors.Join(err, k.said())
	}
	if err := k.site.api.Drained(ctx); err != nil {
		return errors.Join(err, k.said())
	}
	for _, p := range k.lives {
		if _, err := p.stop(); err != nil {
			return err
		}
	}
	if k.tally, err = k.site.compare(ctx, l); err != nil {
		return err
	}
	k.doubles, k.again, k.worst, err = k.site.post.explained(k.kills + k.hangs)
	return err
}

// said is what the replicas said last.
func (k *fleet) said() error {
	var said []string
	for i, p := range k.lives {
		said = append(said, fmt.Sprintf("replica %d said:\n%s", i, p.output()))
	}
	return errors.New(strings.Join(said, "\n"))
}

// start starts a replica and waits until it is ready.
func (k *fleet) start(ctx context.Context, i int) error {
	s := k.site
	s.mu.Lock()
	s.starts++
	s.mu.Unlock()
	env := append(s.environment(webhook), "DATABASE_URL="+s.database, "HTTP_LISTEN="+k.members[i], "SAQBOL_STOP_DELAY=200ms",
		"WEBHOOK_URL=http://"+k.balancer.address+"/telegram", "SAQBOL_SENDS_PER_SECOND=5000", "SAQBOL_CHECKS_PER_HOUR=0", "SAQBOL_CHECKS_PER_DAY=0",
		"SAQBOL_CHECKS_ALL_PER_DAY=0", "SAQBOL_REPORTS_PER_DAY=0", "SAQBOL_REPORTS_ALL_PER_DAY=0")
	p, err := launch(s.folder, s.log(fmt.Sprint(i)), env, s.binary, "run")
	if err != nil {
		return err
	}
	k.lives[i] = p
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for !k.ready(ctx, i) {
		if p.exited() || ctx.Err() != nil {
			return fmt.Errorf("a replica does not become ready:\n%s", p.output())
		}
		pause(ctx, 10*time.Millisecond)
	}
	return nil
}

func (k *fleet) ready(ctx context.Context, i int) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+k.members[i]+"/readyz", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return errors.Join(answer.Body.Close()) == nil && answer.StatusCode == http.StatusOK
}

// trouble kills, stops and pauses the replicas in turn until enough updates were
// acknowledged.
func (k *fleet) trouble(ctx context.Context, c *crowd) error {
	for n := 0; n < 3 || k.balancer.updates() < k.updates; n++ {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if c.broken() {
			return errors.New("a conversation stands still")
		}
		k.rig.progress.say("%d of %d updates, %d kills", k.balancer.updates(), k.updates, k.kills)
		pause(ctx, time.Duration(500+k.dice.IntN(2500))*time.Millisecond)
		i := n % k.count
		if err := k.harm(ctx, n, k.lives[i]); err != nil {
			return err
		}
		if err := k.start(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// harm ends a replica in one of the ways in which they end.
func (k *fleet) harm(ctx context.Context, n int, p *process) error {
	switch n % 5 {
	case 1: // it stands still, is taken for dead, and wakes up
		k.hangs++
		return k.hang(ctx, p)
	case 2: // as in a rolling restart
		k.stops++
		_, err := p.stop()
		return err
	}
	k.kills++
	return p.kill()
}

// hang pauses a replica until the others take it for dead. When it goes on it has to
// find out, and to end by itself.
func (k *fleet) hang(ctx context.Context, p *process) error {
	if err := syscall.Kill(p.pid, syscall.SIGSTOP); err != nil {
		return err
	}
	err := k.watch.buried(ctx, p.pid)
	if err := errors.Join(err, syscall.Kill(p.pid, syscall.SIGCONT)); err != nil {
		return err
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		return errors.Join(errors.New("a replica that was taken for dead goes on"), p.kill())
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(p.output(), "taken over") {
		return fmt.Errorf("a replica that was taken for dead ends with %d:\n%s", code, p.output())
	}
	return nil
}

// refusedToConnect reports whether nothing listens at an address.
func refusedToConnect(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" && !os.IsTimeout(err)
}
