package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

// sessionRow is how an open conversation is stored.
type sessionRow struct {
	Flow   string    `json:"flow"`
	Step   string    `json:"step"`
	Draft  []byte    `json:"draft,omitempty"`
	Anchor int64     `json:"anchor,omitempty"`
	Update int64     `json:"update,omitempty"`
	At     time.Time `json:"at,omitzero"`
}

func sessionPlace(who fraud.Key) seal.Place {
	return seal.Place{Table: "people", Column: "session", Row: who[:]}
}

// Turn returns what is known of a person and where their conversation stands:
// Known=false and the zero Session for somebody of whom nothing is stored.
func (s *Store) Turn(ctx context.Context, person int64) (out fraud.Person, session fraud.Session, err error) {
	defer s.measure(OpTurn, s.begun(), &err)
	who := s.person(person)
	out = fraud.Person{ID: person}
	if s.filter.lacks(who) { // most people who check
		return out, fraud.Session{}, nil
	}
	row, err := s.read.row(ctx, `SELECT lang, gone, since, session, proof FROM people WHERE person = $1`, who[:])
	if err != nil {
		return out, fraud.Session{}, fmt.Errorf("reading a person: %w", err)
	}
	var p personRow
	var sealed, proof []byte
	switch err := row.Scan(&p.lang, &p.gone, &p.since, &sealed, &proof); {
	case errors.Is(err, sql.ErrNoRows):
		out.MayLag, err = s.mayLag(ctx, who)
		return out, fraud.Session{}, err
	case err != nil:
		return out, fraud.Session{}, s.unreadable("reading a person", err)
	case !s.agrees(p.marking(who[:]), proof):
		return out, fraud.Session{}, s.unreadable("reading a person", altered("people"))
	}
	out.Known, out.Lang, out.Gone = true, fraud.Lang(p.lang), p.gone != 0
	if out.MayLag, err = s.mayLag(ctx, who); err != nil {
		return out, fraud.Session{}, err
	}
	if session, err = s.openSession(sealed, who); err != nil {
		err = s.unreadable("reading a conversation", err)
	}
	return out, session, err
}

func (s *Store) openSession(sealed []byte, who fraud.Key) (fraud.Session, error) {
	if sealed == nil {
		return fraud.Session{}, nil
	}
	var row sessionRow
	if err := s.openJSON(sealed, sessionPlace(who), &row); err != nil {
		return fraud.Session{}, err
	}
	return fraud.Session(row), nil
}

// known makes sure that the person has a row: something is stored about them now.
// No other function makes one, so none escapes the filter.
func (a *applying) known(ctx context.Context) error {
	if a.has {
		return nil
	}
	id, err := a.store.keys.Seal(strconv.AppendInt(nil, a.change.Person, 10), seal.Place{Table: "people", Column: "id", Row: a.who[:]})
	if err != nil {
		return err
	}
	p := personRow{since: millis(a.change.Now)}
	a.store.filter.add(a.who)
	if _, err := a.exec(ctx, `INSERT INTO people (person, id, since, proof) VALUES ($1, $2, $3, $4) ON CONFLICT (person) DO NOTHING`,
		a.who[:], id, p.since, a.store.proofOf(p.marking(a.who[:]))); err != nil {
		return fmt.Errorf("storing a person: %w", err)
	}
	a.has = true
	return nil
}

func (a *applying) language(ctx context.Context) error {
	if a.change.Lang == "" {
		return nil
	}
	if err := a.known(ctx); err != nil {
		return err
	}
	return a.amend(ctx, func(p *personRow) { p.lang = string(a.change.Lang) })
}

// amend changes the plain part of the person's row; where there is none, nothing.
func (a *applying) amend(ctx context.Context, change func(*personRow)) error {
	p, found, err := a.store.personMarked(ctx, a.tx, a.who)
	if !found || err != nil {
		return err
	}
	change(&p)
	if _, err := a.exec(ctx, `UPDATE people SET lang = $1, gone = $2, proof = $3 WHERE person = $4`,
		p.lang, p.gone, a.store.proofOf(p.marking(a.who[:])), a.who[:]); err != nil {
		return fmt.Errorf("storing what is known of a person: %w", err)
	}
	return nil
}

func (a *applying) session(ctx context.Context) error {
	if a.change.Session == nil {
		return nil
	}
	var sealed []byte
	if a.change.Session.Open() {
		if err := a.known(ctx); err != nil {
			return err
		}
		var err error
		if sealed, err = a.store.sealJSON(sessionRow(*a.change.Session), sessionPlace(a.who)); err != nil {
			return err
		}
	}
	var err error
	a.has, err = setSession(ctx, a.tx, a.who, sealed)
	return err
}

// setSession stores a sealed conversation; nil closes it. It reports whether the
// person has a row.
func setSession(ctx context.Context, t *tx, who fraud.Key, sealed []byte) (bool, error) {
	n, err := t.exec(ctx, `UPDATE people SET session = $1 WHERE person = $2`, sealed, who[:])
	if err != nil {
		return false, fmt.Errorf("storing a conversation: %w", err)
	}
	return n > 0, nil
}

// Anchor notes the message that the person's open conversation edits in place.
// Where none is open there is nothing to note.
func (s *Store) Anchor(ctx context.Context, person, message int64) (err error) {
	defer s.measure(OpAnchor, s.begun(), &err)
	who := s.person(person)
	return s.update(ctx, "noting a conversation's message", func(ctx context.Context, t *tx) error {
		var sealed []byte
		err := t.row(ctx, `SELECT session FROM people WHERE person = $1`, who[:]).Scan(&sealed)
		if errors.Is(err, sql.ErrNoRows) || err == nil && sealed == nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading a conversation: %w", err)
		}
		session, err := s.openSession(sealed, who)
		if err != nil || session.Anchor == message {
			return err
		}
		session.Anchor = message
		if sealed, err = s.sealJSON(sessionRow(session), sessionPlace(who)); err != nil {
			return err
		}
		_, err = setSession(ctx, t, who, sealed)
		return err
	})
}

