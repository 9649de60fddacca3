package main

import (
	"fmt"
	"math/rand/v2"
	"sync"
)

// numbers hands out telephone numbers. Some are shared, so that several people
// report the same one.
type numbers struct {
	mu   sync.Mutex
	next int
}

const firstNumber = 2_000_000

// number is a mobile number of Kazakhstan in E.164.
func number(n int) string { return fmt.Sprintf("+7701%07d", n) }

// fresh is a number that nobody has named yet.
func (n *numbers) fresh() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.next++
	return number(firstNumber + n.next)
}

// known is a number that somebody may have named, one of the latest.
func (n *numbers) known(dice *rand.Rand) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	const latest = 30
	return number(firstNumber + max(1, n.next-dice.IntN(latest)))
}

// fresh is a number that this person has not named yet, often one that others
// have.
func (c *citizen) fresh() string {
	number := c.pool.fresh()
	if c.dice.IntN(2) == 0 {
		number = c.pool.known(c.dice)
	}
	if c.named[number] {
		number = c.pool.fresh()
	}
	c.named[number] = true
	return number
}

// display is the form in which the bot shows a number.
func display(number string) string {
	return number[:2] + " " + number[2:5] + " " + number[5:8] + " " + number[8:10] + " " + number[10:]
}

// spelled is a number as people write it.
func (c *citizen) spelled(number string) string {
	local := number[2:]
	switch c.dice.IntN(4) {
	case 0:
		return number
	case 1:
		return "8" + local
	case 2:
		return fmt.Sprintf("8 (%s) %s-%s-%s", local[:3], local[3:6], local[6:8], local[8:])
	}
	return display(number)
}
