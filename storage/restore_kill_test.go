package storage_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/seal"
	"saqbol/storage/storagetest"
)

// childFolder makes the test's binary a process that backs up and restores without
// end, in the folder it names, until it is killed.
const childFolder = "SAQBOL_TEST_CHILD"

// child says "ready", and then works until it is killed.
func child(folder string) error {
	ctx := context.Background()
	text, err := os.ReadFile(filepath.Join(folder, "key"))
	if err != nil {
		return err
	}
	keys, err := seal.Read(text)
	if err != nil {
		return err
	}
	url := "sqlite:" + filepath.Join(folder, "db", "saqbol.db")
	if _, err := storage.FinishRestore(url); err != nil {
		return err
	}
	fmt.Println("ready")
	for i := 0; ; i++ {
		if _, err := storage.BackupDatabase(ctx, url, keys, filepath.Join(folder, "copies", "taken"), storage.BackupOptions{Force: true}); err != nil {
			return err
		}
		if _, err := storage.Restore(ctx, url, keys, filepath.Join(folder, "copies", fmt.Sprint(i%2+1)), storage.RestoreOptions{Force: true}); err != nil {
			return err
		}
	}
}

// TestKilledWhileItRestores kills a process that backs up and restores two
// backups in turn, over and over. Whenever it dies, the database is one of the
// two, whole, and the file that it was overwriting is a whole backup.
func TestKilledWhileItRestores(t *testing.T) {
	const kills = 25
	folder, keys := t.TempDir(), newKeys(t)
	path, copies := filepath.Join(folder, "db", "saqbol.db"), filepath.Join(folder, "copies")
	text, err := keys.Text()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "key"), text)
	if err := os.Mkdir(copies, 0o700); err != nil {
		t.Fatal(err)
	}
	store := open(t, path, keys)
	person := int64(0)
	for n := range 2 {
		for range (n + 1) * 100 {
			person++
			commit(t, store, fraud.Change{Update: person, Person: person, Lang: fraud.Russian,
				File: storagetest.Report(storagetest.Code(int(person)), storagetest.Phone(int(person)))})
		}
		if _, err := store.Backup(t.Context(), filepath.Join(copies, fmt.Sprint(n+1)), storage.BackupOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	shut(t, store)
	found, finished, left := map[int]int{}, 0, 0
	for range kills {
		run := exec.CommandContext(t.Context(), os.Args[0])
		run.Env = append(os.Environ(), childFolder+"="+folder)
		var stderr strings.Builder
		run.Stderr = &stderr
		out, err := run.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
			_ = run.Wait()
			t.Fatalf("the child says %q, %v: %s", line, err, stderr.String())
		}
		<-time.After(rand.N(120 * time.Millisecond)) // any moment will do
		_ = run.Process.Kill()
		_ = run.Wait() // killed
		if stderr.Len() > 0 {
			t.Fatal(stderr.String())
		}
		if aside, err := storage.FinishRestore("sqlite:" + path); err != nil {
			t.Fatal(err)
		} else if aside != "" {
			finished++
		}
		store := open(t, path, keys)
		health, err := store.Check(t.Context())
		if err != nil || len(health.Damage) > 0 || health.Reports != 100 && health.Reports != 300 ||
			health.People != health.Reports || health.Subjects != health.Reports {
			t.Fatalf("neither of the two: %+v, %v", health, err)
		}
		found[health.Reports]++
		shut(t, store)
		taken := filepath.Join(copies, "taken")
		if _, err := os.Stat(taken); err == nil {
			place := "sqlite:" + filepath.Join(t.TempDir(), "saqbol.db")
			if _, err := storage.Restore(t.Context(), place, keys, taken, storage.RestoreOptions{}); err != nil {
				t.Fatalf("the backup that was being overwritten: %v", err)
			}
		}
		left += tidy(t, filepath.Dir(path), ".part-") + tidy(t, copies, ".part-")
		tidy(t, filepath.Dir(path), ".before-")
	}
	t.Logf("measured: %d kills of a restore: databases with so many reports were found so often: %v; %d restores were finished afterwards, %d files were left half written", kills, found, finished, left)
}

// tidy removes the files whose names hold mark and counts them.
func tidy(t *testing.T, folder, mark string) (n int) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.Contains(entry.Name(), mark) {
			n++
			if err := os.Remove(filepath.Join(folder, entry.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	return n
}
