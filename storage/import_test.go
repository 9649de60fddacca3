package storage_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/seal"
	"saqbol/storage/storagetest"
)

// importingFolder makes the test's binary a process that imports into the database in
// the folder it names.
const importingFolder = "SAQBOL_TEST_IMPORT"

const importedSubjects = 6_500

// aList is a list of many subjects.
func aList(n int) []fraud.Listed {
	list := make([]fraud.Listed, n)
	for i := range list {
		list[i] = fraud.Listed{Key: storagetest.Phone(i).Key, Reporters: uint32(i%3 + 1), Scenario: uint8(i % 4)}
	}
	slices.SortFunc(list, func(a, b fraud.Listed) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	return list
}

// importing imports and says how far it is. At its third word it stops, until whoever
// started it ends.
func importing(folder string) error {
	ctx := context.Background()
	text, err := os.ReadFile(filepath.Join(folder, "key"))
	if err != nil {
		return err
	}
	keys, err := seal.Read(text)
	if err != nil {
		return err
	}
	store, err := storage.Open(ctx, "sqlite:"+filepath.Join(folder, "saqbol.db"), keys, storage.WithoutLease(), storage.WithClock(storagetest.Now))
	if err != nil {
		return err
	}
	told := 0
	_, err = store.Import(ctx, storage.Import{Name: "bank", File: fraud.Key{1}, Progress: func(done, total int) {
		fmt.Println(done, total)
		if told++; told == 3 {
			_, _ = io.Copy(io.Discard, os.Stdin)
		}
	}}, aList(importedSubjects))
	return errors.Join(err, store.Close())
}

// TestKilledWhileItImports kills an import beside a running instance again and
// again. The next one goes on; meanwhile each subject is whole; in the end all is as
// if there had been one import alone.
func TestKilledWhileItImports(t *testing.T) {
	folder, keys := t.TempDir(), newKeys(t)
	text, err := keys.Text()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "key"), text)
	path, whole := filepath.Join(folder, "saqbol.db"), filepath.Join(folder, "whole.db")
	reported := fraud.Change{Person: 1, File: storagetest.Report(storagetest.Code(1), storagetest.Phone(7), storagetest.Phone(importedSubjects))}

	alone := open(t, whole, keys, storage.WithClock(storagetest.Now))
	if did, err := alone.Import(t.Context(), storage.Import{Name: "bank", File: fraud.Key{1}}, aList(importedSubjects)); err != nil || did.Stored != importedSubjects {
		t.Fatalf("%+v, %v", did, err)
	}
	commit(t, alone, reported)
	shut(t, alone)

	served := open(t, path, keys, storage.WithInstance(storage.Claim{}), storage.WithClock(storagetest.Now))
	kills := 0
	for done := false; !done; {
		killed := importOnce(t, folder)
		if kills += killed; kills == 2 {
			commit(t, served, reported)
		}
		done = wholeOrNothing(t, served, kills > 1)
	}
	if kills < 3 {
		t.Errorf("it was killed %d times only: the test shows nothing", kills)
	}
	if err := served.Examine(t.Context(), 1); err != nil {
		t.Error(err)
	}
	shut(t, served)
	for _, table := range []string{"subjects", "listed", "lists", "counters"} {
		if got, want := dump(t, path, table), dump(t, whole, table); got != want || got == "" {
			t.Errorf("%s differs from an import that was not killed", table)
		}
	}
}

