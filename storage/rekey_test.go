package storage_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/seal"
	"saqbol/storage/storagetest"
)

// copied is another holder's copy of a set, as read from the same file.
func copied(t testing.TB, keys *seal.Keys) *seal.Keys {
	t.Helper()
	text, err := keys.Text()
	if err != nil {
		t.Fatal(err)
	}
	other, err := seal.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return other
}

func step(t testing.TB, keys *seal.Keys, err error) *seal.Keys {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// rotation is the sets of a rotation, as the key file holds them one after another.
type rotation struct{ old, added, promoted, retired *seal.Keys }

func rotate(t testing.TB, old *seal.Keys) rotation {
	t.Helper()
	r := rotation{old: copied(t, old)}
	var err error
	r.added, err = r.old.Add()
	r.promoted, err = step(t, r.added, err).Promote()
	r.retired, err = step(t, r.promoted, err).Retire()
	step(t, r.retired, err)
	return r
}

// prefixes are what values under the keys of a set begin with: tink's version byte
// and the key's id.
func prefixes(t testing.TB, keys *seal.Keys) [][]byte {
	t.Helper()
	var out [][]byte
	for _, name := range keys.Known() {
		if hex, ok := strings.CutPrefix(name, "v"); ok {
			id, err := strconv.ParseUint(hex, 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, binary.BigEndian.AppendUint32([]byte{1}, uint32(id)))
		}
	}
	return out
}

// rekey goes through a rotation as the command does.
func rekey(t testing.TB, store *storage.Store, r rotation) storage.Sealed {
	t.Helper()
	if err := store.SealUnder(t.Context(), copied(t, r.added), nil); err != nil {
		t.Fatal(err)
	}
	found, err := store.Reseal(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if left, err := store.FinishRekey(t.Context()); err != nil || left.Outdated > 0 || left.Unreadable != found.Unreadable {
		t.Fatalf("%+v, %v", left, err)
	}
	return found
}

// neighbours stores n people with reports and open conversations.
func neighbours(t testing.TB, store *storage.Store, n int) {
	t.Helper()
	for i := range n {
		person := int64(1000 + i)
		commit(t, store, fraud.Change{Person: person, Lang: fraud.Kazakh, File: storagetest.Report(storagetest.Code(1000+i), storagetest.Phone(i)),
			Dispute:  &fraud.Dispute{Subject: storagetest.Phone(i + 1), On: true},
			Session:  &fraud.Session{Flow: "report", Step: "words", Draft: fmt.Append(nil, "draft ", i)},
			Outgoing: []fraud.Outgoing{{Chat: person, Payload: []byte(secretAnswer)}}})
	}
}

// TestRekey is the whole of a rotation on a database with something of every sort.
func TestRekey(t *testing.T) {
	path, keys := filepath.Join(t.TempDir(), "saqbol.db"), newKeys(t)
	r := rotate(t, keys)
	store := open(t, path, keys)
	fill(t, store, keys)
	neighbours(t, store, 1200) // many windows, and enough for remnants
	before, err := store.Portrait(t.Context(), secretPerson)
	if err != nil {
		t.Fatal(err)
	}
	old := prefixes(t, r.old)
	if len(old) != 1 || !bytes.Contains(bytesOf(t, path), old[0]) {
		t.Fatal("before the rotation no value under the old key is found: the search looks for the wrong bytes")
	}

	state, err := store.Rekeyed(t.Context(), r.promoted)
	if err != nil || state.Seals || state.Alone || !state.Finished.IsZero() {
		t.Errorf("before: %+v, %v", state, err)
	}
	found := rekey(t, store, r)
	if want := 3 + 2 + 2 + 1 + 2 + 2 + 1200*6 - 2; found.Anew < want-5 || found.Anew > found.Values || found.Unreadable > 0 || found.Outdated > 0 {
		t.Errorf("sealed anew: %+v, about %d wanted", found, want)
	}
	state, err = store.Rekeyed(t.Context(), r.promoted)
	if err != nil || !state.Seals || !state.Alone || state.Finished.IsZero() {
		t.Errorf("after: %+v, %v", state, err)
	}
	if left, err := store.Inspect(t.Context()); err != nil || left.Outdated+left.Unreadable+len(left.Columns) > 0 || left.Values != found.Values {
		t.Errorf("left: %+v, %v; of %d values", left, err, found.Values)
	}
	left, err := store.Remnants(t.Context())
	if err != nil {
		t.Error(err)
	}
	shut(t, store)
	if has := bytes.Count(bytesOf(t, path), old[0]); has != left {
		t.Errorf("%d remnants are said to be there, there are %d", left, has)
	}
	store = open(t, path, copied(t, r.promoted))
	if err := store.Compact(t.Context()); err == nil {
		t.Error("compacted beside whoever else may have the file")
	}
	shut(t, store)
	store = open(t, path, copied(t, r.promoted), storage.WithInstance(storage.Claim{Holder: "a test"}))
	if err := store.Compact(t.Context()); err != nil {
		t.Error(err)
	}
	if left, err := store.Remnants(t.Context()); err != nil || left > 0 {
		t.Errorf("%d remnants after the file was written anew, %v", left, err)
	}
	shut(t, store)
	if bytes.Contains(bytesOf(t, path), old[0]) {
		t.Error("bytes under the old key still stand in the files")
	}

	store = open(t, path, copied(t, r.retired))
	defer shut(t, store)
	after, err := store.Portrait(t.Context(), secretPerson)
	if err != nil || fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("without the old key: %+v, %v; want %+v", after, err, before)
	}
	if waiting, err := store.Unsent(t.Context(), 0, 1000); err != nil || len(waiting.Rows) != 1000 {
		t.Errorf("%d answers wait, %v", len(waiting.Rows), err)
	}
	if _, err := storage.Open(t.Context(), "sqlite:"+path, copied(t, r.old)); !errors.Is(err, storage.ErrWrongKey) {
		t.Errorf("with the old key alone: %v", err)
	}
}

// The database says which key seals. Whatever set the file had when a program
// read it, nothing is stored that a finished rotation would leave unreadable.
func TestWhichKeysOpen(t *testing.T) {
	begin := func(t *testing.T, r rotation, path string) *storage.Store {
		store := open(t, path, copied(t, r.old))
		fill(t, store, r.old)
		return store
	}
	stages := []struct {
		name    string
		to      func(t *testing.T, store *storage.Store, r rotation)
		refused string // the sets that must not open the database
	}{
		{"before", func(*testing.T, *storage.Store, rotation) {}, "retired"},
		{"switched", func(t *testing.T, store *storage.Store, r rotation) {
			if err := store.SealUnder(t.Context(), copied(t, r.added), nil); err != nil {
				t.Fatal(err)
			}
		}, "old retired"},
		{"finished", func(t *testing.T, store *storage.Store, r rotation) { rekey(t, store, r) }, "old"},
	}
	for _, stage := range stages {
		t.Run(stage.name, func(t *testing.T) {
			path, r := filepath.Join(t.TempDir(), "saqbol.db"), rotate(t, newKeys(t))
			store := begin(t, r, path)
			stage.to(t, store, r)
			shut(t, store)
			for name, keys := range map[string]*seal.Keys{"old": r.old, "added": r.added, "promoted": r.promoted, "retired": r.retired} {
				store, err := storage.Open(t.Context(), "sqlite:"+path, copied(t, keys))
				if want := strings.Contains(stage.refused, name); want != errors.Is(err, storage.ErrWrongKey) || !want && err != nil {
					t.Errorf("%s: %v, refusal wanted: %v", name, err, want)
				}
				if err != nil {
					continue
				}
				commit(t, store, fraud.Change{Person: 7, File: storagetest.Report(storagetest.Code(7), storagetest.Phone(7))})
				shut(t, store)
				db := raw(t, path)
				sealed := column(t, db, `SELECT details FROM reports WHERE code = '`+storagetest.Code(7)+`'`)[0]
				wants := r.old
				if stage.name != "before" {
					wants = r.retired
				}
				if !copied(t, wants).Newest(sealed) {
					t.Errorf("%s: it stored a value under the wrong key", name)
				}
			}
		})
	}
}

// A program that is in the middle of its work follows at its next write; one that
// lacks the key can store nothing more, and says so.
func TestWritersFollow(t *testing.T) {
	path, r := filepath.Join(t.TempDir(), "saqbol.db"), rotate(t, newKeys(t))
	tool := open(t, path, copied(t, r.old))
	defer shut(t, tool)
	knows, lacks := open(t, path, copied(t, r.added)), open(t, path, copied(t, r.old))
	defer shut(t, knows)
	defer shut(t, lacks)
	if err := tool.SealUnder(t.Context(), copied(t, r.added), nil); err != nil {
		t.Fatal(err)
	}
	change := func(n int) fraud.Change {
		return fraud.Change{Update: int64(n), Person: int64(n), Now: storagetest.Now(), File: storagetest.Report(storagetest.Code(n), storagetest.Phone(n))}
	}
	commit(t, knows, change(1))
	if !copied(t, r.retired).Newest(column(t, raw(t, path), `SELECT details FROM reports`)[0]) {
		t.Error("the writer did not follow")
	}
	if _, err := lacks.Commit(t.Context(), change(2)); !errors.Is(err, storage.ErrWrongKey) {
		t.Errorf("a writer without the key: %v", err)
	}
	if seen, err := lacks.Seen(t.Context(), 2); err != nil || seen {
		t.Errorf("what it could not store is marked as handled: %v, %v", seen, err)
	}
	if err := lacks.Adopt(t.Context(), copied(t, r.promoted)); err != nil {
		t.Fatal(err)
	}
	commit(t, lacks, change(2))
}

func TestAdoptRefuses(t *testing.T) {
	path, r := filepath.Join(t.TempDir(), "saqbol.db"), rotate(t, newKeys(t))
	store := open(t, path, copied(t, r.old))
	defer shut(t, store)
	fill(t, store, r.old)
	for name, keys := range map[string]*seal.Keys{"another database's": newKeys(t), "one without the old key": copied(t, r.retired)} {
		if err := store.Adopt(t.Context(), keys); !errors.Is(err, storage.ErrWrongKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if p, err := store.Portrait(t.Context(), secretPerson); err != nil || len(p.Reports) != 1 {
		t.Errorf("the keys it held are gone: %v", err)
	}
}

// A backup from before a rotation, restored under the set that holds both keys,
// goes on under its own key until it is rekeyed.
func TestRekeyOfAnOldCopy(t *testing.T) {
	path, r := filepath.Join(t.TempDir(), "saqbol.db"), rotate(t, newKeys(t))
	store := open(t, path, copied(t, r.old))
	fill(t, store, r.old)
	shut(t, store)
	store = open(t, path, copied(t, r.promoted))
	defer shut(t, store)
	state, err := store.Rekeyed(t.Context(), r.promoted)
	if err != nil || state.Seals || state.Alone {
		t.Errorf("%+v, %v", state, err)
	}
	rekey(t, store, rotation{added: r.promoted})
	if state, err = store.Rekeyed(t.Context(), r.promoted); err != nil || !state.Alone {
		t.Errorf("%+v, %v", state, err)
	}
}

// Damage stays where it is, is counted, and keeps nothing else from being sealed.
func TestRekeyBesideDamage(t *testing.T) {
	path, r := filepath.Join(t.TempDir(), "saqbol.db"), rotate(t, newKeys(t))
	store := open(t, path, copied(t, r.old))
	defer shut(t, store)
	fill(t, store, r.old)
	run(t, raw(t, path), `UPDATE disputes SET ref = substr(ref, 1, 40) || X'00' || substr(ref, 42)`)
	found := rekey(t, store, r)
	if found.Unreadable != 1 || fmt.Sprint(found.Columns) != "[disputes.ref]" {
		t.Errorf("%+v", found)
	}
	if left, err := store.Inspect(t.Context()); err != nil || left.Unreadable != 1 || left.Outdated != 0 {
		t.Errorf("left: %+v, %v", left, err)
	}
}

// Whoever writes while values are sealed anew has the last word.
func TestRekeyBesideWriters(t *testing.T) {
	path, r := filepath.Join(t.TempDir(), "saqbol.db"), rotate(t, newKeys(t))
	bot := open(t, path, copied(t, r.added))
	defer shut(t, bot)
	const people = 66
	neighbours(t, bot, people)
	tool := open(t, path, copied(t, r.added))
	defer shut(t, tool)

	done := make(chan struct{})
	var writers sync.WaitGroup
	last := make([]int, people)
	for w := range 3 {
		writers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				i := w + 3*(n%(people/3))
				last[i] = n
				commit(t, bot, fraud.Change{Person: int64(1000 + i), Session: &fraud.Session{Flow: "report", Step: "words", Draft: fmt.Append(nil, "now ", n)}})
			}
		})
	}
	found := rekey(t, tool, r)
	close(done)
	writers.Wait()
	if found.Unreadable > 0 || found.Anew < people*4 {
		t.Errorf("%+v", found)
	}
	if left, err := tool.Inspect(t.Context()); err != nil || left.Outdated+left.Unreadable > 0 {
		t.Errorf("left: %+v, %v", left, err)
	}
	for i, n := range last {
		_, session, err := bot.Turn(t.Context(), int64(1000+i))
		want := fmt.Sprint("now ", n)
		if n == 0 && string(session.Draft) == fmt.Sprint("draft ", i) {
			continue // nobody got round to them
		}
		if err != nil || string(session.Draft) != want {
			t.Errorf("person %d: the draft is %q, %v; the last one stored was %q", i, session.Draft, err, want)
		}
	}
}

