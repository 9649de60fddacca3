package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"saqbol/emulator"
	"saqbol/fraud"
	"saqbol/storage/storagetest"
)

// TestConfirmationIsTold: a human decision, made by another program, reaches those
// who reported the number while the bot runs, in their language, and nobody else.
func TestConfirmationIsTold(t *testing.T) {
	s := startRun(t, "polling")
	s.citizen(t, "ru").says("102") // it is up: two programs must not make the database together
	store := s.beside(t)
	subject := storagetest.Phone(1)
	var people []citizen
	for i, lang := range []fraud.Lang{fraud.Kazakh, fraud.Russian, fraud.Russian} {
		c := s.citizen(t, string(lang))
		c.says("102")
		report := storagetest.Report(storagetest.Code(i), subject)
		if _, err := store.Commit(t.Context(), fraud.Change{Person: c.ID(), Now: time.Now(), Lang: lang, File: report}); err != nil {
			t.Fatal(err)
		}
		people = append(people, c)
	}
	withdrawn := people[2]
	if _, err := store.Commit(t.Context(), fraud.Change{Person: withdrawn.ID(), Now: time.Now(), Withdraw: storagetest.Code(2)}); err != nil {
		t.Fatal(err)
	}
	if err := store.Confirm(t.Context(), subject, "dispatcher"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for i, want := range []string{"Расталды", "Подтверждено"} {
		messages, err := people[i].Wait(ctx, func(now []emulator.Message) bool { return len(now) == 3 })
		if err != nil {
			t.Fatalf("person %d is not told: %v\n%s", i, err, s.stderr)
		}
		if text := messages[2].Text; !strings.Contains(text, want) || !strings.Contains(text, storagetest.Code(i)) || !strings.Contains(text, subject.Shown) {
			t.Errorf("person %d reads %q", i, text)
		}
	}
	until(t, "all are sent", func() bool {
		due, err := store.Notices(t.Context(), time.Now(), 10)
		return err == nil && len(due.Notices) == 0
	})
	if n := len(withdrawn.Messages()); n != 2 {
		t.Errorf("who has withdrawn has %d messages, want their own and its answer", n)
	}
}