// importOnce runs an import and kills it once it has told of its second step,
// unless it has ended by then.
func importOnce(t *testing.T, folder string) (killed int) {
	t.Helper()
	run := exec.CommandContext(t.Context(), os.Args[0])
	run.Env = append(os.Environ(), importingFolder+"="+folder)
	var stderr strings.Builder
	run.Stderr = &stderr
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.StdinPipe(); err != nil { // open until it has ended
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	told := ""
	for lines, n := bufio.NewScanner(out), 0; n < 2 && lines.Scan(); n++ {
		told = lines.Text()
	}
	if told != fmt.Sprint(importedSubjects, importedSubjects) {
		killed = 1
		_ = run.Process.Kill()
	}
	if err := run.Wait(); err != nil && killed == 0 || stderr.Len() > 0 {
		t.Fatalf("the import: %v, %s", err, stderr.String())
	}
	return killed
}

// wholeOrNothing looks at every subject of the list, and reports whether it is loaded.
func wholeOrNothing(t *testing.T, store *storage.Store, reported bool) bool {
	t.Helper()
	loaded := 0
	for i := range importedSubjects {
		got, err := store.Standings(t.Context(), []fraud.Key{storagetest.Phone(i).Key})
		if err != nil {
			t.Fatal(err)
		}
		people := 0
		if reported && i == 7 {
			people = 1
		}
		switch got[0].Reporters {
		case people:
		case people + i%3 + 1:
			loaded++
		default:
			t.Fatalf("subject %d: %+v", i, got[0])
		}
	}
	lists, err := store.Lists(t.Context())
	if err != nil || len(lists) != 1 || lists[0].Done.IsZero() == (loaded == importedSubjects) {
		t.Fatalf("%d subjects are loaded, and the list is %+v, %v", loaded, lists, err)
	}
	return loaded == importedSubjects
}

// dump is a table as text, in the order of its first column.
func dump(t *testing.T, path, table string) string {
	t.Helper()
	var out strings.Builder
	rows, err := raw(t, path).QueryContext(t.Context(), `SELECT * FROM `+table+` ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range into {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&out, values...)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// errCut stands for whatever ends an import before its time.
var errCut = errors.New("cut off")

// cutOff begins an import and ends it after its first step.
func cutOff(t *testing.T, store *storage.Store, o storage.Import, list []fraud.Listed) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	o.Progress = func(done, _ int) {
		if done > 0 {
			cancel(errCut)
		}
	}
	if did, err := store.Import(ctx, o, list); !errors.Is(err, context.Canceled) || did.Stored == 0 || did.Stored >= len(list) {
		t.Fatalf("Import: %+v, %v", did, err)
	}
}

// A list that is taken out by half is no list that a file goes on with.
func TestAListTakenOutByHalf(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "saqbol.db"), newKeys(t))
	defer shut(t, store)
	list, bank := aList(3000), storage.Import{Name: "bank", File: fraud.Key{1}}
	if _, err := store.Import(t.Context(), bank, list); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if did, err := store.Unlist(ctx, "bank", func(int, int) { cancel() }); !errors.Is(err, context.Canceled) || did.Removed == len(list) {
		t.Fatalf("Unlist: %+v, %v", did, err)
	}
	if lists, err := store.Lists(t.Context()); err != nil || len(lists) != 1 || !lists[0].Leaving {
		t.Errorf("Lists: %+v, %v", lists, err)
	}
	if _, err := store.Import(t.Context(), bank, list); !errors.Is(err, storage.ErrHalfOut) {
		t.Errorf("its file: %v", err)
	}
	if _, err := store.Unlist(t.Context(), "bank", nil); err != nil {
		t.Errorf("Unlist again: %v", err)
	}
	if did, err := store.Import(t.Context(), bank, list); err != nil || did.Stored != len(list) {
		t.Errorf("its file at last: %+v, %v", did, err)
	}
}

// A list that is loaded by half goes on with its own file, and with no other.
func TestAListLoadedByHalf(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "saqbol.db"), newKeys(t))
	defer shut(t, store)
	list, bank := aList(3000), storage.Import{Name: "bank", File: fraud.Key{1}}
	cutOff(t, store, bank, list)
	if _, err := store.Import(t.Context(), storage.Import{Name: "bank", File: fraud.Key{2}}, list); !errors.Is(err, storage.ErrHalf) {
		t.Errorf("another file: %v", err)
	}
	if did, err := store.Import(t.Context(), bank, list); err != nil || did.Before == 0 || did.Before+did.Stored != len(list) {
		t.Errorf("the same file: %+v, %v", did, err)
	}
	// A replacement by half, which goes on too.
	bank.File, bank.Replace = fraud.Key{3}, true
	shorter := aList(2000)
	for i := range shorter {
		shorter[i].Reporters = 9
	}
	cutOff(t, store, bank, shorter)
	did, err := store.Import(t.Context(), bank, shorter)
	if err != nil || did.Before == 0 || did.Before+did.Stored != len(shorter) {
		t.Errorf("a replacement: %+v, %v", did, err)
	}
	for i, want := range map[int]int{0: 9, 1999: 9, 2000: 0, 2999: 0} {
		if got, err := store.Standings(t.Context(), []fraud.Key{storagetest.Phone(i).Key}); err != nil || got[0].Reporters != want {
			t.Errorf("subject %d: %+v, %v; want %d reporters", i, got, err, want)
		}
	}
	// And one that is taken out while it is there by half.
	cutOff(t, store, storage.Import{Name: "operator", File: fraud.Key{4}}, list)
	for _, name := range []string{"operator", "bank"} {
		if _, err := store.Unlist(t.Context(), name, nil); err != nil {
			t.Errorf("Unlist %s: %v", name, err)
		}
	}
	if health, err := store.Check(t.Context()); err != nil || len(health.Damage) > 0 || health.Subjects != 0 {
		t.Errorf("nothing should be left: %+v, %v", health, err)
	}
}

// Two imports of one list at a time: the second is told.
func TestTwoImportsOfOneList(t *testing.T) {
	path, keys := filepath.Join(t.TempDir(), "saqbol.db"), newKeys(t)
	one, two := open(t, path, keys), open(t, path, keys)
	defer shut(t, one)
	defer shut(t, two)
	list, bank := aList(3000), storage.Import{Name: "bank", File: fraud.Key{1}}
	var second error
	bank.Progress = func(done, total int) {
		if done == 0 && second == nil {
			other := bank
			other.Progress = nil
			_, second = two.Import(t.Context(), other, list)
			if second != nil {
				t.Error(second)
			}
			second = errCut // once
		}
	}
	if _, err := one.Import(t.Context(), bank, list); !errors.Is(err, storage.ErrListBusy) {
		t.Errorf("the first, overtaken: %v", err)
	}
	if health, err := one.Check(t.Context()); err != nil || len(health.Damage) > 0 || health.Subjects != len(list) {
		t.Errorf("%+v, %v", health, err)
	}
}
