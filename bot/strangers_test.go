package bot

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// Refused requests are seen in the log, and a flood of them does not fill it.
func TestStrangersAreLogged(t *testing.T) {
	var log bytes.Buffer
	s := &strangers{log: slog.New(slog.NewTextHandler(&log, nil))}
	now := time.Date(2026, time.November, 22, 9, 30, 0, 0, time.UTC)
	for i := range 5000 {
		s.seen(now.Add(time.Duration(i) * time.Millisecond))
	}
	if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), "count=1") {
		t.Errorf("%d lines: %s", lines, log.String())
	}
	s.seen(now.Add(2 * time.Minute))
	if !strings.Contains(log.String(), "count=5000") {
		t.Errorf("a minute later: %s", log.String())
	}
}
