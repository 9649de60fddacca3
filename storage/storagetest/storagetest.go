// Package storagetest is the contract of SaqBol's storage: what every database
// must do, as tests that a database's own tests run. It also makes test data.
package storagetest

import (
	"context"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/storage"
)

// Store is what the contract is about; *storage.Store is one.
type Store interface {
	Turn(ctx context.Context, person int64) (fraud.Person, fraud.Session, error)
	Standings(ctx context.Context, keys []fraud.Key) ([]fraud.Standing, error)
	Disputed(ctx context.Context, person int64, key fraud.Key) (bool, error)
	ReportsOf(ctx context.Context, person int64) ([]fraud.Report, error)
	Overlapping(ctx context.Context, person int64, keys []fraud.Key) (fraud.Report, bool, error)
	Portrait(ctx context.Context, person int64) (fraud.Portrait, error)
	Totals(ctx context.Context, since time.Time) (fraud.Totals, error)

	Commit(ctx context.Context, change fraud.Change) ([]int64, error)
	Seen(ctx context.Context, update int64) (bool, error)
	Confirm(ctx context.Context, ref fraud.Ref, by string) error
	Unsent(ctx context.Context, after int64, limit int) (fraud.Waiting, error)
	UnsentOf(ctx context.Context, chat, after, last int64) ([]fraud.Outgoing, error)
	Sent(ctx context.Context, ids []int64) error
	SetAside(ctx context.Context, ids []int64) error
	Notify(ctx context.Context, notices []fraud.Notice) (int, error)
	Notices(ctx context.Context, now time.Time, limit int) (fraud.DueNotices, error)
	NoticeStands(ctx context.Context, id int64) (bool, error)
	NoticesSent(ctx context.Context, ids []int64) error
	NoticesLater(ctx context.Context, person int64, until time.Time) error
	NoticesAside(ctx context.Context, ids []int64) error
	News() <-chan struct{}
	Anchor(ctx context.Context, person, message int64) error
	DeadLetter(ctx context.Context, letter fraud.DeadLetter) error
	DeadLetters(ctx context.Context, before int64, limit int) ([]fraud.DeadLetter, error)
	Letter(ctx context.Context, id int64) (fraud.DeadLetter, error)
	ReplayLetter(ctx context.Context, id int64) error
	ReplayLetters(ctx context.Context) (int, error)
	Replays(ctx context.Context, limit int) ([]fraud.DeadLetter, int, error)
	LetterFailed(ctx context.Context, id int64, reason string) error
	DropLetter(ctx context.Context, id int64) error
	DropLetters(ctx context.Context) (int, error)
	Prune(ctx context.Context, before time.Time) error
	UsageOf(ctx context.Context, person, day int64) (fraud.Usage, error)
	AddUsage(ctx context.Context, day int64, used map[int64]fraud.Usage) error
	BeginUsage(ctx context.Context, day int64) error
	ForgetUsage(ctx context.Context) error
	Import(ctx context.Context, o storage.Import, subjects []fraud.Listed) (storage.Imported, error)
	Unlist(ctx context.Context, name string, progress func(done, total int)) (storage.Imported, error)
	Lists(ctx context.Context) ([]fraud.List, error)
	Lease(ctx context.Context, name string, claim storage.Claim) (*storage.Lease, error)
	Ping(ctx context.Context) error
	Examine(ctx context.Context, share int) error
	Close() error
}

// Factory makes a new, empty store. The contract closes it.
type Factory func(t *testing.T) Store

// Run runs the whole contract.
func Run(t *testing.T, open Factory) {
	for _, part := range []struct {
		name string
		test func(*testing.T, Factory)
	}{
		{"Once", Once}, {"People", People}, {"Sessions", Sessions}, {"Reports", Reports}, {"Moves", Moves},
		{"Withdrawals", Withdrawals}, {"Disputes", Disputes}, {"Confirmations", Confirmations}, {"Sums", Sums},
		{"Erasure", Erasure}, {"Outbox", Outbox}, {"Letters", Letters}, {"Pages", Pages}, {"Notices", Notices},
		{"NoticesOfSomebodyWhoLeaves", NoticesLeave}, {"Told", Told}, {"Replays", Replays}, {"ReplaysOfSomebodyForgotten", ReplaysOfNobody}, {"Pruning", Pruning},
		{"Quotas", Quotas}, {"QuotasOfReports", QuotasOfReports}, {"Together", Together}, {"Gathered", Gathered}, {"Model", Model},
		{"Leases", Leases}, {"Lists", Lists}, {"ListsModel", ListsModel},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, open) })
	}
}

// fixture is a store with short words for what the tests do to it.
type fixture struct {
	Store
	t   *testing.T
	ctx context.Context
}

func begin(t *testing.T, open Factory) *fixture {
	t.Helper()
	f := &fixture{Store: open(t), t: t, ctx: t.Context()}
	t.Cleanup(func() {
		// Whatever a test did to it, a store must not take it for damage.
		if err := f.Examine(context.WithoutCancel(f.ctx), 1); err != nil {
			t.Errorf("a complete check finds: %v", err)
		}
		if err := f.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return f
}

// commit applies a change that must succeed.
func (f *fixture) commit(c fraud.Change) []int64 {
	f.t.Helper()
	if c.Now.IsZero() {
		c.Now = Now()
	}
	ids, err := f.Commit(f.ctx, c)
	if err != nil {
		f.t.Fatalf("Commit: %v", err)
	}
	return ids
}

// waiting reads the whole outbox.
func (f *fixture) waiting() []fraud.Outgoing {
	f.t.Helper()
	page, err := f.Unsent(f.ctx, 0, 1000)
	if err != nil || page.Aside != 0 {
		f.t.Fatalf("Unsent: %d aside, %v", page.Aside, err)
	}
	return page.Rows
}

// letters reads all dead letters, without their ids and sizes.
func (f *fixture) letters() []fraud.DeadLetter {
	f.t.Helper()
	all, err := f.DeadLetters(f.ctx, 0, 1000)
	if err != nil {
		f.t.Fatalf("DeadLetters: %v", err)
	}
	for i := range all {
		if all[i].ID == 0 || all[i].Size != len(all[i].Raw) {
			f.t.Errorf("letter %d says it has %d bytes, of %d", all[i].ID, all[i].Size, len(all[i].Raw))
		}
		all[i].ID, all[i].Size = 0, 0
	}
	return all
}

// standing reads one subject.
func (f *fixture) standing(ref fraud.Ref) fraud.Standing {
	f.t.Helper()
	got, err := f.Standings(f.ctx, []fraud.Key{ref.Key})
	if err != nil || len(got) != 1 {
		f.t.Fatalf("Standings: %d of them, %v", len(got), err)
	}
	return got[0]
}

// reports reads a person's reports.
func (f *fixture) reports(person int64) []fraud.Report {
	f.t.Helper()
	got, err := f.ReportsOf(f.ctx, person)
	if err != nil {
		f.t.Fatalf("ReportsOf: %v", err)
	}
	return got
}

// turn reads a person.
func (f *fixture) turn(person int64) (fraud.Person, fraud.Session) {
	f.t.Helper()
	p, s, err := f.Turn(f.ctx, person)
	if err != nil {
		f.t.Fatalf("Turn: %v", err)
	}
	return p, s
}
