package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
)

// crowd is people who talk to one site at the same time.
type crowd struct {
	site   *site
	ledger *ledger
	pool   *numbers
	dice   *rand.Rand                            // guarded by mu
	kind   func(context.Context, *citizen) error // what people do, one thing after another

	mu     sync.Mutex
	people int
	errs   []error
	ending chan struct{} // closed: finish what is begun
	wg     sync.WaitGroup
	acted  chan struct{} // gets a token after something was done, where somebody listens
}

// newCrowd makes a crowd on a site; several may follow each other on one ledger.
func newCrowd(s *site, l *ledger, pool *numbers) *crowd {
	return &crowd{site: s, ledger: l, pool: pool, dice: s.rig.random(fmt.Sprintf("%s crowd %d", s.name, len(s.api.People()))),
		kind: everyday, ending: make(chan struct{}), acted: make(chan struct{}, 1)}
}

// everyday is a life of checks and reports that may end with being forgotten.
func everyday(ctx context.Context, c *citizen) error {
	if c.done++; c.done <= 6 {
		return c.once(ctx)
	}
	if c.dice.IntN(4) == 0 {
		if err := c.erase(ctx); err != nil {
			return err
		}
	}
	return errGone
}

// errGone ends a person's part; another takes their place.
var errGone = errors.New("the person has gone")

// come lets so many people begin.
func (c *crowd) come(ctx context.Context, count int) {
	for range count {
		c.wg.Go(func() { c.live(ctx) })
	}
}

// live is a place in the crowd: one person after another.
func (c *crowd) live(ctx context.Context) {
	for p := c.newcomer(); ; {
		select {
		case <-c.ending:
			return
		default:
		}
		switch err := c.kind(ctx, p); {
		case errors.Is(err, errGone):
			p = c.newcomer()
		case err != nil:
			c.failed(err)
			return
		}
	}
}

func (c *crowd) newcomer() *citizen {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.people++
	language := []string{"kk", "ru", "ru", "en", ""}[c.dice.IntN(5)]
	return &citizen{
		Person: c.site.api.NewPerson("Тұрғын", language), ledger: c.ledger, pool: c.pool, catalogue: c.site.rig.catalogue, named: map[string]bool{}, drafts: map[string]bool{},
		dice: rand.New(rand.NewPCG(c.dice.Uint64(), c.dice.Uint64())),
		told: func() {
			select {
			case c.acted <- struct{}{}:
			default:
			}
		},
	}
}

func (c *crowd) failed(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, err)
}

// broken reports whether somebody's conversation has come to an end that it
// should not have.
func (c *crowd) broken() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.errs) > 0
}

// leave lets everybody finish what they are at, and gives what went wrong.
func (c *crowd) leave() error {
	close(c.ending)
	c.wg.Wait()
	return c.trouble()
}

// trouble is what has gone wrong so far.
func (c *crowd) trouble() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.errs) == 0 {
		return nil
	}
	return fmt.Errorf("%d conversations did not go on, the first: %w", len(c.errs), errors.Join(c.errs[:1]...))
}
