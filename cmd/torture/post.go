package main

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"
	"sync"
	"time"

	"saqbol/emulator"
)

// settled is how long after a start a message may still be one that the life
// before had handed over.
const settled = time.Second

// post notes what the program sent and to whom, and sees what came twice. An
// answer that was sent, but not yet struck out in the outbox when the program
// died, has to come again; within one life nothing may.
type post struct {
	generation func() int // of the program's lives

	mu      sync.Mutex
	sent    map[letter]int     // in which life it was last sent
	doubles map[visit][]string // that a kill explains, by chat and life
	checks  int                // doubles that are answers to plain checks: no row remembers those
	again   []string           // that nothing explains
	refused []string           // what the Bot API did not take
	calls   int                // that people see: messages, edits, deletions
	life    int
	began   time.Time // of this life
}

// letter is a message to a chat, known by its content.
type letter struct {
	chat    int64
	content uint64
}

// visit is one life of the program seen from one chat.
type visit struct {
	chat int64
	life int
}

func newPost(generation func() int) *post {
	return &post{generation: generation, sent: map[letter]int{}, doubles: map[visit][]string{}}
}

// called notes a call of the Bot API.
func (p *post) called(c emulator.Call) {
	life := p.generation()
	p.mu.Lock()
	defer p.mu.Unlock()
	if life != p.life {
		p.life, p.began = life, c.Time
	}
	switch {
	case c.Code == 400 && !harmless(c.Description):
		p.refused = append(p.refused, fmt.Sprintf("%s: %s", c.Method, c.Description))
	case !c.OK() || c.ChatID == 0:
		return
	}
	p.calls++
	if c.Method != "sendMessage" {
		return // an edit or a deletion that comes twice changes nothing
	}
	raw, err := json.Marshal([]any{c.Params["text"], c.Params["reply_markup"]})
	if err != nil || repeats(string(raw)) {
		return
	}
	h := fnv.New64a()
	_, _ = h.Write(raw) // never fails
	key := letter{c.ChatID, h.Sum64()}
	before, known := p.sent[key]
	p.sent[key] = life
	switch {
	case !known:
	case before == life && c.Time.Sub(p.began) >= settled:
		p.again = append(p.again, fmt.Sprintf("chat %d, life %d: %s", c.ChatID, life, raw))
	case strings.Contains(string(raw), `"rep:`):
		p.checks++
	default:
		at := visit{c.ChatID, life}
		if before == life {
			at.life-- // the first of the two was still on its way from the life before
		}
		p.doubles[at] = append(p.doubles[at], fmt.Sprintf("first in life %d: %s", before, raw))
	}
}

// harmless are the refusals that a crash makes unavoidable.
func harmless(description string) bool {
	for _, words := range []string{"message is not modified", "message to edit not found", "message to delete not found", "query is too old"} {
		if strings.Contains(description, words) {
			return true
		}
	}
	return false
}

// repeats tells whether people may get the same message twice because they asked
// twice: a list, a menu.
func repeats(message string) bool {
	return strings.Contains(message, `"my:`) || strings.Contains(message, `"set:`)
}

// doubled is how many messages came twice because of a kill, how many of them were
// answers to plain checks, and how many others at most came to one chat in one life.
func (p *post) doubled() (all, checks, worst int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all = p.checks
	for _, again := range p.doubles {
		all, worst = all+len(again), max(worst, len(again))
	}
	return all, p.checks, worst
}

// verdict is an error where something was sent that no kill explains, or that
// the Bot API did not take. Of the answers that are kept until they are sent one a
// chat may be in doubt when the program dies, no more.
func (p *post) verdict() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for at, again := range p.doubles {
		if len(again) > 1 {
			return fmt.Errorf("one kill had %d kept answers sent to chat %d a second time, in life %d:\n%s", len(again), at.chat, at.life, strings.Join(again, "\n"))
		}
	}
	if len(p.again) > 0 {
		return fmt.Errorf("%d messages came twice without a kill between, the first: %s", len(p.again), p.again[0])
	}
	if len(p.refused) > 0 {
		return fmt.Errorf("the Bot API refused %d calls, the first: %s", len(p.refused), p.refused[0])
	}
	return nil
}

// explained is doubled where there are several programs, so many of which died: what
// one had sent, and not yet struck out, another sends again, once a chat and death.
// Answers to plain checks may come twice whenever Telegram asks twice.
func (p *post) explained(deaths int) (all, checks, worst int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := map[int64]int{}
	for at, again := range p.doubles {
		kept[at.chat] += len(again)
	}
	checks = p.checks
	for _, again := range p.again {
		var chat int64
		var life int
		if _, err := fmt.Sscanf(again, "chat %d, life %d:", &chat, &life); err != nil || strings.Contains(again, `"rep:`) {
			checks++
			continue
		}
		kept[chat]++
	}
	all = checks
	for chat, n := range kept {
		all, worst = all+n, max(worst, n)
		if n > deaths {
			err = fmt.Errorf("%d kept answers to chat %d came twice, %d replicas died", n, chat, deaths)
		}
	}
	if len(p.refused) > 0 {
		err = fmt.Errorf("the Bot API refused %d calls, the first: %s", len(p.refused), p.refused[0])
	}
	return all, checks, worst, err
}
