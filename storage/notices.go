package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

// argRow is how a notice's argument is sealed: one of the fields is set.
type argRow struct {
	Text   *string `json:"text,omitempty"`
	Number *int64  `json:"number,omitempty"`
	Day    *int64  `json:"day,omitempty"` // Unix milliseconds
}

// noticeRow is how a notice is sealed.
type noticeRow struct {
	Key  string            `json:"key"`
	Args map[string]argRow `json:"args,omitempty"`
}

func noticePlace(who []byte) seal.Place {
	return seal.Place{Table: "notices", Column: "notice", Row: who}
}

func noticeRowOf(n fraud.Notice) (noticeRow, error) {
	row := noticeRow{Key: n.Key, Args: map[string]argRow{}}
	if n.Key == "" {
		return row, errors.New("a notice without a message")
	}
	for name, value := range n.Args {
		switch v := value.(type) {
		case string:
			row.Args[name] = argRow{Text: &v}
		case int64:
			row.Args[name] = argRow{Number: &v}
		case time.Time:
			at := millis(v)
			row.Args[name] = argRow{Day: &at}
		default:
			return row, fmt.Errorf("a notice's argument %s is a %T: it may be a string, an int64 or a time", name, value)
		}
	}
	return row, nil
}

// args are a notice's arguments as they were given.
func (r noticeRow) args() map[string]any {
	args := make(map[string]any, len(r.Args))
	for name, row := range r.Args {
		switch {
		case row.Text != nil:
			args[name] = *row.Text
		case row.Number != nil:
			args[name] = *row.Number
		case row.Day != nil:
			args[name] = moment(*row.Day)
		}
	}
	return args
}

