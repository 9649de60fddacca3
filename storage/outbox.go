package storage

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

func payloadPlace(who []byte) seal.Place {
	return seal.Place{Table: "outbox", Column: "payload", Row: who}
}

// chat is the key under which a chat's answers are found.
func (s *Store) chat(id int64) fraud.Key {
	return s.keys.Index("chat", strconv.FormatInt(id, 10))
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
		chat := a.store.chat(out.Chat)
		id := a.store.ids.next()
		if _, err := a.exec(ctx, `INSERT INTO outbox (id, person, chat, payload, at) VALUES ($1, $2, $3, $4, $5)`,
			id, a.who[:], chat[:], sealed, millis(a.change.Now)); err != nil {
			return nil, fmt.Errorf("storing an answer: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// outboxRows are answers as they are read; those that don't open are only counted in.
type outboxRows struct {
	store  *Store
	opened []fraud.Outgoing
	last   int64
	read   int
	broken []int64
}

// scan takes a row of id, person and payload.
func (o *outboxRows) scan(rows *sql.Rows) error {
	var out fraud.Outgoing
	var who, sealed []byte
	if err := rows.Scan(&out.ID, &who, &sealed); err != nil {
		return err
	}
	o.store.ids.seen(out.ID)
	o.read, o.last = o.read+1, out.ID
	plain, err := o.store.keys.Open(sealed, payloadPlace(who))
	if err != nil || len(plain) < 8 {
		o.broken = append(o.broken, out.ID)
		return nil
	}
	out.Chat, out.Payload = int64(binary.BigEndian.Uint64(plain)), plain[8:]
	o.opened = append(o.opened, out)
	return nil
}

// Unsent returns a page of the answers that wait, in the order in which they were
// stored: at most limit of them, behind the id after. Rows that can't be opened
// are set aside: they are kept for a month as they are, and read no more.
func (s *Store) Unsent(ctx context.Context, after int64, limit int) (page fraud.Waiting, err error) {
	defer s.measure(OpUnsent, s.begun(), &err)
	rows := outboxRows{store: s}
	row, err := s.read.row(ctx, `SELECT COALESCE(MAX(id), 0) FROM outbox`)
	if err == nil {
		err = row.Scan(&page.Newest)
	}
	if err == nil {
		err = s.read.query(ctx, rows.scan, `SELECT id, person, payload FROM outbox WHERE id > $1 AND aside = 0 ORDER BY id LIMIT $2`, after, limit)
	}
	if err != nil {
		return fraud.Waiting{}, fmt.Errorf("reading the answers that wait: %w", err)
	}
	page.Rows = rows.opened
	if rows.read == limit {
		page.Next = rows.last
	}
	page.Aside = s.aside(ctx, outboxAside, rows.broken)
	return page, nil
}

// UnsentOf returns the answers that wait for one chat and whose ids lie behind
// after and not behind last, in the order in which they were stored.
func (s *Store) UnsentOf(ctx context.Context, chat, after, last int64) (waiting []fraud.Outgoing, err error) {
	defer s.measure(OpUnsent, s.begun(), &err)
	rows := outboxRows{store: s}
	key, who := s.chat(chat), s.person(chat) // a private chat has its person's id
	err = s.read.query(ctx, rows.scan, `SELECT id, person, payload FROM outbox WHERE chat = $1 AND id > $3 AND id <= $4 AND aside = 0
		UNION ALL SELECT id, person, payload FROM outbox WHERE person = $2 AND chat IS NULL AND id > $3 AND id <= $4 AND aside = 0
		ORDER BY 1`, key[:], who[:], after, last)
	if err != nil {
		return nil, fmt.Errorf("reading a chat's answers that wait: %w", err)
	}
	s.aside(ctx, outboxAside, rows.broken)
	return rows.opened, nil
}

// SetAside keeps answers that the caller can't read out of the way, as Unsent
// does with those that don't open.
func (s *Store) SetAside(ctx context.Context, ids []int64) (err error) {
	defer s.measure(OpSent, s.begun(), &err)
	if s.aside(ctx, outboxAside, ids) < len(ids) {
		return errors.New("an answer that can't be read could not be set aside")
	}
	return nil
}

// The statements that set a row aside.
const (
	outboxAside  = `UPDATE outbox SET aside = 1 WHERE id = $1`
	noticesAside = `UPDATE notices SET aside = 1 WHERE id = $1`
	lettersAside = `UPDATE dead_letters SET aside = 1, replay = 0 WHERE id = $1`
)

// aside keeps rows that can't be read out of the way and returns how many. Where
// that fails they are met, and set aside, at the next reading.
func (s *Store) aside(ctx context.Context, query string, ids []int64) int {
	if len(ids) == 0 {
		return 0
	}
	err := s.update(ctx, "setting rows aside", func(ctx context.Context, t *tx) error { return forEach(ctx, t, query, ids) })
	if err != nil {
		return 0
	}
	return len(ids)
}

// forEach runs a statement for each id.
func forEach(ctx context.Context, t *tx, query string, ids []int64) error {
	for _, id := range ids {
		if _, err := t.exec(ctx, query, id); err != nil {
			return err
		}
	}
	return nil
}

// Sent forgets calls that were made or can't ever be. Ids that are gone already
// are no matter.
func (s *Store) Sent(ctx context.Context, ids []int64) (err error) {
	defer s.measure(OpSent, s.begun(), &err)
	if len(ids) == 0 {
		return nil
	}
	return s.update(ctx, "forgetting answers that were sent", func(ctx context.Context, t *tx) error {
		return forEach(ctx, t, `DELETE FROM outbox WHERE id = $1`, ids)
	})
}
