package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"saqbol/fraud"
)

// Pages holds that the outbox is read page by page, and by chat.
func Pages(t *testing.T, open Factory) {
	f := begin(t, open)
	if page, err := f.Unsent(f.ctx, 0, 2); err != nil || !cmp.Equal(page, fraud.Waiting{}) {
		t.Errorf("an empty outbox: %+v, %v", page, err)
	}
	var ids []int64
	for i := range 5 { // two people in one group, and one of them alone
		chat := int64(-100500)
		if i == 2 {
			chat = 1
		}
		ids = append(ids, f.commit(fraud.Change{Person: int64(1 + i%2), Outgoing: []fraud.Outgoing{{Chat: chat, Payload: []byte{byte(i)}}}})...)
	}
	var seen []int64
	pages := 0
	for after := int64(0); ; pages++ {
		page, err := f.Unsent(f.ctx, after, 2)
		if err != nil || len(page.Rows) > 2 || page.Newest != ids[4] {
			t.Fatalf("%d rows, newest %d, %v", len(page.Rows), page.Newest, err)
		}
		for _, row := range page.Rows {
			seen = append(seen, row.ID)
		}
		if after = page.Next; after == 0 {
			break
		}
	}
	if !slices.Equal(seen, ids) || pages != 2 {
		t.Errorf("read %v on %d pages, stored %v", seen, pages+1, ids)
	}
	for _, test := range []struct {
		chat, after, last int64
		want              []int64
	}{{-100500, 0, ids[4], []int64{ids[0], ids[1], ids[3], ids[4]}}, {-100500, ids[0], ids[3], []int64{ids[1], ids[3]}}, {1, 0, ids[4], []int64{ids[2]}}, {2, 0, ids[4], nil}} {
		rows, err := f.UnsentOf(f.ctx, test.chat, test.after, test.last)
		var got []int64
		for _, row := range rows {
			got = append(got, row.ID)
			if row.Chat != test.chat {
				t.Errorf("chat %d is given what is for %d", test.chat, row.Chat)
			}
		}
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("chat %d: %v, %v; want %v", test.chat, got, err, test.want)
		}
	}
	if err := f.SetAside(f.ctx, ids[:4]); err != nil {
		t.Fatal(err)
	}
	if waiting := f.waiting(); len(waiting) != 1 || waiting[0].ID != ids[4] {
		t.Errorf("with four set aside %+v wait", waiting)
	}
}

// due reads the notices that are due at a time, as their messages.
func (f *fixture) due(at time.Time) []string {
	f.t.Helper()
	page, err := f.Notices(f.ctx, at, 1000)
	if err != nil || page.Aside != 0 {
		f.t.Fatalf("Notices: %d aside, %v", page.Aside, err)
	}
	keys := []string{}
	for _, n := range page.Notices {
		keys = append(keys, fmt.Sprint(n.Person, " ", n.Key))
	}
	return keys
}

// notify stores notices of which so many must be taken.
func (f *fixture) notify(want int, notices ...fraud.Notice) {
	f.t.Helper()
	if n, err := f.Notify(f.ctx, notices); err != nil || n != want {
		f.t.Fatalf("Notify stored %d, %v; want %d", n, err, want)
	}
}

// told reports whether the store has said that there are notices.
func (f *fixture) told() bool {
	select {
	case <-f.News():
		return true
	default:
		return false
	}
}

