package storage

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

func payloadPlace(who []byte) seal.Place {
	return seal.Place{Table: "outbox", Column: "payload", Row: who}
}

// outgoing stores the calls that wait and returns their ids.
func (a *applying) outgoing(ctx context.Context) ([]int64, error) {
	var ids []int64
	for _, out := range a.change.Outgoing {
		plain := append(binary.BigEndian.AppendUint64(nil, uint64(out.Chat)), out.Payload...)
		sealed, err := a.store.keys.Seal(plain, payloadPlace(a.who[:]))
		if err != nil {
			return nil, err
		}
		var id int64
		if err := a.row(ctx, `INSERT INTO outbox (person, payload, at) VALUES ($1, $2, $3) RETURNING id`,
			a.who[:], sealed, millis(a.change.Now)).Scan(&id); err != nil {
			return nil, fmt.Errorf("storing an answer: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// Unsent returns the calls that wait, in the order in which they were stored.
func (s *Store) Unsent(ctx context.Context) (waiting []fraud.Outgoing, err error) {
	defer s.measure(OpUnsent, s.begun(), &err)
	err = s.read.query(ctx, func(rows *sql.Rows) error {
		var out fraud.Outgoing
		var who, sealed []byte
		if err := rows.Scan(&out.ID, &who, &sealed); err != nil {
			return err
		}
		plain, err := s.keys.Open(sealed, payloadPlace(who))
		if err != nil {
			return err
		}
		if len(plain) < 8 {
			return errors.New("an answer without a chat")
		}
		out.Chat, out.Payload = int64(binary.BigEndian.Uint64(plain)), plain[8:]
		waiting = append(waiting, out)
		return nil
	}, `SELECT id, person, payload FROM outbox ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("reading the answers that wait: %w", err)
	}
	return waiting, nil
}

// Sent forgets calls that were made or can't ever be. Ids that are gone already
// are no matter.
func (s *Store) Sent(ctx context.Context, ids []int64) (err error) {
	if len(ids) == 0 {
		return nil
	}
	defer s.measure(OpSent, s.begun(), &err)
	return s.update(ctx, "forgetting answers that were sent", func(t *tx) error {
		for _, id := range ids {
			if _, err := t.exec(ctx, `DELETE FROM outbox WHERE id = $1`, id); err != nil {
				return err
			}
		}
		return nil
	})
}
