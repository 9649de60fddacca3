package storage_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/pgtest"
	"saqbol/storage/seal"
	"saqbol/storage/storagetest"
)

// following is a database with a streaming standby, and two replicas that ask both.
type following struct {
	t               *testing.T
	standby         *pgtest.Server
	primary, behind string // DATABASE_URL and DATABASE_READ_URL
	keys            *seal.Keys
	one, other      *storage.Store
}

// ever is a lag that no test reaches.
const ever = time.Hour

// TestStandby has a server and a streaming standby for all its parts, each of which
// has a database of its own.
func TestStandby(t *testing.T) {
	server, err := pgtest.New(t.Context(), pgtest.Options{})
	must(t, err)
	defer func() { must(t, server.Close()) }()
	standby, err := server.Standby(t.Context())
	must(t, err)
	defer func() { must(t, standby.Close()) }()
	for name, part := range map[string]func(*following){
		"never hides one's own report": (*following).hidesNobodysOwn, "is too far behind": (*following).tooFarBehind, "dies": (*following).dies,
		"answers for nothing damaged": (*following).damaged,
	} {
		t.Run(name, func(t *testing.T) {
			f := &following{t: t, keys: newKeys(t), standby: standby}
			f.primary, err = server.Database(t.Context())
			must(t, err)
			f.behind = standby.URL(databaseOf(t, f.primary))
			f.one, f.other = f.replica(ever), f.replica(ever)
			part(f)
		})
	}
}

// replica opens the database as one more replica does, and waits until lookups go to
// the standby.
func (f *following) replica(lag time.Duration) *storage.Store {
	f.t.Helper()
	store := openAt(f.t, f.primary, f.keys, storage.WithStandby(f.behind), storage.WithStandbyTerms(5*time.Millisecond, lag))
	f.t.Cleanup(func() { shut(f.t, store) })
	await(f.t, func() bool { return store.Standby() == nil })
	return store
}

// await waits for something that will come about.
func await(t *testing.T, come func() bool) {
	t.Helper()
	for !come() {
		if t.Context().Err() != nil {
			t.Fatal("it did not come about")
		}
		<-time.After(5 * time.Millisecond)
	}
}

func databaseOf(t *testing.T, at string) string {
	t.Helper()
	u, err := url.Parse(at)
	must(t, err)
	return u.Path[1:]
}

// replay has the standby take in what the primary sends, or keep it for later.
func (f *following) replay(on bool) {
	f.t.Helper()
	db, err := sql.Open("pgx", f.behind)
	must(f.t, err)
	defer func() { must(f.t, db.Close()) }()
	if on {
		_, err := db.ExecContext(f.t.Context(), `SELECT pg_wal_replay_resume()`)
		must(f.t, err)
		return
	}
	_, err = db.ExecContext(f.t.Context(), `SELECT pg_wal_replay_pause()`)
	must(f.t, err)
	await(f.t, func() bool {
		var state string
		must(f.t, db.QueryRowContext(f.t.Context(), `SELECT pg_get_wal_replay_pause_state()`).Scan(&state))
		return state == "paused"
	})
}

// asks is what somebody sees of a number, by one message: how many reported it, and
// how many object.
func (f *following) asks(store *storage.Store, person int64, about fraud.Ref) (reporters, disputes int) {
	f.t.Helper()
	asker, _, err := store.Turn(f.t.Context(), person)
	must(f.t, err)
	got, err := store.StandingsFor(f.t.Context(), asker, []fraud.Key{about.Key})
	if err != nil {
		f.t.Fatalf("person %d asks: %v", person, err)
	}
	return got[0].Reporters, got[0].Disputes
}

const (
	teller = iota + 1
	objector
	eraser
	stranger
	reader // chose a language, and told nothing
)

// While the standby stands still, who has told something sees it at once, by
// whichever replica, also after they erased themselves; everybody else sees it when
// the standby goes on.
func (f *following) hidesNobodysOwn() {
	t := f.t
	number := storagetest.Phone(1)
	commit(t, f.one, fraud.Change{Update: 1, Person: reader, Lang: fraud.Kazakh, Now: storagetest.Now()})
	f.replay(false)
	commit(t, f.one, fraud.Change{Update: 2, Person: teller, Now: storagetest.Now(), File: storagetest.Report(storagetest.Code(1), number)})
	commit(t, f.one, fraud.Change{Update: 3, Person: eraser, Now: storagetest.Now(), QuotaDay: 20000, File: storagetest.Report(storagetest.Code(2), number)})
	commit(t, f.one, fraud.Change{Update: 4, Person: eraser, Now: storagetest.Now(), QuotaDay: 20000, Erase: true})
	commit(t, f.one, fraud.Change{Update: 5, Person: objector, Now: storagetest.Now(), Dispute: &fraud.Dispute{Subject: number, On: true}})
	for _, store := range []*storage.Store{f.one, f.other} {
		for _, person := range []int64{teller, eraser, objector} {
			if reporters, disputes := f.asks(store, person, number); reporters != 2 || disputes != 1 {
				t.Errorf("person %d told of the number and sees %d reports, %d objections", person, reporters, disputes)
			}
		}
		for _, person := range []int64{stranger, reader} {
			if reporters, _ := f.asks(store, person, number); reporters != 0 {
				t.Errorf("person %d is not shown what the standby has: the test proves nothing", person)
			}
		}
		if err := store.Standby(); err != nil {
			t.Fatal(err)
		}
	}
	f.replay(true)
	await(t, func() bool {
		reporters, disputes := f.asks(f.other, stranger, number)
		return reporters == 2 && disputes == 1
	})
}