// Notices holds that a notice waits until it is due, in order, once, and is
// read in the language of that moment.
func Notices(t *testing.T, open Factory) {
	f := begin(t, open)
	now := time.Now()
	for person := range int64(3) {
		f.commit(fraud.Change{Person: person + 1, Lang: fraud.Kazakh})
	}
	f.notify(0, fraud.Notice{Person: 9, Key: "to.stranger"})
	f.notify(0)
	if f.told() {
		t.Error("there is news of nothing")
	}
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	args := map[string]any{"Subject": "+7 701 123 45 67", "Count": int64(1) << 60, "Day": day, "Empty": ""}
	f.notify(4,
		fraud.Notice{Person: 1, Key: "second", Args: args, About: Code(1), Due: now.Add(-time.Minute)},
		fraud.Notice{Person: 1, Key: "third", Due: now.Add(-time.Minute)},
		fraud.Notice{Person: 2, Key: "later", Due: now.Add(time.Hour)},
		fraud.Notice{Person: 2, Key: "first", Due: now.Add(-time.Hour)})
	if !f.told() || f.told() {
		t.Error("the news of notices is not told, or told twice")
	}
	f.notify(1, fraud.Notice{Person: 3, Key: "at.once"})
	f.commit(fraud.Change{Person: 1, Lang: fraud.Russian})
	want := []string{"2 first", "1 second", "1 third", "3 at.once"}
	if got := f.due(time.Now()); !slices.Equal(got, want) {
		t.Errorf("due are %q, want %q", got, want)
	}
	page, err := f.Notices(f.ctx, time.Now(), 2)
	if err != nil || len(page.Notices) != 2 {
		t.Fatalf("a page of two: %+v, %v", page, err)
	}
	full := fraud.Notice{ID: page.Notices[1].ID, Person: 1, Lang: fraud.Russian, Key: "second", Args: args, About: Code(1),
		Due: now.Add(-time.Minute).Truncate(time.Millisecond).UTC()}
	if !cmp.Equal(page.Notices[1], full) {
		t.Errorf("read: %s", cmp.Diff(full, page.Notices[1]))
	}
	if err := f.NoticesLater(f.ctx, 1, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := f.NoticesSent(f.ctx, []int64{page.Notices[0].ID, 99}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{false, true} {
		if stands, err := f.NoticeStands(f.ctx, page.Notices[i].ID); err != nil || stands != want {
			t.Errorf("notice %d is there: %v, %v", i, stands, err)
		}
	}
	if got := f.due(time.Now()); !slices.Equal(got, []string{"3 at.once"}) {
		t.Errorf("with one sent and two postponed %q are due", got)
	}
	if got := f.due(now.Add(time.Hour)); !slices.Equal(got, []string{"3 at.once", "1 second", "1 third", "2 later"}) {
		t.Errorf("an hour later %q are due", got)
	}
	if err := f.NoticesAside(f.ctx, []int64{page.Notices[1].ID}); err != nil {
		t.Fatal(err)
	}
	if got := f.due(now.Add(time.Hour)); !slices.Equal(got, []string{"3 at.once", "1 third", "2 later"}) {
		t.Errorf("with one set aside %q are due", got)
	}
	for _, wrong := range []fraud.Notice{{Person: 1}, {Person: 1, Key: "k", Args: map[string]any{"N": 1.5}}} {
		if n, err := f.Notify(f.ctx, []fraud.Notice{{Person: 2, Key: "good"}, wrong}); err == nil || n != 0 {
			t.Errorf("%+v is stored: %d, %v", wrong, n, err)
		}
	}
	if got := f.due(now.Add(time.Hour)); len(got) != 3 {
		t.Errorf("half of a refused batch is stored: %q", got)
	}
}

// NoticesLeave holds that a name comes once, and that people who are gone,
// forgotten or have withdrawn get nothing.
func NoticesLeave(t *testing.T, open Factory) {
	f := begin(t, open)
	gone, back := true, false
	later := time.Now().Add(time.Minute)
	for person := range int64(5) {
		f.commit(fraud.Change{Person: person + 1, Lang: fraud.Kazakh, File: Report(Code(int(person)), Phone(1))})
	}
	for range 2 { // a producer that is repeated
		var batch []fraud.Notice
		for person := range int64(5) {
			batch = append(batch, fraud.Notice{Person: person + 1, Key: "campaign", Once: "autumn", About: Code(int(person))})
		}
		if n, err := f.Notify(f.ctx, batch); err != nil || n != 0 && n != 5 {
			t.Fatalf("Notify: %d, %v", n, err)
		}
	}
	f.notify(1, fraud.Notice{Person: 1, Key: "campaign", Once: "winter"})
	if got := f.due(later); len(got) != 6 {
		t.Fatalf("the repetition is stored too: %q", got)
	}
	page, err := f.Notices(f.ctx, later, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.NoticesSent(f.ctx, []int64{page.Notices[0].ID}); err != nil {
		t.Fatal(err)
	}
	f.notify(0, fraud.Notice{Person: 1, Key: "campaign", Once: "autumn"}) // sent long ago
	f.commit(fraud.Change{Person: 2, Gone: &gone})
	f.notify(0, fraud.Notice{Person: 2, Key: "to.somebody.gone"})
	f.commit(fraud.Change{Person: 3, Erase: true})
	f.notify(0, fraud.Notice{Person: 3, Key: "to.somebody.forgotten"})
	f.commit(fraud.Change{Person: 4, Withdraw: Code(3)})
	if got := f.due(later); !slices.Equal(got, []string{"5 campaign", "1 campaign"}) {
		t.Errorf("due are %q", got)
	}
	f.commit(fraud.Change{Person: 2, Gone: &back})
	if got := f.due(later); len(got) != 2 {
		t.Errorf("the notices of somebody who was gone come back: %q", got)
	}
	f.commit(fraud.Change{Person: 3, Lang: fraud.Kazakh}) // a new person with an old id
	f.notify(1, fraud.Notice{Person: 3, Key: "campaign", Once: "autumn"})
	f.commit(fraud.Change{Person: 6, Session: &fraud.Session{Flow: "report"}})
	f.notify(1, fraud.Notice{Person: 6, Key: "to.somebody.with.a.draft", Once: "x"})
	f.commit(fraud.Change{Person: 6, Session: &fraud.Session{}}) // nothing is stored of them any more
	f.commit(fraud.Change{Person: 6, Lang: fraud.Kazakh})
	if got := f.due(later); len(got) != 3 {
		t.Errorf("a notice outlives its person: %q", got)
	}
}

// Told holds that a human decision is told to those whose report of the subject
// stands, once, with their report's code.
func Told(t *testing.T, open Factory) {
	f := begin(t, open)
	gone := true
	for person := range int64(6) {
		f.commit(fraud.Change{Person: person + 1, File: Report(Code(int(person)), Phone(1), Card(2))})
	}
	f.commit(fraud.Change{Person: 7, File: Report(Code(7), Phone(3))})
	f.commit(fraud.Change{Person: 2, Withdraw: Code(1)})
	f.commit(fraud.Change{Person: 3, Erase: true})
	f.commit(fraud.Change{Person: 4, Gone: &gone})
	f.commit(fraud.Change{Person: 5, File: Report(Code(5+10), Phone(1))}) // moves there from the first
	for i := range 2 {
		if err := f.Confirm(f.ctx, Phone(1), "dispatcher"); err != nil {
			t.Fatal(err)
		}
		if f.told() != (i == 0) {
			t.Errorf("confirmation %d: the news is wrong", i+1)
		}
	}
	page, err := f.Notices(f.ctx, time.Now().Add(time.Minute), 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range page.Notices {
		if n.Key != "notice.confirmed" || n.Args["Subject"] != Phone(1).Shown || n.About != n.Args["Code"] {
			t.Errorf("a notice is %+v", n)
		}
		got = append(got, fmt.Sprint(n.Person, " ", n.About))
	}
	slices.Sort(got)
	want := []string{"1 " + Code(0), "5 " + Code(15), "6 " + Code(5)}
	if !slices.Equal(got, want) {
		t.Errorf("told are %q, want %q", got, want)
	}
	f.commit(fraud.Change{Person: 6, Withdraw: Code(5)}) // before it is sent
	if got := f.due(time.Now().Add(time.Minute)); len(got) != 2 {
		t.Errorf("somebody who has withdrawn is told: %q", got)
	}
}

// letter keeps an update of a person as a dead letter and returns its id.
func (f *fixture) letter(update, person int64) int64 {
	f.t.Helper()
	if err := f.DeadLetter(f.ctx, fraud.DeadLetter{Update: update, Person: person, Reason: "panic", Raw: []byte("{}"), At: Now()}); err != nil {
		f.t.Fatal(err)
	}
	latest, err := f.DeadLetters(f.ctx, 0, 1)
	if err != nil || len(latest) != 1 || latest[0].Update != update {
		f.t.Fatalf("the latest letter: %+v, %v", latest, err)
	}
	return latest[0].ID
}

// Replays holds that a letter is handled anew when it is asked for, once, and
// that it stays where that fails.
func Replays(t *testing.T, open Factory) {
	f := begin(t, open)
	ids := []int64{f.letter(1, 1), f.letter(2, 1), f.letter(0, 0), f.letter(4, 2)}
	asked := func(want ...int64) {
		t.Helper()
		letters, aside, err := f.Replays(f.ctx, 3)
		var got []int64
		for _, l := range letters {
			got = append(got, l.ID)
		}
		if err != nil || aside != 0 || !slices.Equal(got, want) {
			t.Errorf("to be handled anew: %v, %v; want %v", got, err, want)
		}
	}
	asked()
	effect := fraud.Change{Update: 2, Person: 1, Now: Now(), Lang: fraud.Kazakh, Letter: ids[1], Outgoing: []fraud.Outgoing{{Chat: 1, Payload: []byte("at last")}}}
	if _, err := f.Commit(f.ctx, effect); !errors.Is(err, fraud.ErrSeen) {
		t.Errorf("a letter that nobody asks for is handled anew: %v", err)
	}
	for _, id := range []int64{ids[2], ids[1]} {
		if err := f.ReplayLetter(f.ctx, id); err != nil {
			t.Fatal(err)
		}
	}
	asked(ids[1], ids[2])
	if got := f.commit(effect); len(got) != 1 {
		t.Errorf("answers stored: %v", got)
	}
	if _, err := f.Commit(f.ctx, effect); !errors.Is(err, fraud.ErrSeen) {
		t.Errorf("a letter is handled anew twice: %v", err)
	}
	if p, _ := f.turn(1); p.Lang != fraud.Kazakh || len(f.waiting()) != 1 {
		t.Errorf("the effect: %+v, %d answers", p, len(f.waiting()))
	}
	if err := f.LetterFailed(f.ctx, ids[2], "panic again"); err != nil {
		t.Fatal(err)
	}
	l, err := f.Letter(f.ctx, ids[2])
	want := fraud.DeadLetter{ID: ids[2], Reason: "panic again", Raw: []byte("{}"), At: Now(), Tries: 1, Size: 2}
	if err != nil || !cmp.Equal(l, want) {
		t.Errorf("after the second failure: %s, %v", cmp.Diff(want, l), err)
	}
	asked()
	if n, err := f.ReplayLetters(f.ctx); err != nil || n != 3 {
		t.Errorf("%d letters marked, %v; want 3", n, err)
	}
	asked(ids[0], ids[2], ids[3])
	if err := f.DropLetter(f.ctx, ids[2]); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{f.DropLetter(f.ctx, ids[2]), f.ReplayLetter(f.ctx, ids[2])} {
		if !errors.Is(err, fraud.ErrNoLetter) {
			t.Errorf("a letter that is gone: %v", err)
		}
	}
	if _, err := f.Letter(f.ctx, ids[2]); !errors.Is(err, fraud.ErrNoLetter) {
		t.Errorf("a letter that is gone: %v", err)
	}
	if err := f.LetterFailed(f.ctx, ids[2], "gone"); err != nil {
		t.Error(err)
	}
	if page, err := f.DeadLetters(f.ctx, ids[3], 10); err != nil || len(page) != 1 || page[0].ID != ids[0] {
		t.Errorf("the letters before the last: %+v, %v", page, err)
	}
	if n, err := f.DropLetters(f.ctx); err != nil || n != 2 || len(f.letters()) != 0 {
		t.Errorf("%d letters dropped, %d left, %v", n, len(f.letters()), err)
	}
}

// ReplaysOfNobody holds that a letter brings nobody back who was forgotten after
// it was kept, even where it did not say then whose it is.
func ReplaysOfNobody(t *testing.T, open Factory) {
	f := begin(t, open)
	before, after := Now().Add(-time.Hour), Now().Add(time.Hour)
	f.commit(fraud.Change{Person: 1, Now: before, Lang: fraud.Kazakh}) // was there before the letter
	f.commit(fraud.Change{Person: 2, Now: after, Lang: fraud.Kazakh})  // came, or came back, after it
	f.commit(fraud.Change{Person: 3, Now: before, Lang: fraud.Kazakh})
	named := f.letter(10, 3)
	f.commit(fraud.Change{Person: 3, Now: after, Erase: true}) // takes the letter along
	for person, want := range map[int64]bool{1: true, 2: false, 4: false} {
		id := f.letter(20+person, 0)
		if err := f.ReplayLetter(f.ctx, id); err != nil {
			t.Fatal(err)
		}
		_, err := f.Commit(f.ctx, fraud.Change{Update: 20 + person, Person: person, Now: after, Letter: id, Lang: fraud.Russian})
		if want && err != nil || !want && !errors.Is(err, fraud.ErrSeen) {
			t.Errorf("person %d: %v", person, err)
		}
		if p, _ := f.turn(person); (p.Lang == fraud.Russian) != want {
			t.Errorf("person %d: %+v after the letter", person, p)
		}
	}
	if err := f.ReplayLetter(f.ctx, named); !errors.Is(err, fraud.ErrNoLetter) {
		t.Errorf("the letter of somebody forgotten is there: %v", err)
	}
	if left := f.letters(); len(left) != 0 {
		t.Errorf("letters left: %+v", left)
	}
}
