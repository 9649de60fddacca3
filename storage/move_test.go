package storage_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/seal"
	"saqbol/storage/storagetest"
)

// A database goes to PostgreSQL, lives there, and comes back into the same file and
// into another one, and all that people have told is there each time.
func TestMoveThereAndBack(t *testing.T) {
	keys, file, server := newKeys(t), newFile(t), server.Database(t)
	store := openAt(t, file, keys)
	live(t, store, 1, 510)
	shut(t, store)
	was := allRows(t, file)
	moved(t, file, server, keys)
	holds(t, was, server, keys)
	if _, err := storage.Open(t.Context(), file, keys); !errors.Is(err, storage.ErrMoved) {
		t.Errorf("the file it was moved from opens: %v", err)
	}

	store = openAt(t, server, keys)
	live(t, store, 511, 20)
	shut(t, store)
	was = allRows(t, server)
	if len(was["reports"]) != 530 {
		t.Errorf("%d reports on PostgreSQL, want 530", len(was["reports"]))
	}
	moved(t, server, file, keys)
	holds(t, was, file, keys)
	another := newFile(t)
	moved(t, file, another, keys)
	holds(t, was, another, keys)
}

// moved moves, and holds what is told about it against what was there.
func moved(t *testing.T, from, to string, keys *seal.Keys) storage.Moved {
	t.Helper()
	before := allRows(t, from)
	done, total := int64(0), int64(0)
	got, err := storage.Move(t.Context(), from, to, keys, storage.MoveOptions{Progress: func(d, all int64) { done, total = d, all }})
	if err != nil {
		t.Fatal(err)
	}
	if got.Before || got.Closed <= 0 || done < total || total == 0 {
		t.Errorf("%+v, with %d of %d rows done", got, done, total)
	}
	for _, size := range got.Tables {
		if int(size.Rows) != len(before[size.Table]) {
			t.Errorf("%d rows of %s are said to be moved, of %d", size.Rows, size.Table, len(before[size.Table]))
		}
	}
	again, err := storage.Move(t.Context(), from, to, keys, storage.MoveOptions{})
	if err != nil || !again.Before || !slices.Equal(again.Tables, got.Tables) {
		t.Errorf("moved again: %+v, %v", again, err)
	}
	return got
}

// A table or a column that a copy forgets would be lost with the next move.
func TestCopiesKnowEveryColumn(t *testing.T) {
	keys := newKeys(t)
	for name, url := range map[string]string{"SQLite": newFile(t), "PostgreSQL": server.Database(t)} {
		shut(t, openAt(t, url, keys))
		found, copied, left := tablesIn(t, url), storage.CopiedColumns(), storage.UncopiedTables()
		if len(found) < len(copied) {
			t.Fatalf("%s: %d tables: the test reads nothing", name, len(found))
		}
		for table, columns := range found {
			slices.Sort(columns)
			known := slices.Sorted(slices.Values(copied[table]))
			if _, isLeft := left[table]; !isLeft && !slices.Equal(columns, known) {
				t.Errorf("%s: the table %s has the columns %v, and copies take over %v: name all of them in copiedTables, or say in uncopiedTables why not", name, table, columns, known)
			}
		}
	}
}

// People go on reporting while their database is moved. Nothing that was
// acknowledged is missing afterwards, and nothing that is there was refused; once
// the source is closed they are told so, and checks go on.
func TestMoveBesideWriters(t *testing.T) {
	for _, tt := range []struct {
		name     string
		from, to string
	}{{"to PostgreSQL", newFile(t), server.Database(t)}, {"to SQLite", server.Database(t), newFile(t)}} {
		t.Run(tt.name, func(t *testing.T) {
			keys := newKeys(t)
			bot := openAt(t, tt.from, keys, storage.WithInstance(storage.Claim{Holder: "bot"}))
			live(t, bot, 1, 40)
			w := filing(t, bot, 4)
			w.await(50) // there is something to be caught up with
			done, err := storage.Move(t.Context(), tt.from, tt.to, keys, storage.MoveOptions{}.At(w.notice))
			if err != nil {
				t.Fatal(err)
			}
			acknowledged := w.end()
			if _, err := bot.Standings(t.Context(), []fraud.Key{storagetest.Phone(1).Key}); err != nil {
				t.Errorf("a check on the closed source: %v", err)
			}
			shut(t, bot)
			was := allRows(t, tt.from)
			holds(t, was, tt.to, keys)
			next := openAt(t, tt.to, keys)
			defer shut(t, next)
			for _, update := range acknowledged {
				if seen, err := next.Seen(t.Context(), update); err != nil || !seen {
					t.Fatalf("update %d was acknowledged and is not there, %v", update, err)
				}
			}
			if len(was["reports"]) != 40+len(acknowledged) {
				t.Errorf("%d reports, %d were acknowledged", len(was["reports"])-40, len(acknowledged))
			}
			t.Logf("measured: %d reports filed while %d rows were moved; nothing could be saved for %s", len(acknowledged), len(was["reports"]), done.Closed)
		})
	}
}

