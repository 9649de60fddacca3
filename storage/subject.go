package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

func disputePlace(subject fraud.Key) seal.Place {
	return seal.Place{Table: "disputes", Column: "ref", Row: subject[:]}
}

// Standings returns one Standing for each key, in the same order; the zero
// Standing for subjects of which nothing is known. Each costs one row, or none
// where the filter stands and says that there is nothing.
func (s *Store) Standings(ctx context.Context, keys []fraud.Key) (out []fraud.Standing, err error) {
	defer s.measure(OpStandings, s.begun(), &err)
	if sign := s.damage.seen(); sign != nil {
		return nil, s.unreadable("reading what is known of a subject", sign)
	}
	out = make([]fraud.Standing, len(keys))
	for i := range keys {
		if s.filter.lacks(keys[i]) {
			continue
		}
		if out[i], err = s.standingIn(ctx, s.read, keys[i]); err != nil {
			return nil, s.unreadable("reading what is known of a subject", err)
		}
	}
	return out, nil
}

func (s *Store) standingIn(ctx context.Context, p *pool, key fraud.Key) (fraud.Standing, error) {
	row, err := p.row(ctx, s.linkQuery(), key[:])
	if err != nil {
		return fraud.Standing{}, err
	}
	_, of, err := s.scanAbout(row.Scan, key)
	return fraud.Standing{Reporters: int(of.reporters), Top: fraud.Scenario(of.top), Last: moment(of.last),
		Disputes: int(of.disputes), Confirmed: of.confirmed != 0}, err
}

// Disputed reports whether this person says the subject is not a scam.
func (s *Store) Disputed(ctx context.Context, person int64, key fraud.Key) (disputed bool, err error) {
	defer s.measure(OpDisputed, s.begun(), &err)
	who := s.person(person)
	n, err := s.count(ctx, `SELECT COUNT(*) FROM disputes WHERE subject = $1 AND person = $2`, key[:], who[:])
	if err != nil {
		return false, s.unreadable("looking for a dispute", err)
	}
	return n > 0, nil
}

// disputesOf returns what a person says is not a scam, oldest first.
func (s *Store) disputesOf(ctx context.Context, person int64) ([]fraud.Ref, error) {
	who := s.person(person)
	var refs []fraud.Ref
	err := s.read.query(ctx, func(rows *sql.Rows) error {
		d := disputeRow{person: who[:]}
		var sealed, proof []byte
		if err := rows.Scan(&d.subject, &sealed, &d.at, &proof); err != nil {
			return err
		}
		if len(d.subject) != len(fraud.Key{}) || !s.agrees(d.marking(), proof) {
			return altered("disputes")
		}
		var row refRow
		if err := s.openJSON(sealed, disputePlace(fraud.Key(d.subject)), &row); err != nil {
			return err
		}
		refs = append(refs, row.ref())
		return nil
	}, `SELECT subject, ref, at, proof FROM disputes WHERE person = $1 ORDER BY at, subject`, who[:])
	if err != nil {
		return nil, s.unreadable("reading a person's disputes", err)
	}
	return refs, nil
}

// dispute notes that a person says a subject is not a scam, once, or takes it back.
func (a *applying) dispute(ctx context.Context) error {
	if a.change.Dispute == nil {
		return nil
	}
	ref := a.change.Dispute.Subject
	if !a.change.Dispute.On {
		n, err := a.exec(ctx, `DELETE FROM disputes WHERE subject = $1 AND person = $2`, ref.Key[:], a.who[:])
		if err != nil {
			return fmt.Errorf("taking a dispute back: %w", err)
		}
		a.touch(ref.Key, shift{disputes: -n})
		return nil
	}
	if err := a.known(ctx); err != nil {
		return err
	}
	sealed, err := a.store.sealJSON(refRowOf(ref), disputePlace(ref.Key))
	if err != nil {
		return err
	}
	d := disputeRow{subject: ref.Key[:], person: a.who[:], at: millis(a.change.Now)}
	n, err := a.exec(ctx, `INSERT INTO disputes (subject, person, ref, at, proof) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (subject, person) DO NOTHING`, d.subject, d.person, sealed, d.at, a.store.proofOf(d.marking()))
	if err != nil {
		return fmt.Errorf("storing a dispute: %w", err)
	}
	a.touch(ref.Key, shift{disputes: n})
	return nil
}

// Confirm marks a subject as confirmed by a human decision; by says whose and is
// sealed. Whoever's report of it stands is told, in the same transaction. A second
// confirmation replaces the first, and nobody is told again.
func (s *Store) Confirm(ctx context.Context, ref fraud.Ref, by string) (err error) {
	defer s.measure(OpConfirm, s.begun(), &err)
	told, now := 0, s.clock()
	err = s.update(ctx, "confirming a subject", func(ctx context.Context, t *tx) error {
		told = 0
		var before int
		if err := t.row(ctx, `SELECT COUNT(*) FROM confirmations WHERE subject = $1`, ref.Key[:]).Scan(&before); err != nil {
			return err
		}
		if err := s.putConfirmation(ctx, t, ref, by, now); err != nil {
			return err
		}
		if before == 0 {
			var err error
			if told, err = s.tellReporters(ctx, t, ref, now); err != nil {
				return fmt.Errorf("telling those who reported it: %w", err)
			}
		}
		return s.sumUp(ctx, t, ref.Key, shift{confirms: true})
	})
	if err == nil {
		s.tell(told)
	}
	return err
}

