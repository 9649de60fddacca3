package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/seal"
	"saqbol/storage/storagetest"
)

// sound is a database of everything there is, part of it still in the write-ahead
// log: its files, and what it answers.
type sound struct {
	keys    *seal.Keys
	killed  map[string][]byte // its files, by the ending of their names, as after kill -9
	closed  map[string][]byte // the same, closed: everything stands in the file itself
	asked   []fraud.Key
	rows    []fraud.Standing // for asked
	answers string           // what people and sums are told
	waiting string           // what waits to be sent
}

const (
	soundPeople   = 40
	soundSubjects = 60
)

func makeSound(t *testing.T, fill func(t *testing.T, store *storage.Store, keys *seal.Keys)) *sound {
	t.Helper()
	s := &sound{keys: newKeys(t), killed: map[string][]byte{}, closed: map[string][]byte{}}
	path := filepath.Join(t.TempDir(), "saqbol.db")
	store := open(t, path, s.keys)
	defer shut(t, store)
	fill(t, store, s.keys)
	for n := range 2 * soundSubjects { // every second one is unknown
		s.asked = append(s.asked, storagetest.Phone(n).Key)
	}
	var err error
	if s.rows, err = store.Standings(t.Context(), s.asked); err != nil {
		t.Fatal(err)
	}
	if s.answers, err = answers(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	if s.waiting, _, err = waiting(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	for _, ending := range []string{"", "-wal", storage.WitnessSuffix} {
		if s.killed[ending], err = os.ReadFile(path + ending); err != nil {
			t.Fatal(err)
		}
	}
	path = put(t, s.killed)
	shut(t, open(t, path, s.keys))
	for _, ending := range []string{"", storage.WitnessSuffix} {
		if s.closed[ending], err = os.ReadFile(path + ending); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// everything stores something of every sort there is, on pages of every type.
func everything(t *testing.T, store *storage.Store, keys *seal.Keys) {
	t.Helper()
	update := int64(1)
	file := func(person, n int) {
		long := strings.Repeat("Олар банктен екенін айтты. ", 1+(n%5)*90) // some run over several pages
		report := storagetest.About(storagetest.Code(n+5000), fraud.Scenarios()[n%4], storagetest.Now().Add(time.Duration(n)*time.Minute),
			storagetest.Phone(n%soundSubjects), storagetest.Phone(n*7%soundSubjects))
		report.Details.Words = long
		update++
		commit(t, store, fraud.Change{Update: update, Person: int64(person), Lang: fraud.Kazakh, File: report,
			Outgoing: []fraud.Outgoing{{Chat: int64(person), Payload: []byte(long)}}})
	}
	for n := range 3 * soundPeople {
		file(1+n%soundPeople, n)
	}
	fill(t, store, keys)
	for person := range int64(soundPeople / 2) { // their words leave free pages behind
		update++
		commit(t, store, fraud.Change{Update: update, Person: 2*person + 2, Erase: true})
	}
	if err := store.Prune(t.Context(), time.Time{}.Add(time.Hour)); err != nil { // empties the write-ahead log
		t.Fatal(err)
	}
	for n := 1000; n < 1025; n++ {
		file(n, n)
	}
	if err := store.Confirm(t.Context(), storagetest.Phone(3), "a dispatcher"); err != nil {
		t.Fatal(err)
	}
}

// little stores so little that each table is one page.
func little(t *testing.T, store *storage.Store, _ *seal.Keys) {
	t.Helper()
	for n := range 5 {
		commit(t, store, fraud.Change{Person: int64(n + 1), Lang: fraud.Russian, Dispute: &fraud.Dispute{Subject: storagetest.Phone(4 * n), On: true},
			File: storagetest.About(storagetest.Code(n), fraud.ScenarioCode, storagetest.Now(), storagetest.Phone(2*n), storagetest.Phone(2*n+4))})
	}
	if err := store.Confirm(t.Context(), storagetest.Phone(2), "a dispatcher"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Import(t.Context(), storage.Import{Name: "bank", File: fraud.Key{1}}, aList(5)); err != nil {
		t.Fatal(err)
	}
}

// TestEveryByteOfARow: no byte of a table's page can change without an error or
// with another answer, but where nothing is asked of it.
func TestEveryByteOfARow(t *testing.T) {
	const page = 4096
	s := makeSound(t, little)
	db := raw(t, put(t, s.closed))
	for _, table := range []string{"subjects", "report_subjects", "reports", "disputes", "confirmations", "people", "counters", "listed", "lists"} {
		t.Run(table, func(t *testing.T) {
			var root int
			if err := db.QueryRowContext(t.Context(), `SELECT rootpage FROM sqlite_master WHERE name = $1`, table).Scan(&root); err != nil {
				t.Fatal(err)
			}
			count := map[string]int{}
			step := 1
			if table != "subjects" { // the one that a check reads
				step = 5
			}
			if racing {
				step = 23
			}
			for at := (root - 1) * page; at < root*page; at++ {
				if s.closed[""][at] == 0 || at%step > 0 {
					continue
				}
				files := maps.Clone(s.closed)
				files[""] = bytes.Clone(files[""])
				files[""][at] ^= 1 << (at % 8)
				count[s.judge(t, files)]++
			}
			t.Log(count)
			if count[foundByCheck] == 0 {
				t.Errorf("%v: the test flips the wrong bytes", count)
			}
		})
	}
}

// answers is everything that people are told, but for what subjects' rows say.
func answers(ctx context.Context, store *storage.Store) (string, error) {
	var out strings.Builder
	var errs []error
	say := func(value any, err error) {
		fmt.Fprintf(&out, "%+v\n", value)
		errs = append(errs, err)
	}
	for person := range int64(soundPeople + 2) {
		say(store.Portrait(ctx, person))
	}
	say(store.Portrait(ctx, secretPerson))
	for n := range soundSubjects {
		say(store.Disputed(ctx, secretPerson, storagetest.Phone(n).Key))
		report, ok, err := store.Overlapping(ctx, int64(n%soundPeople), []fraud.Key{storagetest.Phone(n).Key})
		say(fmt.Sprint(ok, report), err)
	}
	for update := range int64(3 * soundPeople) {
		say(store.Seen(ctx, update))
	}
	say(store.Totals(ctx, storagetest.Now()))
	return out.String(), errors.Join(errs...)
}

// waiting is what waits to be sent or looked at, and how much of it can't be read
// and was set aside.
func waiting(ctx context.Context, store *storage.Store) (text string, aside int, err error) {
	answers, errAnswers := store.Unsent(ctx, 0, 1000)
	notices, errNotices := store.Notices(ctx, storagetest.Now().AddDate(1, 0, 0), 1000)
	letters, errLetters := store.DeadLetters(ctx, 0, 100)
	aside = answers.Aside + notices.Aside
	for _, l := range letters {
		if l.Broken {
			aside++
		}
	}
	return fmt.Sprintf("%+v\n%+v\n%+v", answers.Rows, notices.Notices, letters), aside, errors.Join(errAnswers, errNotices, errLetters)
}

// put writes the files of a database, changed or not, into a folder of their own.
func put(t *testing.T, files map[string][]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "saqbol.db")
	for ending, content := range files {
		write(t, path+ending, content)
	}
	return path
}

// What became of a damaged copy.
const (
	refusedAtOpen = "refused"
	foundByCheck  = "found by the check"
	setAside      = "a row of it set aside"
	same          = "answers the same"
)

// judge opens a damaged copy and asks it everything. Before the complete check a
// subject's row is right or an error; after a check that finds nothing everything is.
func (s *sound) judge(t *testing.T, files map[string][]byte) string {
	t.Helper()
	store, err := storage.Open(t.Context(), "sqlite:"+put(t, files), s.keys, storage.WithLockWait(50*time.Millisecond))
	if err != nil {
		return refusedAtOpen
	}
	defer func() { _ = store.Close() }() // what is damaged may not close well
	for i, key := range s.asked {
		if got, err := store.Standings(t.Context(), []fraud.Key{key}); err == nil && got[0] != s.rows[i] {
			t.Errorf("a subject: %+v, want %+v or an error", got[0], s.rows[i])
		}
	}
	early := store.Damage()
	if err := store.Examine(t.Context(), 1); err != nil {
		if !errors.Is(err, storage.ErrDamaged) || store.Damage() == nil || store.Ping(t.Context()) == nil {
			t.Errorf("the check ends with %v, and the store says %v", err, store.Damage())
		}
		return foundByCheck
	}
	if early != nil {
		t.Errorf("a question found %v, and the complete check did not", early)
	}
	got, err := answers(t.Context(), store)
	if rows, errRows := store.Standings(t.Context(), s.asked); errRows != nil || !slices.Equal(rows, s.rows) {
		t.Errorf("subjects: %v, and not what they were", errRows)
	}
	if err != nil || got != s.answers {
		t.Errorf("nothing was found, and the answers are not what they were (%v): %s", err, differ(got, s.answers))
	}
	switch got, aside, err := waiting(t.Context(), store); {
	case err != nil || aside == 0 && got != s.waiting:
		t.Errorf("nothing was found, and what waits is not what it was (%v)", err)
	case aside > 0:
		return setAside
	}
	return same
}

func differ(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d: %.300s\nwant %.300s", i, a[i], b[i])
		}
	}
	return "one is longer"
}

// places are the bytes of the files by what stands there: the header, each type of
// page, and the write-ahead log.
func (s *sound) places() map[string][]place {
	const page = 4096
	kinds := map[byte]string{2: "interior of an index", 5: "interior of a table", 10: "leaf of an index", 13: "leaf of a table"}
	log := len(s.killed["-wal"])
	out := map[string][]place{"header": {{s.closed, "", 0, 100}}, "log": {{s.killed, "-wal", 0, log}}, "log's header": {{s.killed, "-wal", 0, 32}}}
	for start := 0; start < len(s.closed[""]); start += page {
		from := start
		if start == 0 {
			from = 100
		}
		kind, known := kinds[s.closed[""][from]]
		if !known {
			kind = "overflow or free"
		}
		out[kind] = append(out[kind], place{s.closed, "", from, start + page})
	}
	return out
}

type place struct {
	of       map[string][]byte
	file     string
	from, to int
}

// TestFlippedBytes: whatever byte of a database's files changes while nobody looks,
// it is refused, or found, or makes no difference. It is never "no reports".
func TestFlippedBytes(t *testing.T) {
	s := makeSound(t, everything)
	for _, files := range []map[string][]byte{s.killed, s.closed} {
		if got := s.judge(t, files); got != same {
			t.Fatalf("an untouched copy is %s", got)
		}
	}
	places := s.places()
	names := slices.Sorted(maps.Keys(places))
	if len(names) != 8 {
		t.Fatalf("the database has only %v", names)
	}
	copies := uint64(200)
	if racing {
		copies = 24
	}
	count := map[string]int{}
	for seed := range copies {
		random := rand.New(rand.NewPCG(seed, 1))
		name := names[int(seed)%len(names)]
		at := places[name][random.IntN(len(places[name]))]
		t.Run(fmt.Sprintf("%d %s", seed, name), func(t *testing.T) {
			files := maps.Clone(at.of)
			content := bytes.Clone(files[at.file])
			for range 1 + seed/uint64(len(names))%3 { // one byte, two or three, near each other
				offset := at.from + random.IntN(at.to-at.from)
				for range 20 { // much of a page is empty, and nobody misses it
					if seed%4 > 0 && content[offset] == 0 {
						offset = at.from + random.IntN(at.to-at.from)
					}
				}
				content[offset] ^= byte(1) << random.IntN(8)
				at.from, at.to = max(at.from, offset-16), min(at.to, offset+17)
			}
			files[at.file] = content
			got := s.judge(t, files)
			count[got]++
			count[name+": "+got]++
		})
	}
	t.Logf("by place: %v", count)
	t.Logf("measured: %d copies with flipped bytes: %d refused at open, %d found by the check, %d read with the row set aside, %d where the byte meant nothing, 0 served as no reports",
		copies, count[refusedAtOpen], count[foundByCheck], count[setAside], count[same])
	for _, what := range []string{refusedAtOpen, foundByCheck, setAside, same} {
		if count[what] == 0 && !racing {
			t.Errorf("no copy was %s: the test flips the wrong bytes", what)
		}
	}
}

// TestTruncated: a file that lost its end, or a log that did, is refused before
// anything is read through a map of it.
func TestTruncated(t *testing.T) {
	s := makeSound(t, everything)
	size, log := len(s.closed[""]), len(s.killed["-wal"])
	for name, cut := range map[string]struct {
		of   map[string][]byte
		file string
		left int // -1: there is no such file
	}{
		"to nothing": {s.closed, "", 0}, "to a page": {s.closed, "", 4096}, "to half": {s.closed, "", size / 2}, "by half a page": {s.closed, "", size - 2048},
		"by a byte": {s.closed, "", size - 1}, "by a page": {s.closed, "", size - 4096}, "by ten pages": {s.closed, "", size - 10*4096},
		"gone": {s.closed, "", -1}, "with its log, to half": {s.killed, "", len(s.killed[""]) / 2}, "with its log, gone": {s.killed, "", -1},
		"log to nothing": {s.killed, "-wal", 0}, "log to half": {s.killed, "-wal", log / 2}, "log by a byte": {s.killed, "-wal", log - 1},
		"log by a frame": {s.killed, "-wal", log - 4096 - 24}, "log gone": {s.killed, "-wal", -1},
	} {
		t.Run(name, func(t *testing.T) {
			files := maps.Clone(cut.of)
			if files[cut.file] = files[cut.file][:max(0, cut.left)]; cut.left < 0 {
				delete(files, cut.file)
			}
			if got := s.judge(t, files); got != refusedAtOpen && got != foundByCheck {
				t.Errorf("what is left is %s", got)
			}
		})
	}
}
