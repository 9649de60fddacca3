package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"saqbol/emulator"
	"saqbol/storage"
	"saqbol/storage/seal"
)

// until asks again and again, because what is asked for has no event of its own
// outside of the process.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(limit); !ok(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to: %s", what)
		}
	}
}

// answering tells whether a path answers with a status.
func answering(url string, want int) bool {
	resp, err := http.Get(url) //nolint:noctx // a test's own server
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == want
}

// TestKilledAndStartedAgain: the lease of a process that was killed on this
// machine is no reason to wait.
func TestKilledAndStartedAgain(t *testing.T) {
	api, url := emulator.Start(t, emulator.Options{})
	environ := []string{"TELEGRAM_BOT_TOKEN=" + api.Token(), "TELEGRAM_API_URL=" + url, "SAQBOL_KEY=" + testKey(t),
		"DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "saqbol.db"), "HTTP_LISTEN=127.0.0.1:0"}
	person := api.NewPerson("Тұрғын", "ru")
	for i := range 3 {
		program := spawn(t, environ, "run")
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		if _, err := person.Answer(ctx, person.Send("8 701 123 45 6"+fmt.Sprint(i))); err != nil {
			t.Fatalf("start %d: %v\n%s", i, err, program.stderr)
		}
		cancel()
		if took := time.Since(begun); took > 20*time.Second { // a term
			t.Errorf("start %d took %s", i, took)
		}
		if strings.Contains(program.stderr.String(), "waiting until") {
			t.Errorf("start %d waited:\n%s", i, program.stderr)
		}
		program.kill()
	}
}

// twoWithoutLocks are two instances on a database whose folder allows no lock:
// what stands in the lock's place is a folder.
func twoWithoutLocks(t *testing.T) (first, second *started) {
	t.Helper()
	api, url := emulator.Start(t, emulator.Options{})
	path := filepath.Join(t.TempDir(), "saqbol.db")
	if err := os.Mkdir(path+".lock", 0o700); err != nil {
		t.Fatal(err)
	}
	key := testKey(t)
	start := func() *started {
		address := freePort(t)
		s := &started{api: api, stderr: &lockedBuffer{}, http: "http://" + address, environ: []string{
			"TELEGRAM_BOT_TOKEN=" + api.Token(), "TELEGRAM_API_URL=" + url, "SAQBOL_KEY=" + key,
			"DATABASE_URL=sqlite:" + path, "HTTP_LISTEN=" + address}}
		s.stop = background(t, func(ctx context.Context) int { return run(ctx, nil, s.environ, &lockedBuffer{}, s.stderr) })
		return s
	}
	first = start()
	until(t, "the first is ready", func() bool { return answering(first.http+"/readyz", http.StatusOK) })
	return first, start()
}

// TestASecondInstanceWaits: it is alive and not ready, says so, and takes over as
// soon as the first has stopped.
func TestASecondInstanceWaits(t *testing.T) {
	first, second := twoWithoutLocks(t)
	until(t, "a line that it waits", func() bool { return strings.Contains(second.stderr.String(), "waiting until it stops") })
	for path, want := range map[string]int{"/readyz": http.StatusServiceUnavailable, "/healthz": http.StatusOK, "/telegram": http.StatusServiceUnavailable} {
		if !answering(second.http+path, want) {
			t.Errorf("while it waits %s does not answer %d", path, want)
		}
	}
	first.citizen(t, "ru").says("102")
	if status := first.stop(); status != exitDone {
		t.Errorf("the first ended with %d:\n%s", status, first.stderr)
	}
	until(t, "the second is ready", func() bool { return answering(second.http+"/readyz", http.StatusOK) })
	second.citizen(t, "ru").says("102")
	if status := second.stop(); status != exitDone {
		t.Errorf("the second ended with %d:\n%s", status, second.stderr)
	}
}

// TestStoppedWhileItWaits: a stop must not have to wait for the other instance.
func TestStoppedWhileItWaits(t *testing.T) {
	_, second := twoWithoutLocks(t)
	until(t, "a line that it waits", func() bool { return strings.Contains(second.stderr.String(), "waiting until it stops") })
	if status := second.stop(); status != exitDone {
		t.Errorf("it ended with %d:\n%s", status, second.stderr)
	}
}

// TestReplaced: an instance that finds another in its place ends at once with
// status 1 and one line, and the person behind its last update is answered by the
// other one.
func TestReplaced(t *testing.T) {
	s := startRun(t, "polling")
	citizen := s.citizen(t, "ru")
	citizen.says("102")
	settings := map[string]string{}
	for _, pair := range s.environ {
		name, value, _ := strings.Cut(pair, "=")
		settings[name] = value
	}
	keys, err := seal.Read([]byte(settings["SAQBOL_KEY"]))
	if err != nil {
		t.Fatal(err)
	}
	// As on a machine that has the file by network and does not see the lock, after
	// the first had been silent for a term.
	other, err := storage.Open(t.Context(), settings["DATABASE_URL"], keys, storage.WithInstance(storage.Claim{Machine: machine(), Alone: true}))
	if err != nil {
		t.Fatal(err)
	}
	said := citizen.Send("/report")
	until(t, "it has ended", func() bool { return strings.Contains(s.stderr.String(), "has taken over this database") })
	if status := s.stop(); status != exitFailed {
		t.Errorf("it ended with %d, want %d:\n%s", status, exitFailed, s.stderr)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	stop := background(t, func(ctx context.Context) int { return run(ctx, nil, s.environ, &lockedBuffer{}, &lockedBuffer{}) })
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if _, err := citizen.Answer(ctx, said); err != nil {
		t.Errorf("the update is lost: %v", err)
	}
	stop()
}

// TestTwoPollersWithOneToken: two programs with different databases poll with one
// token. Both say so loudly, neither is ready, and nobody goes without an answer.
func TestTwoPollersWithOneToken(t *testing.T) {
	first := startRun(t, "polling")
	first.citizen(t, "ru").says("102")
	address := freePort(t)
	second := &started{api: first.api, stderr: &lockedBuffer{}, http: "http://" + address}
	for _, pair := range first.environ {
		if name, _, _ := strings.Cut(pair, "="); name != "DATABASE_URL" && name != "HTTP_LISTEN" {
			second.environ = append(second.environ, pair)
		}
	}
	second.environ = append(second.environ, "DATABASE_URL=sqlite:"+filepath.Join(t.TempDir(), "other.db"), "HTTP_LISTEN="+address)
	second.stop = background(t, func(ctx context.Context) int { return run(ctx, nil, second.environ, &lockedBuffer{}, second.stderr) })
	loud := func(s *started) bool {
		return strings.Contains(s.stderr.String(), "another program polls with this token")
	}
	until(t, "a loud line", func() bool { return loud(first) || loud(second) })
	until(t, "one that is not ready", func() bool {
		return answering(first.http+"/readyz", http.StatusServiceUnavailable) || answering(second.http+"/readyz", http.StatusServiceUnavailable)
	})
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			citizen := first.api.NewPerson("Тұрғын", "ru")
			ctx, cancel := context.WithTimeout(t.Context(), 2*limit)
			defer cancel()
			if _, err := citizen.Answer(ctx, citizen.Send(fmt.Sprintf("8 701 123 45 %02d", i))); err != nil {
				t.Errorf("somebody got no answer: %v", err)
			}
		})
	}
	all.Wait()
	first.stop()
	second.stop()
}
