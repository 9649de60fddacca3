package storage_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/seal"
)

// replicaTerm is short, so that tests see a replica die.
const replicaTerm = 500 * time.Millisecond

// joined opens a database as a replica does. It is not closed where the test kills it.
func joined(t *testing.T, url string, keys *seal.Keys) *storage.Store {
	t.Helper()
	s := openServer(t, url, keys, storage.WithInstance(storage.Claim{Holder: "a replica", Term: replicaTerm}))
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func takes(t *testing.T, s *storage.Store, chat int64) int64 {
	t.Helper()
	token, err := s.TakeTurn(t.Context(), chat)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func turned(chat, update, token int64) fraud.Change {
	return fraud.Change{Update: update, Person: chat, Now: time.Now(), Lang: fraud.Kazakh,
		Outgoing: []fraud.Outgoing{{Chat: chat, Payload: []byte("an answer")}}, Turn: fraud.Turn{Chat: chat, Token: token}}
}

// TestTurns: a chat is one replica's at a time, and only who proves that it is
// theirs stores anything for it.
func TestTurns(t *testing.T) {
	url, keys := server.Database(t), newKeys(t)
	a, b := joined(t, url, keys), joined(t, url, keys)
	const chat = 1000001
	token := takes(t, a, chat)
	if token == 0 || takes(t, b, chat) != 0 {
		t.Fatal("a chat is free and taken at once")
	}
	if _, err := a.Commit(t.Context(), turned(chat, 1, token)); err != nil {
		t.Fatal(err)
	}
	for _, forged := range []int64{0, token + 1} {
		if _, err := b.Commit(t.Context(), turned(chat, 2, forged)); !errors.Is(err, storage.ErrFenced) {
			t.Errorf("a commit without the turn: %v", err)
		}
	}
	if seen, err := b.Seen(t.Context(), 2); err != nil || seen {
		t.Errorf("a fenced update counts as handled: %v, %v", seen, err)
	}
	again := takes(t, a, chat) // as after an answer of the server that got lost
	if again == 0 || again == token {
		t.Errorf("the token is %d, and was %d", again, token)
	}
	for _, old := range []struct {
		token int64
		free  bool
	}{{token, false}, {again, true}} {
		if err := a.GiveTurns(t.Context(), map[int64]int64{chat: old.token}, []int64{1, 3}); err != nil {
			t.Fatal(err)
		}
		if free := takes(t, b, chat) != 0; free != old.free {
			t.Errorf("given back with token %d of %d, the chat is free: %v", old.token, again, free)
		}
	}
	if seen, err := b.Seen(t.Context(), 3); err != nil || !seen {
		t.Errorf("an update answered without an effect would be answered again: %v, %v", seen, err)
	}
}

// TestDeadReplica: the turns of a replica that dies are free after a term, those of
// one that stops at once; one that was only silent finds out and stores nothing.
func TestDeadReplica(t *testing.T) {
	url, keys := server.Database(t), newKeys(t)
	a, b := joined(t, url, keys), joined(t, url, keys)
	const chat = 1000001
	token := takes(t, a, chat)
	if _, err := a.Commit(t.Context(), turned(chat, 1, token)); err != nil {
		t.Fatal(err)
	}
	if chats, err := b.Stranded(t.Context(), 10); err != nil || len(chats) > 0 {
		t.Fatalf("answers that are being sent count as left behind: %v, %v", chats, err)
	}
	storage.Silence(a)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for takes(t, b, chat) == 0 {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatal("the turn of a dead replica is never free")
		}
	}
	if _, err := a.Commit(t.Context(), turned(chat, 2, token)); !errors.Is(err, storage.ErrFenced) {
		t.Errorf("a replica taken for dead stores: %v", err)
	}
	storage.Renew(a)
	select {
	case <-a.Lost():
	case <-ctx.Done():
		t.Error("a replica taken for dead does not learn of it")
	}
}

// TestStranded: what a replica leaves unsent when it stops is found, and no longer
// once somebody has the chat's turn.
func TestStranded(t *testing.T) {
	url, keys := server.Database(t), newKeys(t)
	a, b := joined(t, url, keys), joined(t, url, keys)
	want := []int64{1000001, 1000002}
	for i, chat := range want {
		if _, err := a.Commit(t.Context(), turned(chat, int64(i+1), takes(t, a, chat))); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for left := want; ; left = left[1:] {
		if chats, err := b.Stranded(t.Context(), 10); err != nil || !slices.Equal(chats, left) {
			t.Fatalf("left behind are %v, %v, want %v", chats, err, left)
		}
		if len(left) == 0 {
			return
		}
		if takes(t, b, left[0]) == 0 {
			t.Fatal("the turn of a replica that stopped is not free")
		}
		if rows, err := b.UnsentOf(t.Context(), left[0], 0, 1<<62); err != nil || len(rows) != 1 {
			t.Fatalf("%d answers wait, %v", len(rows), err)
		}
	}
}

// TestUnderALease: what is stored under a lease is not stored once it is another's.
func TestUnderALease(t *testing.T) {
	url, keys := server.Database(t), newKeys(t)
	a, b := joined(t, url, keys), joined(t, url, keys)
	claim := storage.Claim{Holder: "a replica", Term: replicaTerm}
	lease, err := a.Lease(t.Context(), "housekeeping", claim)
	if err != nil {
		t.Fatal(err)
	}
	under := lease.Context(t.Context())
	if err := a.Prune(under, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	next, err := b.Lease(t.Context(), "housekeeping", claim)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = next.Release(context.WithoutCancel(t.Context())) }()
	if err := a.Prune(under, time.Now()); !errors.Is(err, storage.ErrFenced) {
		t.Errorf("work under a lease that was lost: %v", err)
	}
	if err := b.Prune(next.Context(t.Context()), time.Now()); err != nil {
		t.Errorf("work of the new holder: %v", err)
	}
}
