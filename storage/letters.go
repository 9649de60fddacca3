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

// letterRow is how a dead letter is sealed.
type letterRow struct {
	Reason string `json:"reason"`
	Raw    []byte `json:"raw,omitempty"`
	Masked bool   `json:"masked,omitempty"`
	Cut    bool   `json:"cut,omitempty"`
}

func letterPlace(update int64) seal.Place {
	return seal.Place{Table: "dead_letters", Column: "letter", Row: strconv.AppendInt(nil, update, 10)}
}

// DeadLetter keeps an update that could not be handled and marks it as handled,
// so that it isn't tried again. A second letter about the same update is not kept.
func (s *Store) DeadLetter(ctx context.Context, letter fraud.DeadLetter) (err error) {
	defer s.measure(OpDeadLetter, s.begun(), &err)
	row := letterRow{Reason: letter.Reason, Raw: letter.Raw, Masked: letter.Masked, Cut: letter.Cut}
	update := sql.NullInt64{Int64: letter.Update, Valid: letter.Update != 0}
	var who []byte // NULL: nobody's
	if letter.Person != 0 {
		key := s.person(letter.Person)
		who = key[:]
	}
	s.handled.raise(letter.Update)
	return s.update(ctx, "keeping an update that could not be handled", func(ctx context.Context, t *tx) error {
		sealed, err := s.sealJSON(row, letterPlace(letter.Update))
		if err != nil {
			return err
		}
		if err := markHandled(ctx, t, letter.Update, millis(letter.At)); err != nil && !errors.Is(err, fraud.ErrSeen) {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO dead_letters (id, update_id, person, letter, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (update_id) DO NOTHING`, s.ids.next(), update, who, sealed, millis(letter.At))
		return err
	})
}

// letterColumns are what scanLetter reads.
const letterColumns = `id, update_id, letter, at, tries, replay`

// scanLetter reads a letter. One that can't be opened comes as Broken: it must
// not keep the others from being read.
func (s *Store) scanLetter(scan func(...any) error) (fraud.DeadLetter, error) {
	var l fraud.DeadLetter
	var update sql.NullInt64
	var sealed []byte
	var at int64
	if err := scan(&l.ID, &update, &sealed, &at, &l.Tries, &l.Replay); err != nil {
		return l, err
	}
	l.Update, l.At = update.Int64, moment(at)
	var row letterRow
	if s.openJSON(sealed, letterPlace(l.Update), &row) != nil {
		l.Broken, l.Size = true, len(sealed)
		return l, nil
	}
	l.Reason, l.Raw, l.Masked, l.Cut, l.Size = row.Reason, row.Raw, row.Masked, row.Cut, len(row.Raw)
	return l, nil
}

func (s *Store) letters(ctx context.Context, query string, args ...any) ([]fraud.DeadLetter, error) {
	var letters []fraud.DeadLetter
	err := s.read.query(ctx, func(rows *sql.Rows) error {
		l, err := s.scanLetter(rows.Scan)
		letters = append(letters, l)
		return err
	}, query, args...)
	if err != nil {
		return nil, s.unreadable("reading the dead letters", err)
	}
	return letters, nil
}

// DeadLetters returns a page of the updates that could not be handled, newest
// first: at most limit, from before the letter with the id before on, from the
// newest where that is 0.
func (s *Store) DeadLetters(ctx context.Context, before int64, limit int) (letters []fraud.DeadLetter, err error) {
	defer s.measure(OpLetters, s.begun(), &err)
	return s.letters(ctx, `SELECT `+letterColumns+` FROM dead_letters WHERE id < $1 OR $1 = 0 ORDER BY id DESC LIMIT $2`, before, limit)
}

// Letter returns one dead letter, fraud.ErrNoLetter where it is not there.
func (s *Store) Letter(ctx context.Context, id int64) (letter fraud.DeadLetter, err error) {
	defer s.measure(OpLetters, s.begun(), &err)
	found, err := s.letters(ctx, `SELECT `+letterColumns+` FROM dead_letters WHERE id = $1`, id)
	if err == nil && len(found) == 0 {
		err = fraud.ErrNoLetter
	}
	if err != nil {
		return fraud.DeadLetter{}, err
	}
	return found[0], nil
}

// ReplayLetter marks a dead letter to be handled anew by the bot that runs, or by
// the next one. It returns fraud.ErrNoLetter where there is none that can be read.
func (s *Store) ReplayLetter(ctx context.Context, id int64) (err error) {
	defer s.measure(OpLetters, s.begun(), &err)
	return s.oneLetter(ctx, `UPDATE dead_letters SET replay = 1, aside = 0 WHERE id = $1`, id)
}

// ReplayLetters marks all dead letters to be handled anew, but those set aside,
// and returns how many.
func (s *Store) ReplayLetters(ctx context.Context) (n int, err error) {
	defer s.measure(OpLetters, s.begun(), &err)
	return s.allLetters(ctx, `UPDATE dead_letters SET replay = 1 WHERE aside = 0`)
}

// DropLetter forgets a dead letter; one that is being handled anew at this moment
// has no effect any more. It returns fraud.ErrNoLetter where there is none.
func (s *Store) DropLetter(ctx context.Context, id int64) (err error) {
	defer s.measure(OpLetters, s.begun(), &err)
	return s.oneLetter(ctx, `DELETE FROM dead_letters WHERE id = $1`, id)
}

// DropLetters forgets all dead letters and returns how many there were.
func (s *Store) DropLetters(ctx context.Context) (n int, err error) {
	defer s.measure(OpLetters, s.begun(), &err)
	return s.allLetters(ctx, `DELETE FROM dead_letters`)
}

func (s *Store) oneLetter(ctx context.Context, query string, id int64) error {
	return s.update(ctx, "changing a dead letter", func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, query, id)
		if err == nil && n == 0 {
			err = fraud.ErrNoLetter
		}
		return err
	})
}

func (s *Store) allLetters(ctx context.Context, query string) (changed int, err error) {
	err = s.update(ctx, "changing the dead letters", func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, query)
		changed = int(n)
		return err
	})
	return changed, err
}

// Replays returns a page of the letters that are to be handled anew, oldest first:
// at most limit. Those that can't be opened are set aside, and are not among them;
// aside says how many.
func (s *Store) Replays(ctx context.Context, limit int) (letters []fraud.DeadLetter, aside int, err error) {
	defer s.measure(OpLetters, s.begun(), &err)
	all, err := s.letters(ctx, `SELECT `+letterColumns+` FROM dead_letters WHERE replay = 1 ORDER BY id LIMIT $1`, limit)
	if err != nil {
		return nil, 0, err
	}
	var broken []int64
	for _, l := range all {
		if l.Broken {
			broken = append(broken, l.ID)
		} else {
			letters = append(letters, l)
		}
	}
	return letters, s.aside(ctx, lettersAside, broken), nil
}

// LetterFailed notes that a letter was handled anew and failed again: it stays,
// with the new reason, and is not tried again until it is asked for. Where it is
// gone meanwhile there is nothing to note.
func (s *Store) LetterFailed(ctx context.Context, id int64, reason string) (err error) {
	defer s.measure(OpLetters, s.begun(), &err)
	return s.update(ctx, "noting that a dead letter failed again", func(ctx context.Context, t *tx) error {
		var update sql.NullInt64
		var sealed []byte
		err := t.row(ctx, `SELECT update_id, letter FROM dead_letters WHERE id = $1`, id).Scan(&update, &sealed)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		var row letterRow
		place := letterPlace(update.Int64)
		if err := s.openJSON(sealed, place, &row); err != nil {
			return err
		}
		row.Reason = reason
		if sealed, err = s.sealJSON(row, place); err != nil {
			return err
		}
		_, err = t.exec(ctx, `UPDATE dead_letters SET letter = $1, tries = tries + 1, replay = 0 WHERE id = $2`, sealed, id)
		return err
	})
}

// settle takes away the dead letter that a change settles. ErrSeen: it is gone,
// or nobody asks for it any more, and the change must have no effect.
//
// A letter that named nobody when it was kept may turn out to be somebody's. If
// nothing was stored of them when it came, or nothing since, they may have had
// themselves forgotten meanwhile: the letter goes without an effect.
func (a *applying) settle(ctx context.Context) error {
	var who []byte
	var at int64
	err := a.row(ctx, `DELETE FROM dead_letters WHERE id = $1 AND replay = 1 RETURNING person, at`, a.change.Letter).Scan(&who, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return fraud.ErrSeen
	}
	if err != nil {
		return fmt.Errorf("settling a dead letter: %w", err)
	}
	if who == nil && a.change.Person != 0 {
		var known int
		if err := a.row(ctx, `SELECT COUNT(*) FROM people WHERE person = $1 AND since <= $2`, a.who[:], at).Scan(&known); err != nil {
			return fmt.Errorf("looking for a dead letter's person: %w", err)
		}
		if a.forgotten = known == 0; a.forgotten {
			return nil
		}
	}
	err = markHandled(ctx, a.tx, a.change.Update, millis(a.change.Now))
	if errors.Is(err, fraud.ErrSeen) { // by the letter itself
		return nil
	}
	return err
}