// writers file reports, up to a number, and then until one is refused.
type writers struct {
	running, refused sync.WaitGroup
	acknowledged     chan int64
	closed           chan struct{} // closed when the database is
	all              []int64
}

// notice has every writer notice that the source of a move is closed.
func (w *writers) notice(step string) error {
	if step == "closed" {
		close(w.closed)
		w.refused.Wait()
	}
	return nil
}

func filing(t *testing.T, store *storage.Store, n int) *writers {
	const most = 100 // each
	// A report may join others whose transaction began before the closing: on a server
	// that transaction may end behind it, before the last look, and is moved too.
	const late = 20
	w := &writers{acknowledged: make(chan int64, n*(most+late+1)), closed: make(chan struct{})}
	for i := range n {
		w.refused.Add(1)
		w.running.Go(func() {
			defer w.refused.Done()
			first := int64(1_000_000 * (i + 1))
			for update := first; update <= first+most+late; update++ {
				if update == first+most {
					<-w.closed
				}
				_, err := store.Commit(context.WithoutCancel(t.Context()), fraud.Change{Update: update, Person: update, Now: storagetest.Now(),
					File: storagetest.Report(storagetest.Code(int(update)), storagetest.Phone(int(update)), storagetest.Phone(3))})
				var said *fraud.Error
				switch {
				case err == nil:
					w.acknowledged <- update
				case errors.As(err, &said) && said.Key == "common.not_saved" && errors.Is(err, storage.ErrMoved):
					return
				default:
					t.Errorf("a report is refused: %v", err)
					return
				}
			}
			t.Error("a closed database goes on storing reports")
		})
	}
	return w
}

// await waits until so many reports are acknowledged.
func (w *writers) await(n int) {
	for range n {
		w.all = append(w.all, <-w.acknowledged)
	}
}

func (w *writers) end() []int64 {
	w.running.Wait()
	close(w.acknowledged)
	for update := range w.acknowledged {
		w.all = append(w.all, update)
	}
	return w.all
}

// A transaction that began before the source was closed, and has not seen it, does
// not end after the last look at the source: the database refuses it.
func TestMoveLosesNoLateTransaction(t *testing.T) {
	keys, from, to := newKeys(t), server.Database(t), newFile(t)
	store := openAt(t, from, keys)
	live(t, store, 1, 10)
	shut(t, store)
	late, err := rawAt(t, from).BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		t.Fatal(err)
	}
	var closed int
	must(t, late.QueryRowContext(t.Context(), `SELECT (SELECT COUNT(*) FROM meta WHERE name = 'closed') FROM meta WHERE name = 'sealing'`).Scan(&closed))
	if _, err := late.ExecContext(t.Context(), `UPDATE reports SET status = 'late'`); err != nil || closed != 0 {
		t.Fatal(closed, err)
	}
	was := allRows(t, from)
	if _, err := storage.Move(t.Context(), from, to, keys, storage.MoveOptions{}); err != nil {
		t.Fatal(err)
	}
	var said *pgconn.PgError
	if err := late.Commit(); !errors.As(err, &said) || said.Code != "40001" {
		t.Errorf("the late transaction ends with %v, want 40001", err)
	}
	holds(t, was, to, keys)
}

// Where the last look is what the database ends instead, it is taken again.
func TestMoveLooksAgain(t *testing.T) {
	keys, from, to := newKeys(t), server.Database(t), newFile(t)
	store := openAt(t, from, keys)
	live(t, store, 1, 10)
	shut(t, store)
	was := allRows(t, from)
	isClosed, looks := false, 0
	_, err := storage.Move(t.Context(), from, to, keys, storage.MoveOptions{}.At(func(step string) error {
		isClosed = isClosed || step == "closed"
		if isClosed && step == "window of people" {
			if looks++; looks == 1 {
				return &pgconn.PgError{Code: "40001"}
			}
		}
		return nil
	}))
	if err != nil || looks != 2 {
		t.Errorf("%d looks, %v", looks, err)
	}
	holds(t, was, to, keys)
}

