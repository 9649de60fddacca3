package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"saqbol/fraud"
)

// errAlone is for a Store that has no turns to take: it is the only one that
// serves people, or serves nobody.
var errAlone = errors.New("only a replica takes turns")

// TakeTurn takes a chat's turn for this replica and returns the token that proves
// it in Commit; 0 where another replica has it. A turn lasts until it is given
// back, or its replica is dead (docs/adr/0021). Its row is there no longer than
// that: who only checks leaves no trace.
func (s *Store) TakeTurn(ctx context.Context, chat int64) (token int64, err error) {
	defer s.measure(OpClaim, s.begun(), &err)
	if s.instance == nil || s.engine.single() {
		return 0, errAlone
	}
	key := s.chat(chat)
	row, err := s.read.row(ctx, `SELECT holder FROM turns WHERE chat = $1`, key[:])
	var holder string
	if err == nil {
		err = row.Scan(&holder)
	}
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return 0, s.unreadable("looking for a chat's turn", err)
	case err == nil && holder != s.instance.name:
		return 0, nil // most who wait learn it without a write
	}
	err = s.update(ctx, "taking a chat's turn", func(ctx context.Context, t *tx) error {
		drawn := s.ids.next()
		t.twice = true
		// A row of this replica's own is left by a transaction whose end it never learned.
		n, err := t.exec(ctx, `INSERT INTO turns (chat, holder, token) VALUES ($1, $2, $3)
			ON CONFLICT (chat) DO UPDATE SET token = excluded.token WHERE turns.holder = excluded.holder`,
			key[:], s.instance.name, drawn)
		token = n * drawn
		return err
	})
	if err != nil {
		return 0, err
	}
	return token, nil
}

// GiveTurns gives turns back, tokens by chat. Those that another has are left. The
// updates that were answered in them are marked as handled: numbers that say nothing
// of whose they were.
func (s *Store) GiveTurns(ctx context.Context, turns map[int64]int64, answered []int64) (err error) {
	defer s.measure(OpClaim, s.begun(), &err)
	type turn struct {
		chat  fraud.Key
		token int64
	}
	sorted := make([]turn, 0, len(turns))
	for chat, token := range turns {
		sorted = append(sorted, turn{s.chat(chat), token})
	}
	slices.SortFunc(sorted, func(a, b turn) int { return slices.Compare(a.chat[:], b.chat[:]) }) // so that no two wait for each other
	now, marked := millis(s.clock()), slices.Sorted(slices.Values(answered))
	return s.update(ctx, "giving turns back", func(ctx context.Context, t *tx) error {
		t.twice = true
		for _, update := range marked {
			if err := markHandled(ctx, t, update, now); err != nil && !errors.Is(err, fraud.ErrSeen) {
				return err
			}
		}
		for _, turn := range sorted {
			if _, err := t.exec(ctx, `DELETE FROM turns WHERE chat = $1 AND token = $2`, turn.chat[:], turn.token); err != nil {
				return err
			}
		}
		return nil
	})
}

// Stranded returns chats whose answers wait while nobody has their turn, the
// longest waiting first and at most limit: a replica has left them, or another
// program has stored them.
func (s *Store) Stranded(ctx context.Context, limit int) (chats []int64, err error) {
	defer s.measure(OpUnsent, s.begun(), &err)
	rows := outboxRows{store: s}
	err = s.read.query(ctx, rows.scan, `SELECT o.id, o.person, o.payload FROM outbox o
		WHERE o.aside = 0 AND NOT EXISTS (SELECT 1 FROM turns t WHERE t.chat = o.chat) ORDER BY o.id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("looking for answers that nobody sends: %w", err)
	}
	s.aside(ctx, outboxAside, rows.broken)
	for _, row := range rows.opened {
		if !slices.Contains(chats, row.Chat) {
			chats = append(chats, row.Chat)
		}
	}
	return chats, nil
}

// turn proves that the change's chat is this replica's. The row is written, so that
// whoever takes the turn meanwhile waits until this transaction has ended: what they
// read then has its effect in it.
func (a *applying) turn(ctx context.Context) error {
	turn := a.change.Turn
	if turn.Chat == 0 {
		return nil
	}
	key := a.store.chat(turn.Chat)
	n, err := a.exec(ctx, `UPDATE turns SET token = token WHERE chat = $1 AND token = $2`, key[:], turn.Token)
	if err != nil {
		return fmt.Errorf("proving a chat's turn: %w", err)
	}
	if n == 0 {
		return ErrFenced
	}
	return nil
}