// tellReporters stores a notice for everybody whose report of a subject stands.
func (s *Store) tellReporters(ctx context.Context, t *tx, ref fraud.Ref, now time.Time) (told int, err error) {
	type reporter struct {
		person fraud.Key
		code   string
	}
	var reporters []reporter
	err = t.query(ctx, func(rows *sql.Rows) error {
		var who []byte
		var r reporter
		if err := rows.Scan(&who, &r.code); err != nil {
			return err
		}
		copy(r.person[:], who)
		reporters = append(reporters, r)
		return nil
	}, `SELECT person, code FROM report_subjects WHERE subject = $1 ORDER BY updated, code`, ref.Key[:])
	if err != nil {
		return 0, err
	}
	for _, r := range reporters {
		stored, err := s.enqueue(ctx, t, r.person, fraud.Notice{Key: "notice.confirmed", About: r.code,
			Args: map[string]any{"Subject": ref.Shown, "Code": r.code}}, now)
		if err != nil {
			return 0, err
		}
		told += int(bit(stored))
	}
	return told, nil
}

func (s *Store) putConfirmation(ctx context.Context, t *tx, ref fraud.Ref, by string, now time.Time) error {
	place := seal.Place{Table: "confirmations", Column: "ref", Row: ref.Key[:]}
	subject, err := s.sealJSON(refRowOf(ref), place)
	if err != nil {
		return err
	}
	place.Column = "confirmed_by"
	who, err := s.keys.Seal([]byte(by), place)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO confirmations (subject, ref, confirmed_by, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (subject) DO UPDATE SET ref = excluded.ref, confirmed_by = excluded.confirmed_by, at = excluded.at`,
		ref.Key[:], subject, who, millis(now))
	return err
}

// shift is by how much a change moves what a subject's rows add up to.
type shift struct {
	reporters, disputes int64
	confirms            bool
}

// touch notes that a subject's sums are to be made anew, and by how much they
// should differ from those before.
func (a *applying) touch(subject fraud.Key, by shift) {
	was := a.touched[subject]
	a.touched[subject] = shift{reporters: was.reporters + by.reporters, disputes: was.disputes + by.disputes}
}

// sumUp makes a subject's row anew from what is stored of it. Counting again,
// instead of adding and taking away, can't drift; a subject has at most as many
// rows as people reported it, and one a list. A count that is not the one before and the change
// means that rows are missing: a lost row must not make a warning go away.
func (s *Store) sumUp(ctx context.Context, t *tx, subject fraud.Key, by shift) error {
	at, before, err := s.scanAbout(t.row(ctx, s.linkQuery(), subject[:]).Scan, subject)
	if err != nil {
		return fmt.Errorf("reading a subject's row: %w", err)
	}
	counted, err := count(ctx, t, subject)
	if err != nil {
		return fmt.Errorf("counting a subject's reports: %w", err)
	}
	now := counted.sums()
	if now.reporters != before.reporters+by.reporters || now.disputes != before.disputes+by.disputes ||
		now.confirmed != before.confirmed && !by.confirms {
		return errSums
	}
	if err := s.setSums(ctx, t, &at, subject, now); err != nil {
		return err
	}
	return s.addTo(ctx, t, subjectsCounter, bit(counted.people > 0)-bit(counted.people > by.reporters))
}

// What a row of countQuery is about.
const (
	countsReports = iota
	countsListed
	countsDisputes
	countsConfirmed
)

const countQuery = `SELECT 0, scenario, COUNT(*), MAX(updated) FROM report_subjects WHERE subject = $1 GROUP BY scenario
	UNION ALL SELECT 1, scenario, reporters, last FROM listed WHERE subject = $1
	UNION ALL SELECT 2, '', COUNT(*), 0 FROM disputes WHERE subject = $1
	UNION ALL SELECT 3, '', 1, at FROM confirmations WHERE subject = $1`

// count counts what is stored of a subject.
func count(ctx context.Context, t *tx, subject fraud.Key) (*counting, error) {
	c := &counting{}
	err := t.query(ctx, func(rows *sql.Rows) error {
		var what, n, latest int64
		var scenario string
		if err := rows.Scan(&what, &scenario, &n, &latest); err != nil {
			return err
		}
		switch what {
		case countsReports:
			c.people += n
			c.add(scenario, n, latest)
		case countsListed:
			c.add(scenario, n, latest)
		case countsDisputes:
			c.disputes = n
		case countsConfirmed:
			c.confirmed = latest
		}
		return nil
	}, countQuery, subject[:])
	return c, err
}

// keysOf collects the keys that a query returns.
func keysOf(ctx context.Context, t *tx, query string, args ...any) ([]fraud.Key, error) {
	var keys []fraud.Key
	err := t.query(ctx, func(rows *sql.Rows) error {
		var key []byte
		if err := rows.Scan(&key); err != nil {
			return err
		}
		if len(key) != len(fraud.Key{}) {
			return fmt.Errorf("a key of %d bytes", len(key))
		}
		keys = append(keys, fraud.Key(key))
		return nil
	}, query, args...)
	return keys, err
}