// What ends a move before the target is open leaves the source as it was, open.
func TestMoveThatFailsOpensTheSourceAgain(t *testing.T) {
	for _, step := range []string{"window of reports", "beside", "closed", "compared"} {
		t.Run(step, func(t *testing.T) {
			keys, from, to := newKeys(t), newFile(t), server.Database(t)
			bot := openAt(t, from, keys, storage.WithInstance(storage.Claim{Holder: "bot"}))
			live(t, bot, 1, 20)
			_, err := storage.Move(t.Context(), from, to, keys, storage.MoveOptions{}.At(func(at string) error {
				if at == step {
					return errCutOff
				}
				return nil
			}))
			if !errors.Is(err, errCutOff) {
				t.Fatal(err)
			}
			live(t, bot, 21, 8)
			shut(t, bot)
			if _, err := storage.Open(t.Context(), to, keys); !errors.Is(err, storage.ErrHalfMoved) {
				t.Errorf("half of it opens: %v", err)
			}
			was := allRows(t, from)
			moved(t, from, to, keys)
			holds(t, was, to, keys)
		})
	}
}

var errCutOff = errors.New("cut off")

// Only to prepare opens no target, also where an earlier run was killed when it had
// closed the source.
func TestMovePreparesWhatIsClosed(t *testing.T) {
	keys, from, to := newKeys(t), newFile(t), server.Database(t)
	store := openAt(t, from, keys)
	live(t, store, 1, 10)
	shut(t, store)
	was := allRows(t, from)
	for range 2 {
		if _, err := storage.Move(t.Context(), from, to, keys, storage.MoveOptions{Prepare: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := storage.Open(t.Context(), to, keys); !errors.Is(err, storage.ErrHalfMoved) {
			t.Fatalf("what is prepared opens: %v", err)
		}
		if _, err := rawAt(t, from).Exec(`INSERT INTO meta (name, value) VALUES ('closed', $1) ON CONFLICT (name) DO NOTHING`, []byte("away")); err != nil {
			t.Fatal(err)
		}
	}
	moved(t, from, to, keys)
	holds(t, was, to, keys)
}

// A file from before the move, put back in its place, has gone on by itself: what is
// told there is not said to be moved.
func TestMoveOfAnOlderCopy(t *testing.T) {
	keys, from, to := newKeys(t), newFile(t), server.Database(t)
	store := openAt(t, from, keys)
	live(t, store, 1, 10)
	shut(t, store)
	moved(t, from, to, keys)
	if _, err := rawAt(t, from).Exec(`DELETE FROM meta WHERE name = 'closed'`); err != nil {
		t.Fatal(err)
	}
	store = openAt(t, from, keys)
	live(t, store, 11, 1)
	shut(t, store)
	if did, err := storage.Move(t.Context(), from, to, keys, storage.MoveOptions{}); !errors.Is(err, storage.ErrNotEmpty) {
		t.Errorf("%+v, %v", did, err)
	}
}

// Lists that have taken each other's places since the target was prepared.
func TestMoveOfListsThatChangedPlaces(t *testing.T) {
	keys, from, to := newKeys(t), newFile(t), server.Database(t)
	store := openAt(t, from, keys)
	live(t, store, 1, 10)
	load := func(names ...string) {
		for _, name := range names {
			if _, err := store.Import(t.Context(), storage.Import{Name: name}, []fraud.Listed{{Key: fraud.Key{1}, Reporters: 2}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	load("a", "b")
	if _, err := storage.Move(t.Context(), from, to, keys, storage.MoveOptions{Prepare: true}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		if _, err := store.Unlist(t.Context(), name, nil); err != nil {
			t.Fatal(err)
		}
	}
	load("b", "a")
	shut(t, store)
	was := allRows(t, from)
	moved(t, from, to, keys)
	holds(t, was, to, keys)
}

// Nobody knows whether a closing without an answer was stored: a move that ends there
// opens the source again.
func TestMoveThatIsNotToldOfTheClosing(t *testing.T) {
	keys, from := newKeys(t), server.Database(t)
	store := openAt(t, from, keys)
	live(t, store, 1, 10)
	shut(t, store)
	way, at := newCable(t, from)
	defer way.close(t)
	ctx, cancel := context.WithCancel(t.Context())
	way.then = cancel
	_, err := storage.Move(ctx, at, newFile(t), keys, storage.MoveOptions{}.At(func(step string) error {
		if step == "beside" {
			way.cut.Store(behind)
		}
		return nil
	}))
	if err == nil || way.cuts.Load() != 1 {
		t.Fatalf("%d commits were cut, %v", way.cuts.Load(), err)
	}
	store = openAt(t, from, keys)
	live(t, store, 11, 1)
	shut(t, store)
}

// A move that was a mistake is taken back.
func TestMoveTakenBack(t *testing.T) {
	keys, from, to := newKeys(t), newFile(t), server.Database(t)
	store := openAt(t, from, keys)
	live(t, store, 1, 10)
	shut(t, store)
	was := allRows(t, from)
	moved(t, from, to, keys)
	reopened(t, from, keys)
	holds(t, was, from, keys)
	if _, err := storage.Move(t.Context(), from, to, keys, storage.MoveOptions{}); !errors.Is(err, storage.ErrNotEmpty) {
		t.Errorf("moved into the database that has gone on: %v", err)
	}
}

func TestMoveRefuses(t *testing.T) {
	keys := newKeys(t)
	filled := func(url string, keys *seal.Keys) string {
		store := openAt(t, url, keys)
		live(t, store, 1, 3)
		shut(t, store)
		return url
	}
	older := filled(newFile(t), keys)
	if _, err := rawAt(t, older).Exec(`DELETE FROM goose_db_version WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)`); err != nil {
		t.Fatal(err)
	}
	half := server.Database(t)
	source := filled(newFile(t), keys)
	if _, err := storage.Move(t.Context(), source, half, keys, storage.MoveOptions{Prepare: true}); err != nil {
		t.Fatal(err)
	}
	damaged := filled(newFile(t), keys)
	if _, err := rawAt(t, damaged).Exec(`UPDATE subjects SET reporters = reporters + 1 WHERE reporters > 0`); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		from, to string
		want     error
	}{
		"nothing there":           {newFile(t), newFile(t), storage.ErrNoDatabase},
		"nothing on the server":   {server.Database(t), newFile(t), storage.ErrNoDatabase},
		"another key":             {filled(newFile(t), newKeys(t)), newFile(t), storage.ErrWrongKey},
		"another key there":       {source, filled(server.Database(t), newKeys(t)), storage.ErrWrongKey},
		"something there":         {source, filled(server.Database(t), keys), storage.ErrNotEmpty},
		"something in the file":   {source, filled(newFile(t), keys), storage.ErrNotEmpty},
		"into itself":             {source, source, storage.ErrSame},
		"a server into itself":    {half, half, storage.ErrSame},
		"an older schema":         {older, newFile(t), storage.ErrToMigrate},
		"an older schema there":   {source, older, storage.ErrToMigrate},
		"half a move":             {half, newFile(t), storage.ErrHalfMoved},
		"another move into half":  {filled(newFile(t), keys), half, storage.ErrNotEmpty},
		"no URL":                  {source, "somewhere", storage.ErrURL},
		"damaged":                 {damaged, newFile(t), storage.ErrDamaged},
		"a server that is absent": {source, "postgres://127.0.0.1:1/x", storage.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := storage.Move(t.Context(), tt.from, tt.to, keys, storage.MoveOptions{})
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
}

// What somebody has changed in an unfinished target is put right by the next run.
func TestMoveRepairsItsTarget(t *testing.T) {
	keys, from, to := newKeys(t), newFile(t), server.Database(t)
	store := openAt(t, from, keys)
	live(t, store, 1, 60)
	shut(t, store)
	was := allRows(t, from)
	if _, err := storage.Move(t.Context(), from, to, keys, storage.MoveOptions{Prepare: true}); err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{`DELETE FROM reports WHERE code > 'SB-M'`, `UPDATE people SET since = since + 1`,
		`INSERT INTO handled (update_id, at) SELECT 5000 + n, 0 FROM generate_series(1, 4000) n`, `DELETE FROM counters`,
		`UPDATE subjects SET disputes = disputes + 1`, `DELETE FROM meta WHERE name = 'probe'`} {
		if _, err := rawAt(t, to).Exec(change); err != nil {
			t.Fatalf("%s: %v", change, err)
		}
	}
	moved(t, from, to, keys)
	holds(t, was, to, keys)
}
