package storage_test

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/storagetest"
)

// filed are the reports that were acknowledged and those that were refused.
type filed struct {
	kept, refused []int
	ids           []int64 // of the answers to those kept
}

// fileUntilFull files reports until the disk is full, and then some more.
func (f *filed) file(t *testing.T, store *storage.Store, first, most, failures int) {
	t.Helper()
	failed := 0
	for n := first; n < first+most && failed < failures; n++ {
		ids, err := store.Commit(t.Context(), fraud.Change{Update: int64(n + 1), Person: int64(n + 1), Now: storagetest.Now(), Lang: fraud.Kazakh,
			File: storagetest.Report(storagetest.Code(n), storagetest.Phone(n)), Outgoing: []fraud.Outgoing{{Chat: int64(n + 1), Payload: []byte(secretAnswer)}}})
		var said *fraud.Error
		switch {
		case err == nil:
			f.kept, f.ids = append(f.kept, n), append(f.ids, ids...)
		case errors.As(err, &said) && said.Key == "common.not_saved":
			f.refused = append(f.refused, n)
			failed++
		default:
			t.Errorf("a report on a full disk: %v", err)
			return
		}
	}
}

// hold fails where an acknowledged report is not there, or a refused one is.
func (f *filed) hold(t *testing.T, store *storage.Store) {
	t.Helper()
	for want, numbers := range map[int][]int{1: f.kept, 0: f.refused} {
		for _, n := range numbers {
			standings, err := store.Standings(t.Context(), []fraud.Key{storagetest.Phone(n).Key})
			if err != nil || standings[0].Reporters != want {
				t.Errorf("report %d: %+v, %v; want %d", n, standings, err, want)
			}
			seen, err := store.Seen(t.Context(), int64(n+1))
			if err != nil || seen != (want == 1) {
				t.Errorf("update %d is marked as handled: %v, %v", n+1, seen, err)
			}
		}
	}
}

// On a disk that fills up every report is either kept or refused, reading goes on,
// and once there is room again so does everything else: no restart, no double,
// nothing lost, not even if the log can't be moved into the file meanwhile.
func TestFullDisk(t *testing.T) {
	disk, ok := storagetest.NewDisk(t, 8<<20)
	if !ok {
		return
	}
	path, keys := filepath.Join(disk.Folder, "saqbol.db"), newKeys(t)
	store := open(t, path, keys)
	var f filed
	more := func(first, most int, want bool) {
		t.Helper()
		kept := len(f.kept)
		f.file(t, store, first, most, 5)
		if got := len(f.kept) > kept; got != want {
			t.Fatalf("from report %d on %d are kept: %v, want %v", first, len(f.kept)-kept, got, want)
		}
		f.hold(t, store)
		if err := store.Ping(t.Context()); err != nil {
			t.Errorf("a full disk: %v", err)
		}
	}
	disk.Fill(600 << 10)
	more(0, 1000, true) // the log takes what is left
	if len(f.refused) == 0 {
		t.Fatal("nothing is refused: the disk is not full")
	}
	disk.Fill(0)
	more(1000, 20, false)
	want := len(f.kept)
	if err := store.Sent(t.Context(), f.ids[:3]); err == nil { // so little may find room in the log
		want -= 3
	}
	if waiting, err := store.Unsent(t.Context(), 0, 1000); err != nil || len(waiting.Rows) != want {
		t.Errorf("%d answers wait, %v; want %d", len(waiting.Rows), err, want)
	}
	_ = store.Prune(t.Context(), storagetest.Now().AddDate(-1, 0, 0)) // moves the log into the file, for which there is no room
	f.hold(t, store)
	disk.Free()
	more(2000, 3, true)
	if err := store.Sent(t.Context(), f.ids[:3]); err != nil {
		t.Errorf("once there is room: %v", err)
	}
	if err := store.Examine(t.Context(), 1); err != nil {
		t.Error(err)
	}
	more(3000, 30, true)
	disk.Fill(0)
	_ = store.Close() // the log can't be moved into the file now; it is there at the next start
	disk.Free()
	store = open(t, path, keys)
	f.hold(t, store)
	if err := store.Examine(t.Context(), 1); err != nil {
		t.Error(err)
	}
	shut(t, store)
}

// Who shares a transaction while the disk fills up is told the truth: of many who
// file reports at once each is kept or refused, and what is said is what is there.
func TestFullDiskTogether(t *testing.T) {
	disk, ok := storagetest.NewDisk(t, 12<<20)
	if !ok {
		return
	}
	store := open(t, filepath.Join(disk.Folder, "saqbol.db"), newKeys(t))
	defer func() { shut(t, store) }()
	disk.Fill(2 << 20)
	const people = 64
	all := make([]filed, people)
	var group sync.WaitGroup
	for person := range people {
		group.Go(func() { all[person].file(t, store, person*1000, 100, 3) })
	}
	group.Wait()
	var f filed
	for _, one := range all {
		f.kept, f.refused = append(f.kept, one.kept...), append(f.refused, one.refused...)
	}
	if len(f.kept) == 0 || len(f.refused) == 0 {
		t.Fatalf("%d reports are kept and %d refused", len(f.kept), len(f.refused))
	}
	f.hold(t, store)
	disk.Free()
	if err := store.Examine(t.Context(), 1); err != nil {
		t.Error(err)
	}
	f.file(t, store, people*1000, 10, 1)
	f.hold(t, store)
}

// A file system that is read-only is said to be so at the start; files that become
// so later keep nobody from reading, and are used again once they can be.
func TestReadOnly(t *testing.T) {
	folder, keys := t.TempDir(), newKeys(t)
	path := filepath.Join(folder, "saqbol.db")
	store := open(t, path, keys)
	defer func() { shut(t, store) }()
	var f filed
	f.file(t, store, 0, 3, 1)
	thaw, ok := storagetest.Frozen(t, path, path+"-wal")
	if !ok {
		return
	}
	f.file(t, store, 10, 3, 3)
	if len(f.kept) != 3 || len(f.refused) != 3 {
		t.Errorf("of read-only files: %+v", f)
	}
	f.hold(t, store)
	thaw()
	f.file(t, store, 20, 3, 1)
	if len(f.kept) != 6 {
		t.Errorf("of files that can be written again: %+v", f)
	}
	f.hold(t, store)

	disk, ok := storagetest.NewDisk(t, 4<<20)
	if !ok {
		return
	}
	other := filepath.Join(disk.Folder, "saqbol.db")
	shut(t, open(t, other, keys))
	disk.ReadOnly(true)
	if _, err := storage.Open(t.Context(), "sqlite:"+other, keys); !errors.Is(err, storage.ErrNotWritable) {
		t.Errorf("on a read-only disk: %v", err)
	}
	disk.ReadOnly(false)
	shut(t, open(t, other, keys))
}
