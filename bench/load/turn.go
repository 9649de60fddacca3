package main

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// connections is how many deliveries Telegram makes at once unless it is told
// otherwise.
const connections = 40

// figures is what one turn of a contender gave.
type figures struct {
	perSecond  float64       // updates answered
	cpu        time.Duration // of the contender, for one update
	dialled    int           // connections it has opened to the Bot API since it was started
	lost       int           // questions without an answer
	twice      int           // answers that came again
	disordered int           // answers before an earlier one of the same chat
}

// size is how much one turn asks, and how old the contender is by then at the least.
type size struct {
	warm, n int
	settled time.Duration
}

// in is how much a turn of a scene asks: where every call takes 50 ms, a quarter
// takes as long.
func (s size) in(scene string) size {
	if scene == scenePoll5 {
		s.n /= 4
	}
	return s
}

// turn starts a contender, warms it up, measures it and ends it.
func turn(c contender, folder, scene string, s size, profile string) (f figures, err error) {
	latency := time.Duration(0)
	if scene == scenePoll5 {
		latency = 50 * time.Millisecond
	}
	a, err := newAPI(latency)
	if err != nil {
		return f, err
	}
	defer a.close()
	listen, err := freeAddress()
	if err != nil {
		return f, err
	}
	if c.env = append(slices.Clone(c.env), "PROFILE="+profile); !c.saqbol {
		profile = ""
	}
	started := time.Now()
	p, err := start(c, folder, scene, listen, a.url())
	if err != nil {
		return f, err
	}
	defer p.stop()
	polling := scene == scenePoll || scene == scenePoll5
	if !polling {
		if err := p.listens(listen); err != nil {
			return f, fmt.Errorf("%s: %w:\n%s", c.name, err, p.output())
		}
	}
	run := func(n, first int) (*tally, time.Time, error) {
		t := newTally(n, n, c.silent, polling)
		updates := questions(n, first, polling)
		a.tally.Store(t)
		begun := time.Now()
		if polling {
			a.publish(first, updates)
			return t, begun, nil
		}
		d := &deliverer{address: listen, tally: t, updates: updates, head: "POST " + webhookPath + " HTTP/1.1\r\nHost: " + listen +
			"\r\nContent-Type: application/json\r\nX-Telegram-Bot-Api-Secret-Token: " + secret + "\r\nContent-Length: "}
		return t, begun, d.run(min(connections, n/perChat/4)) // few enough that a chat's updates never race each other
	}
	const firstUpdate = 1000
	t, _, err := run(s.warm, firstUpdate)
	if err == nil {
		t.wait(warmPatience)
	}
	if err == nil && !c.silent && t.answers == 0 {
		err = errors.New("it does not answer")
	}
	if err != nil {
		return f, fmt.Errorf("%s, %s: %w:\n%s", c.name, scene, err, p.output())
	}
	time.Sleep(time.Until(started.Add(s.settled)))
	if profile != "" {
		p.profile()
	}
	before, err := p.cpu()
	if err != nil {
		return f, err
	}
	t, begun, err := run(s.n, firstUpdate+s.warm)
	if err != nil {
		return f, fmt.Errorf("%s, %s: %w:\n%s", c.name, scene, err, p.output())
	}
	ended := t.wait(patience)
	after, err := p.cpu()
	if err != nil {
		return f, err
	}
	if profile != "" {
		p.profile()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	done := t.answers
	if c.silent {
		done = t.acked
	}
	f = figures{perSecond: float64(done) / ended.Sub(begun).Seconds(), cpu: (after - before) / time.Duration(max(1, done)),
		dialled: int(a.dialled.Load()), lost: s.n - done, twice: t.twice, disordered: t.disordered}
	return f, nil
}