// gone notes that somebody known has blocked the bot, or has come back. Of
// somebody unknown nothing is stored, this neither.
func (a *applying) gone(ctx context.Context) error {
	if a.change.Gone == nil {
		return nil
	}
	if err := a.amend(ctx, func(p *personRow) { p.gone = bit(*a.change.Gone) }); err != nil {
		return err
	}
	if *a.change.Gone {
		return a.unnotify(ctx)
	}
	return nil
}

// bit is how a yes or no is stored.
func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// forgetIdle removes the row of a person of whom nothing is left to store: they
// have dropped their only draft, or taken back their only dispute.
func (a *applying) forgetIdle(ctx context.Context) error {
	closed := a.change.Session != nil && !a.change.Session.Open()
	undisputed := a.change.Dispute != nil && !a.change.Dispute.On
	if a.change.File != nil || !closed && !undisputed {
		return nil
	}
	if _, err := a.exec(ctx, `DELETE FROM people WHERE person = $1 AND lang = '' AND session IS NULL
		AND NOT EXISTS (SELECT 1 FROM reports WHERE person = $1)
		AND NOT EXISTS (SELECT 1 FROM disputes WHERE person = $1)`, a.who[:]); err != nil {
		return fmt.Errorf("removing a person: %w", err)
	}
	for _, query := range []string{
		`DELETE FROM notices WHERE person = $1 AND NOT EXISTS (SELECT 1 FROM people WHERE person = $1)`,
		`DELETE FROM notice_names WHERE person = $1 AND NOT EXISTS (SELECT 1 FROM people WHERE person = $1)`,
	} {
		if _, err := a.exec(ctx, query, a.who[:]); err != nil {
			return fmt.Errorf("removing a person's notices: %w", err)
		}
	}
	return nil
}

// erase forgets the person. Their reports and disputes stay and count, each
// under a random key of its own: nothing leads from one to another, or to the
// person, who counts as a new one from now on. Their words and files are wiped.
func (a *applying) erase(ctx context.Context) error {
	if !a.change.Erase {
		return nil
	}
	if err := a.eraseReports(ctx); err != nil {
		return err
	}
	if err := a.eraseDisputes(ctx); err != nil {
		return err
	}
	for _, query := range []string{`DELETE FROM outbox WHERE person = $1`, `DELETE FROM notices WHERE person = $1`, `DELETE FROM notice_names WHERE person = $1`,
		`DELETE FROM dead_letters WHERE person = $1`, `DELETE FROM people WHERE person = $1`} {
		if _, err := a.exec(ctx, query, a.who[:]); err != nil {
			return fmt.Errorf("forgetting a person: %w", err)
		}
	}
	return nil
}

func (a *applying) eraseReports(ctx context.Context) error {
	var codes []string
	err := a.query(ctx, func(rows *sql.Rows) error {
		var code string
		err := rows.Scan(&code)
		codes = append(codes, code)
		return err
	}, `SELECT code FROM reports WHERE person = $1`, a.who[:])
	if err != nil {
		return fmt.Errorf("finding a person's reports: %w", err)
	}
	for _, code := range codes {
		nobody, err := a.nobody()
		if err != nil {
			return err
		}
		if err := a.wipe(ctx, code); err != nil {
			return err
		}
		row, err := a.reportThere(ctx, code)
		if err != nil {
			return err
		}
		row.person = nobody[:]
		if _, err := a.exec(ctx, `UPDATE reports SET person = $1, proof = $2 WHERE code = $3`, row.person, a.store.proofOf(row.marking()), code); err != nil {
			return fmt.Errorf("unlinking a report: %w", err)
		}
		if _, err := a.exec(ctx, `UPDATE report_subjects SET person = $1 WHERE code = $2`, row.person, code); err != nil {
			return fmt.Errorf("unlinking a report: %w", err)
		}
	}
	return nil
}

func (a *applying) eraseDisputes(ctx context.Context) error {
	var disputes []disputeRow
	err := a.query(ctx, func(rows *sql.Rows) error {
		d := disputeRow{person: a.who[:]}
		var proof []byte
		if err := rows.Scan(&d.subject, &d.at, &proof); err != nil {
			return err
		}
		if !a.store.agrees(d.marking(), proof) {
			return altered("disputes")
		}
		disputes = append(disputes, d)
		return nil
	}, `SELECT subject, at, proof FROM disputes WHERE person = $1`, a.who[:])
	if err != nil {
		return fmt.Errorf("finding a person's disputes: %w", err)
	}
	for _, d := range disputes {
		nobody, err := a.nobody()
		if err != nil {
			return err
		}
		d.person = nobody[:]
		if _, err := a.exec(ctx, `UPDATE disputes SET person = $1, proof = $2 WHERE subject = $3 AND person = $4`,
			d.person, a.store.proofOf(d.marking()), d.subject, a.who[:]); err != nil {
			return fmt.Errorf("unlinking a dispute: %w", err)
		}
	}
	return nil
}

// nobody is a key that leads to nobody.
func (a *applying) nobody() (fraud.Key, error) {
	var key fraud.Key
	if _, err := io.ReadFull(a.store.random, key[:]); err != nil {
		return key, fmt.Errorf("reading randomness: %w", err)
	}
	return key, nil
}
