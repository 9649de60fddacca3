package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

// lettersShown is how many dead letters are read at once.
const lettersShown = 100

// letterRow is how a dead letter is sealed.
type letterRow struct {
	Reason string `json:"reason"`
	Raw    []byte `json:"raw,omitempty"`
}

func letterPlace(update int64) seal.Place {
	return seal.Place{Table: "dead_letters", Column: "letter", Row: strconv.AppendInt(nil, update, 10)}
}

// DeadLetter keeps an update that could not be handled and marks it as handled,
// so that it isn't tried again. A second letter about the same update is not kept.
func (s *Store) DeadLetter(ctx context.Context, letter fraud.DeadLetter) (err error) {
	defer s.measure(OpDeadLetter, s.begun(), &err)
	sealed, err := s.sealJSON(letterRow{Reason: letter.Reason, Raw: letter.Raw}, letterPlace(letter.Update))
	if err != nil {
		return err
	}
	update := sql.NullInt64{Int64: letter.Update, Valid: letter.Update != 0}
	var who []byte // NULL: nobody's
	if letter.Person != 0 {
		key := s.person(letter.Person)
		who = key[:]
	}
	return s.update(ctx, "keeping an update that could not be handled", func(t *tx) error {
		if err := markHandled(ctx, t, letter.Update, millis(letter.At)); err != nil && !errors.Is(err, fraud.ErrSeen) {
			return err
		}
		_, err := t.exec(ctx, `INSERT INTO dead_letters (update_id, person, letter, at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (update_id) DO NOTHING`, update, who, sealed, millis(letter.At))
		return err
	})
}

// DeadLetters returns the latest hundred updates that could not be handled,
// newest first; Check counts them all.
func (s *Store) DeadLetters(ctx context.Context) ([]fraud.DeadLetter, error) {
	var letters []fraud.DeadLetter
	err := s.read.query(ctx, func(rows *sql.Rows) error {
		var update sql.NullInt64
		var sealed []byte
		var at int64
		if err := rows.Scan(&update, &sealed, &at); err != nil {
			return err
		}
		var row letterRow
		if err := s.openJSON(sealed, letterPlace(update.Int64), &row); err != nil {
			return err
		}
		letters = append(letters, fraud.DeadLetter{Update: update.Int64, Reason: row.Reason, Raw: row.Raw, At: moment(at)})
		return nil
	}, `SELECT update_id, letter, at FROM dead_letters ORDER BY id DESC LIMIT $1`, lettersShown)
	if err != nil {
		return nil, fmt.Errorf("reading the dead letters: %w", err)
	}
	return letters, nil
}
