package handlers

import (
	"errors"
	"testing"
	"time"

	"saqbol/fraud"
)

func TestStats(t *testing.T) {
	c := newChat(t, "ru")
	if got := keys(c.say("/stats")); got != "stats.none" {
		t.Errorf("with nothing reported: %q", got)
	}
	for i := range 5 {
		c.fileReport(int64(i), testNow.Add(-time.Duration(i)*3*24*time.Hour))
	}
	reply := c.say("/stats")
	sums := reply.Messages[0].Text[0].Args
	if sums["Reports"] != 5 || sums["Recent"] != 3 || sums["Subjects"] != 2 {
		t.Errorf("sums = %v", sums)
	}
	if got := keys(reply); got != "stats.sums stats.top stats.line stats.line stats.line stats.next" {
		t.Errorf("answers %q", got)
	}
}

func TestStatsUnavailable(t *testing.T) {
	c := newChat(t, "ru")
	c.store.down = errors.New("the disk is gone")
	_, err := c.router.stats(t.Context(), Turn{Now: testNow})
	var refused *fraud.Error
	if !errors.As(err, &refused) || refused.Key != "stats.unavailable" {
		t.Errorf("error = %v", err)
	}
}
