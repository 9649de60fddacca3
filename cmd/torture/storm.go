package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"saqbol/emulator"
	"saqbol/fraud"
)

// updatesEach is how many updates each chat of a storm sends.
const updatesEach = 20

// storm sends more than a bot ever gets, many chats at once, a fifth of it twice.
func storm() scenario {
	return scenario{
		name:   "storm",
		target: "each update applied once, order per chat kept, memory flat",
		run:    runStorm,
	}
}

func runStorm(ctx context.Context, r *rig) (string, error) {
	var measured string
	for _, mode := range []string{webhook, polling} {
		k := &storming{rig: r, mode: mode, chats: r.size(5000, 250), atOnce: r.size(300, 250), last: map[int64]fraud.Lang{}}
		err := k.blow(ctx)
		if measured != "" {
			measured += "; "
		}
		if measured += k.measured(); err != nil {
			return measured, fmt.Errorf("by %s: %w", mode, err)
		}
	}
	return measured, nil
}

// storming is one storm.
type storming struct {
	rig           *rig
	mode          string
	chats, atOnce int

	done      atomic.Int64
	updates   atomic.Int64 // sent by people
	promised  int
	checks    int64
	tally     tally
	took      time.Duration
	delivered float64 // updates that came in, second deliveries too
	again     float64 // of them, known already
	memory    memory

	mu   sync.Mutex
	last map[int64]fraud.Lang // the language that each person chose last
}

func (k *storming) measured() string {
	return fmt.Sprintf("by %s %d updates of %d chats in %.0f s, %.0f deliveries of which %.0f came again, %d reports, %d lost, %d doubled, %d checks in order, %s",
		k.mode, k.updates.Load(), k.done.Load(), k.took.Seconds(), k.delivered, k.again, k.promised, k.tally.lost, k.tally.doubled, k.checks, &k.memory)
}

// blow lets everybody send, and compares.
func (k *storming) blow(ctx context.Context) error {
	s, err := k.rig.newSite(ctx, "storm")
	if err != nil {
		return err
	}
	defer s.close()
	// Telegram's limits and the quotas would make hours of this.
	s.extra = []string{"SAQBOL_SENDS_PER_SECOND=5000", "SAQBOL_CHECKS_PER_HOUR=0", "SAQBOL_CHECKS_PER_DAY=0", "SAQBOL_CHECKS_ALL_PER_DAY=0",
		"SAQBOL_REPORTS_PER_DAY=0", "SAQBOL_REPORTS_ALL_PER_DAY=0"}
	p, err := s.start(ctx, k.mode)
	if err != nil {
		return err
	}
	l := &ledger{}
	c := newCrowd(s, l, &numbers{})
	watching, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	var watch sync.WaitGroup
	watch.Go(func() { k.memory.watch(watching, p.pid, s.listen) })
	began := time.Now()
	k.people(ctx, c)
	err = c.leave()
	if err == nil {
		err = s.api.Drained(ctx)
	}
	k.took = time.Since(began)
	stopWatching()
	watch.Wait()
	if err != nil {
		return errors.Join(fmt.Errorf("%w\nthe program said:\n%s", err, p.output()), p.kill())
	}
	if k.delivered, k.again, err = deliveries(ctx, s.listen); err != nil {
		return errors.Join(err, p.kill())
	}
	if _, err := p.stop(); err != nil {
		return err
	}
	return k.compare(ctx, s, l)
}

// people sends everybody through, so many at the same time.
func (k *storming) people(ctx context.Context, c *crowd) {
	places := make(chan struct{}, k.atOnce)
	for range k.chats {
		places <- struct{}{}
		if c.broken() {
			return
		}
		c.wg.Go(func() {
			defer func() { <-places }()
			if err := k.live(ctx, c, c.newcomer()); err != nil {
				c.failed(err)
				return
			}
			k.rig.progress.say("%s: %d of %d chats", k.mode, k.done.Add(1), k.chats)
		})
	}
}

// live is one person's updates: a report, a language chosen in several presses one
// behind the other, and checks in bursts. A fifth of it is delivered twice.
func (k *storming) live(ctx context.Context, c *crowd, p *citizen) error {
	sent := 0
	told := p.told
	p.told = func() {
		sent++
		c.site.api.Redeliver(p.dice.IntN(5) == 0)
		told()
	}
	defer func() { k.updates.Add(int64(sent)) }()
	if err := k.choose(ctx, p, &sent); err != nil {
		return err
	}
	if err := p.report(ctx); err != nil {
		return err
	}
	for sent < updatesEach {
		count := min(1+p.dice.IntN(5), updatesEach-sent)
		sent += count - 1 // one of them is told of
		if err := p.check(ctx, count); err != nil {
			return err
		}
	}
	return nil
}

// choose presses the buttons of the languages faster than they are answered: the
// last press decides.
func (k *storming) choose(ctx context.Context, p *citizen, sent *int) error {
	var id int64
	messages, err := p.act(ctx, "asked for /language", func() error { id = p.Send("/language"); return nil }, func(messages []emulator.Message) bool {
		m, _, ok := newest(messages, "lang:")
		return ok && m.FromBot && m.ID > id
	})
	if err != nil {
		return err
	}
	m, _, _ := newest(messages, "lang:")
	langs := []fraud.Lang{fraud.Kazakh, fraud.Russian}
	var lang fraud.Lang
	for range 1 + p.dice.IntN(4) {
		lang = langs[p.dice.IntN(len(langs))]
		if err := p.PressStale(m.ID, "lang:"+string(lang)); err != nil {
			return fmt.Errorf("choosing a language: %w", err)
		}
		*sent++
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last[p.ID()] = lang
	return nil
}

// compare holds the database against what people were told and what they chose.
func (k *storming) compare(ctx context.Context, s *site, l *ledger) error {
	var err error
	k.promised, k.checks = l.promised(), l.checks.Load()
	if k.tally, err = s.compare(ctx, l); err != nil {
		return err
	}
	store, _, err := s.open(ctx)
	if err != nil {
		return err
	}
	for person, lang := range k.last {
		known, _, err := store.Turn(ctx, person)
		if err == nil && known.Lang != lang {
			err = fmt.Errorf("person %d chose %s last, and has %s", person, lang, known.Lang)
		}
		if err != nil {
			return errors.Join(err, store.Close())
		}
	}
	if err := store.Close(); err != nil {
		return err
	}
	if all, _, _ := s.post.doubled(); all > 0 {
		return fmt.Errorf("%d messages came twice although nothing was killed", all)
	}
	if k.again == 0 {
		return errors.New("no update came twice: the storm was none")
	}
	return errors.Join(s.post.verdict(), k.memory.verdict())
}
