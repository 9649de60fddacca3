package storage_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"saqbol/storage"
	"saqbol/storage/seal"
)

// childMove makes the test's binary a process that moves a database: its value is
// the key file, from where and to where.
const childMove = "SAQBOL_TEST_MOVE"

// moveChild says each step on a line of its own, and "moved" at the end.
func moveChild(of string) error {
	args := strings.Split(of, "\n")
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	keys, err := seal.Read(text)
	if err != nil {
		return err
	}
	_, err = storage.Move(context.Background(), args[1], args[2], keys, storage.MoveOptions{}.At(func(step string) error {
		fmt.Println(step)
		return nil
	}))
	if err == nil {
		fmt.Println("moved")
	}
	return err
}

// TestMoveKilled kills a process that moves a database, over and over, after a step
// drawn at random. Whenever it dies no bot can start on the target; and in the end
// all of it is there, as if nothing had been.
func TestMoveKilled(t *testing.T) {
	kills := 12
	if racing {
		kills = 4
	}
	for _, tt := range []struct {
		name     string
		from, to string
	}{{"to PostgreSQL", newFile(t), server.Database(t)}, {"to SQLite", server.Database(t), newFile(t)}} {
		t.Run(tt.name, func(t *testing.T) {
			keys := newKeys(t)
			text, err := keys.Text()
			must(t, err)
			keyFile := filepath.Join(t.TempDir(), "key")
			write(t, keyFile, text)
			store := openAt(t, tt.from, keys)
			live(t, store, 1, 300)
			shut(t, store)
			was := allRows(t, tt.from)
			closed := 0
			for n := range kills {
				steps := rand.IntN(15)
				if n >= kills/2 && closed == 0 {
					steps += 15 // until it is closed
				}
				if moveAndKill(t, strings.Join([]string{keyFile, tt.from, tt.to}, "\n"), steps) {
					break // it was faster
				}
				opened, err := storage.Open(t.Context(), tt.from, keys)
				if err == nil {
					shut(t, opened)
				} else if closed++; !errors.Is(err, storage.ErrMoved) {
					t.Fatalf("the source: %v", err)
				}
				if err := opens(t, tt.to, keys); !errors.Is(err, storage.ErrHalfMoved) && err != nil {
					t.Fatalf("the target: %v", err)
				}
			}
			_, err = storage.Move(t.Context(), tt.from, tt.to, keys, storage.MoveOptions{})
			must(t, err)
			holds(t, was, tt.to, keys)
			t.Logf("measured: %d times it was killed after the source was closed", closed)
		})
	}
}

// opens reports why a target can't be opened; nil where nothing has come there yet,
// or all of it.
func opens(t *testing.T, url string, keys *seal.Keys) error {
	if path, isFile := strings.CutPrefix(url, "sqlite:"); isFile {
		if _, err := os.Stat(path); err != nil {
			return nil
		}
	}
	store, err := storage.Open(t.Context(), url, keys)
	if err == nil {
		shut(t, store)
	}
	return err
}

// moveAndKill lets a child move until it has told of so many steps. It reports
// whether the child was done before.
func moveAndKill(t *testing.T, of string, steps int) (done bool) {
	t.Helper()
	run := exec.CommandContext(t.Context(), os.Args[0])
	run.Env = append(os.Environ(), childMove+"="+of)
	var stderr strings.Builder
	run.Stderr = &stderr
	out, err := run.StdoutPipe()
	must(t, err)
	must(t, run.Start())
	lines := bufio.NewScanner(out)
	for n := 0; n <= steps && lines.Scan(); n++ {
		done = lines.Text() == "moved"
	}
	_ = run.Process.Kill()
	_ = run.Wait() // killed, or done
	if stderr.Len() > 0 {
		t.Fatal(stderr.String())
	}
	return done
}
