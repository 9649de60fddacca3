package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"saqbol/storage"
)

// replicated tells whether several programs may serve people with one database.
func replicated(databaseURL string) bool {
	return strings.HasPrefix(databaseURL, "postgres://") || strings.HasPrefix(databaseURL, "postgresql://")
}

const (
	aloneAgain   = 5 * time.Second // between tries where the store can't give a lease
	aloneRelease = time.Second     // for giving it back
)

// alone runs what one replica at a time may do, while this one holds the lease of
// that name: until ctx ends, or the lease is lost, and again once it is this one's.
// What work stores under its context proves that it still is. Where there are no
// replicas it runs at once.
func (a *app) alone(ctx context.Context, name string, work func(context.Context)) {
	if !a.replicated {
		work(ctx)
		return
	}
	claim := claim(a.log, false)
	claim.Waiting = nil // that another replica does it is as it should be
	for failed := false; ctx.Err() == nil; {
		lease, err := a.store.Lease(ctx, name, claim)
		if err != nil {
			if !failed && ctx.Err() == nil {
				a.log.Warn("it can't be settled now which replica does something; trying on", "what", name, "error", err)
			}
			failed = true
			wait(ctx, aloneAgain)
			continue
		}
		failed = false
		a.log.Info("this replica does it from now on", "what", name)
		if over := a.under(ctx, lease, work); over {
			return
		}
	}
}

// under runs work while the lease lasts; over is whether work ended before it.
func (a *app) under(ctx context.Context, lease *storage.Lease, work func(context.Context)) (over bool) {
	working, stop := context.WithCancel(lease.Context(ctx))
	defer stop()
	lost := make(chan struct{})
	go func() {
		defer close(lost)
		select {
		case <-lease.Lost():
			stop()
		case <-working.Done():
		}
	}()
	work(working)
	over = working.Err() == nil
	stop()
	<-lost
	releasing, cancel := context.WithTimeout(context.WithoutCancel(ctx), aloneRelease)
	defer cancel()
	if err := lease.Release(releasing); err != nil && !errors.Is(err, storage.ErrFenced) {
		a.log.Warn("another replica takes over a little later", "error", err)
	}
	return over
}

// wait waits, or until ctx ends.
func wait(ctx context.Context, how time.Duration) {
	timer := time.NewTimer(how)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

const (
	// defaultStopDelay is for load balancers that ask every second or two, and leave
	// out what was not ready twice.
	defaultStopDelay = 3 * time.Second
	maxStopDelay     = time.Minute
)

// readStopDelay reads how long a program that is to stop serves on while /readyz
// says no: so long a load balancer may take to send updates elsewhere.
func readStopDelay(values map[string]string, c *config) error {
	if replicated(c.databaseURL) && c.webhook != nil {
		c.stopDelay = defaultStopDelay
	}
	v := values["SAQBOL_STOP_DELAY"]
	if v == "" {
		return nil
	}
	delay, err := time.ParseDuration(v)
	if err != nil || delay < 0 || delay > maxStopDelay {
		return fmt.Errorf("SAQBOL_STOP_DELAY must be a duration from 0 to %s, such as 5s", maxStopDelay)
	}
	c.stopDelay = delay
	return nil
}

// outlast is a context that ends so long after ctx.
func outlast(ctx context.Context, delay time.Duration) (context.Context, context.CancelFunc) {
	if delay == 0 {
		return context.WithCancel(ctx)
	}
	longer, end := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		select {
		case <-ctx.Done():
			wait(longer, delay)
			end()
		case <-longer.Done():
		}
	}()
	return longer, end
}

// staying is the check that fails once the program is to stop.
func staying(ctx context.Context) check {
	return check{"stop", func(context.Context) error {
		if ctx.Err() != nil {
			return errors.New("it is about to stop")
		}
		return nil
	}}
}