// Cut off after any number of transactions and begun again, a rotation comes to
// the same end.
func TestRekeyResumes(t *testing.T) {
	path, r := filepath.Join(t.TempDir(), "saqbol.db"), rotate(t, newKeys(t))
	store := open(t, path, copied(t, r.old))
	fill(t, store, r.old)
	neighbours(t, store, 100)
	if err := store.SealUnder(t.Context(), copied(t, r.added), nil); err != nil {
		t.Fatal(err)
	}
	shut(t, store)
	anew, cuts := 0, 0
	for i := 0; ; i++ {
		store := open(t, path, copied(t, r.added))
		ctx := cutAfter(t, 20+11*i)
		found, err := store.Reseal(ctx, nil)
		anew += found.Anew
		shut(t, store)
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		cuts++
	}
	store = open(t, path, copied(t, r.promoted))
	defer shut(t, store)
	left, err := store.Inspect(t.Context())
	if err != nil || left.Outdated+left.Unreadable > 0 || anew > left.Values || cuts < 5 {
		t.Errorf("after %d cuts: %+v, %v; %d sealed anew", cuts, left, err, anew)
	}
}

// countdown is a context that ends once it was asked a number of times: a cut at a
// moment that the test chooses.
type countdown struct {
	context.Context
	left atomic.Int64
	end  context.CancelFunc
}

func cutAfter(t testing.TB, asked int) *countdown {
	ctx, end := context.WithCancel(t.Context())
	c := &countdown{Context: ctx, end: end}
	c.left.Store(int64(asked))
	return c
}

// Done counts.
func (c *countdown) Done() <-chan struct{} {
	if c.left.Add(-1) < 0 {
		c.end()
	}
	return c.Context.Done()
}