// A standby that is too far behind is not asked until it has caught up.
func (f *following) tooFarBehind() {
	t := f.t
	hasty := f.replica(300 * time.Millisecond)
	f.replay(false)
	commit(t, f.one, fraud.Change{Update: 1, Person: teller, Now: storagetest.Now(), File: storagetest.Report(storagetest.Code(1), storagetest.Phone(1))})
	await(t, func() bool { return hasty.Standby() != nil })
	if reporters, _ := f.asks(hasty, stranger, storagetest.Phone(1)); reporters != 1 {
		t.Error("what is late is shown")
	}
	f.replay(true)
	await(t, func() bool { return hasty.Standby() == nil })
}

// A standby that dies costs nobody an answer, and is asked again once it is back.
func (f *following) dies() {
	t := f.t
	commit(t, f.one, fraud.Change{Update: 1, Person: teller, Now: storagetest.Now(), File: storagetest.Report(storagetest.Code(1), storagetest.Phone(1))})
	must(t, f.standby.Kill())
	for range 50 {
		if reporters, _ := f.asks(f.one, stranger, storagetest.Phone(1)); reporters != 1 {
			t.Fatal("not answered by the database")
		}
	}
	await(t, func() bool { return f.other.Standby() != nil })
	must(t, f.standby.Start())
	await(t, func() bool { return f.other.Standby() == nil })
}

// Once damage was found in the database nobody is told what its standby has.
func (f *following) damaged() {
	t, number := f.t, storagetest.Phone(1)
	commit(t, f.one, fraud.Change{Update: 1, Person: teller, Now: storagetest.Now(), File: storagetest.Report(storagetest.Code(1), number)})
	if _, err := rawAt(t, f.primary).Exec(`UPDATE subjects SET reporters = reporters + 1`); err != nil {
		t.Fatal(err)
	}
	if _, err := f.one.Standings(t.Context(), []fraud.Key{number.Key}); !errors.Is(err, storage.ErrDamaged) {
		t.Fatal(err)
	}
	if got, err := f.one.StandingsFor(t.Context(), fraud.Person{MayLag: true}, []fraud.Key{{1}}); !errors.Is(err, storage.ErrDamaged) {
		t.Errorf("%v, %v", got, err)
	}
}

// What is no standby of the database is never asked.
func TestStandbyOfAnotherDatabase(t *testing.T) {
	keys, primary := newKeys(t), server.Database(t)
	twin := func(keys *seal.Keys) string {
		at := server.Database(t)
		shut(t, openAt(t, at, keys))
		return at
	}
	older := twin(keys)
	if _, err := rawAt(t, older).Exec(`DELETE FROM goose_db_version WHERE version_id > 0`); err != nil {
		t.Fatal(err)
	}
	// One that stood by another database has that one's beats: more than ours will have.
	forsaken := twin(keys)
	if _, err := rawAt(t, forsaken).Exec(`INSERT INTO leases (name, holder, machine, token, beat, until) VALUES ('standby', '', '', 0, 1000000000, 0)`); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		at   string
		want error
	}{
		"that follows nobody":     {twin(keys), nil},
		"of a former database":    {forsaken, storage.ErrStandby},
		"of another key":          {twin(newKeys(t)), storage.ErrStandby},
		"of an older schema":      {older, storage.ErrStandby},
		"that is empty":           {server.Database(t), storage.ErrStandby},
		"on a server that is not": {"postgres://127.0.0.1:1/x", storage.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			store := openAt(t, primary, keys, storage.WithStandby(tt.at), storage.WithStandbyTerms(time.Millisecond, ever))
			defer shut(t, store)
			looked := store.StandbyLooks()
			await(t, func() bool { return store.StandbyLooks() > looked+2 })
			if err := store.Standby(); err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if _, err := store.StandingsFor(t.Context(), fraud.Person{MayLag: true}, []fraud.Key{{1}}); err != nil {
				t.Error(err)
			}
		})
	}
	for _, at := range []string{"sqlite:x.db", "somewhere"} {
		if store, err := storage.Open(context.Background(), primary, keys, storage.WithStandby(at)); err == nil {
			shut(t, store)
			t.Errorf("%s is taken for a standby", at)
		}
	}
}