// Notify stores notices in one transaction and returns how many it stored: none
// for people of whom nothing is known or who have blocked the bot, and none whose
// name (Once) its person has met before. Give some hundreds at a time: people who
// file a report wait meanwhile.
func (s *Store) Notify(ctx context.Context, notices []fraud.Notice) (stored int, err error) {
	defer s.measure(OpNotify, s.begun(), &err)
	now := s.clock()
	err = s.update(ctx, "storing notices", func(ctx context.Context, t *tx) error {
		stored = 0
		for _, n := range notices {
			added, err := s.enqueue(ctx, t, s.person(n.Person), n, now)
			if err != nil {
				return err
			}
			stored += int(bit(added))
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	s.tell(stored)
	return stored, nil
}

// enqueue stores a notice for a person, who need not be named in it.
func (s *Store) enqueue(ctx context.Context, t *tx, who fraud.Key, n fraud.Notice, now time.Time) (bool, error) {
	var known int
	if err := t.row(ctx, `SELECT COUNT(*) FROM people WHERE person = $1 AND gone = 0`, who[:]).Scan(&known); err != nil || known == 0 {
		return false, err
	}
	if n.Once != "" {
		name := s.keys.Index("notice", string(who[:])+n.Once)
		added, err := t.exec(ctx, `INSERT INTO notice_names (name, person, at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING`, name[:], who[:], millis(now))
		if err != nil || added == 0 {
			return false, err
		}
	}
	row, err := noticeRowOf(n)
	if err != nil {
		return false, err
	}
	sealed, err := s.sealJSON(row, noticePlace(who[:]))
	if err != nil {
		return false, err
	}
	due := n.Due
	if due.IsZero() {
		due = now
	}
	_, err = t.exec(ctx, `INSERT INTO notices (id, person, about, notice, due, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		s.ids.next(), who[:], n.About, sealed, millis(due), millis(now))
	return err == nil, err
}

// tell lets whoever sends notices know that there are new ones.
func (s *Store) tell(stored int) {
	if stored == 0 {
		return
	}
	select {
	case s.news <- struct{}{}:
	default: // it is told already
	}
}

// News says when this program has stored notices. What other programs store shows
// at the next look.
func (s *Store) News() <-chan struct{} { return s.news }

// Notices returns a page of the notices that are due: at most limit, in the order
// in which they fell due. It has no cursor: notices leave by NoticesSent, or step
// back by NoticesLater. Rows that can't be opened are set aside: they are kept for
// a month as they are, and read no more.
func (s *Store) Notices(ctx context.Context, now time.Time, limit int) (page fraud.DueNotices, err error) {
	defer s.measure(OpNotices, s.begun(), &err)
	var broken []int64
	err = s.read.query(ctx, func(rows *sql.Rows) error {
		var n fraud.Notice
		var who, sealed, id []byte
		var due int64
		if err := rows.Scan(&n.ID, &who, &n.About, &sealed, &due, &id, &n.Lang); err != nil {
			return err
		}
		n.Due = moment(due)
		if s.openNotice(&n, who, sealed, id) != nil {
			broken = append(broken, n.ID)
		} else {
			page.Notices = append(page.Notices, n)
		}
		return nil
	}, `SELECT n.id, n.person, n.about, n.notice, n.due, p.id, p.lang FROM notices n JOIN people p ON p.person = n.person
		WHERE n.aside = 0 AND n.due <= $1 AND p.gone = 0 ORDER BY n.due, n.id LIMIT $2`, millis(now), limit)
	if err != nil {
		return fraud.DueNotices{}, fmt.Errorf("reading the notices that are due: %w", err)
	}
	page.Aside = s.aside(ctx, noticesAside, broken)
	return page, nil
}

func (s *Store) openNotice(n *fraud.Notice, who, sealed, id []byte) error {
	var row noticeRow
	if err := s.openJSON(sealed, noticePlace(who), &row); err != nil {
		return err
	}
	plain, err := s.keys.Open(id, seal.Place{Table: "people", Column: "id", Row: who})
	if err != nil {
		return err
	}
	n.Key, n.Args = row.Key, row.args()
	n.Person, err = strconv.ParseInt(string(plain), 10, 64)
	return err
}

// NoticeStands reports whether a notice is still there: it goes when its person
// leaves or its report is withdrawn.
func (s *Store) NoticeStands(ctx context.Context, id int64) (stands bool, err error) {
	defer s.measure(OpNotices, s.begun(), &err)
	n, err := s.count(ctx, `SELECT COUNT(*) FROM notices WHERE id = $1`, id)
	if err != nil {
		return false, fmt.Errorf("looking for a notice: %w", err)
	}
	return n > 0, nil
}

// NoticesSent forgets notices that were sent or can't ever be. Ids that are gone
// already are no matter.
func (s *Store) NoticesSent(ctx context.Context, ids []int64) (err error) {
	defer s.measure(OpNotices, s.begun(), &err)
	return s.update(ctx, "forgetting notices that were sent", func(ctx context.Context, t *tx) error {
		return forEach(ctx, t, `DELETE FROM notices WHERE id = $1`, ids)
	})
}

// NoticesLater has all notices of a person wait at least until the given time.
// They keep their order.
func (s *Store) NoticesLater(ctx context.Context, person int64, until time.Time) (err error) {
	defer s.measure(OpNotices, s.begun(), &err)
	who := s.person(person)
	return s.update(ctx, "having notices wait", func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `UPDATE notices SET due = $1 WHERE person = $2 AND due < $1`, millis(until), who[:])
		return err
	})
}

// NoticesAside keeps notices that the caller can't read out of the way, as
// Notices does with those that don't open.
func (s *Store) NoticesAside(ctx context.Context, ids []int64) (err error) {
	defer s.measure(OpNotices, s.begun(), &err)
	if s.aside(ctx, noticesAside, ids) < len(ids) {
		return errors.New("a notice that can't be read could not be set aside")
	}
	return nil
}

// unnotify forgets the notices of a person who is gone or forgotten.
func (a *applying) unnotify(ctx context.Context) error {
	if _, err := a.exec(ctx, `DELETE FROM notices WHERE person = $1`, a.who[:]); err != nil {
		return fmt.Errorf("forgetting a person's notices: %w", err)
	}
	return nil
}

// unnotifyAbout forgets the notices about a report that was withdrawn.
func (a *applying) unnotifyAbout(ctx context.Context, code string) error {
	if _, err := a.exec(ctx, `DELETE FROM notices WHERE person = $1 AND about = $2`, a.who[:], code); err != nil {
		return fmt.Errorf("forgetting a report's notices: %w", err)
	}
	return nil
}
