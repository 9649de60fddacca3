package main

import (
	"context"
	"strings"
	"testing"

	"saqbol/emulator"
)

// TestConversationTyped reports without a button: every answer comes below what
// was typed, and the form is one message at the bottom, as Telegram shows it.
func TestConversationTyped(t *testing.T) {
	for _, mode := range []string{"polling", "webhook"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := startRun(t, mode)
			c := s.citizen(t, "kk")
			for _, text := range []string{"/report", "8 701 123 45 67", "түсініксіз", "түсініксіз", "қоңырау", "банк", "/check 8 777 000 00 01", "жалғастыру",
				"өткізу", "адам", "кеше", "жоқ", "Ақша сұрады"} {
				c.says(text)
				c.oneForm(text, 1)
			}
			if filed := c.says("иә"); !code.MatchString(filed.Text) {
				t.Errorf("the answer to the filed report holds no code:\n%s", shown(filed))
			}
			c.oneForm("иә", 0)
		})
	}
}

// oneForm waits until the chat shows so many forms, the last one at its end.
func (c citizen) oneForm(after string, want int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	messages, err := c.Wait(ctx, func(now []emulator.Message) bool {
		forms := 0
		for _, m := range now {
			if isForm(m) {
				forms++
			}
		}
		last := now[len(now)-1]
		return forms == want && last.FromBot && (want == 0 || isForm(last))
	})
	if err != nil {
		c.t.Fatalf("after %q the form is not the last message: %v\n%s", after, err, asJSON(messages))
	}
}

func isForm(m emulator.Message) bool {
	for _, row := range m.Buttons {
		for _, b := range row {
			if strings.HasPrefix(b.Data, "r:") || b.Data == "drop:yes" {
				return true
			}
		}
	}
	return false
}
