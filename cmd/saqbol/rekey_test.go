package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"saqbol/emulator"
	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/seal"
	"saqbol/storage/storagetest"
)

// keyed is a running bot whose keys come from a file, in a folder of its own.
type keyed struct {
	*started
	key, db string
}

// newKeyed makes a folder with a key file and a database that holds n reports.
func newKeyed(t *testing.T, n int) *keyed {
	t.Helper()
	folder := t.TempDir()
	k := &keyed{key: filepath.Join(folder, "keys", "saqbol.key"), db: filepath.Join(folder, "data", "saqbol.db")}
	if err := os.Mkdir(filepath.Dir(k.key), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(k.key, []byte(testKey(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	store := k.open(t)
	for i := range n {
		change := fraud.Change{Person: int64(100 + i), Lang: fraud.Kazakh, Now: time.Now(), File: storagetest.Report(storagetest.Code(i), storagetest.Phone(i)),
			Session: &fraud.Session{Flow: "report", Step: "words", Draft: []byte("a draft")}}
		if _, err := store.Commit(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	api, url := emulator.Start(t, emulator.Options{})
	address := freePort(t)
	k.started = &started{api: api, stderr: &lockedBuffer{}, http: "http://" + address, environ: []string{
		"TELEGRAM_BOT_TOKEN=" + api.Token(), "TELEGRAM_API_URL=" + url, "SAQBOL_KEY_FILE=" + k.key,
		"DATABASE_URL=sqlite:" + k.db, "HTTP_LISTEN=" + address, "LOG_LEVEL=debug",
	}}
	return k
}

// run starts the bot.
func (k *keyed) run(t *testing.T) {
	t.Helper()
	k.stop = background(t, func(ctx context.Context) int { return run(ctx, []string{"run"}, k.environ, &lockedBuffer{}, k.stderr) })
}

func (k *keyed) keys(t *testing.T) *seal.Keys {
	t.Helper()
	keys, err := readKeyFile(k.key)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func (k *keyed) open(t *testing.T) *storage.Store {
	t.Helper()
	store, err := storage.Open(t.Context(), "sqlite:"+k.db, k.keys(t))
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// rekey runs the command in this process.
func (k *keyed) rekey(t *testing.T, want int, flags ...string) string {
	t.Helper()
	var stdout, stderr lockedBuffer
	if status := run(t.Context(), append([]string{"rekey"}, flags...), k.environ, &stdout, &stderr); status != want {
		t.Fatalf("rekey %v ends with %d:\n%s%s\nthe bot's log:\n%s", flags, status, stdout.String(), stderr.String(), k.stderr)
	}
	return stdout.String() + stderr.String()
}

// holds reports whether the database's files hold a value under one of these keys.
func (k *keyed) holds(t *testing.T, keys ...string) bool {
	t.Helper()
	for _, name := range []string{k.db, k.db + "-wal"} {
		content, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		for _, known := range keys {
			if hex, ok := strings.CutPrefix(known, "v"); ok {
				id, err := strconv.ParseUint(hex, 16, 32)
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Contains(content, binary.BigEndian.AppendUint32([]byte{1}, uint32(id))) {
					return true
				}
			}
		}
	}
	return false
}

// reporters keep filing reports until done is closed, each at least one, and give
// the codes they were promised.
func (k *keyed) reporters(t *testing.T, n int, done <-chan struct{}) (wait func() []string) {
	t.Helper()
	var mu sync.Mutex
	var codes []string
	var group sync.WaitGroup
	for i := range n {
		c := k.citizen(t, []string{"kk", "ru"}[i%2])
		group.Go(func() {
			for round := 0; ; round++ {
				// Not by the button under a check: it dies with the key that is retired.
				filed := c.files(c.says(fmt.Sprintf("/report 8701%03d%04d сказали перевести деньги", 100+i, round)))
				mu.Lock()
				codes = append(codes, code.FindString(filed.Text))
				mu.Unlock()
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	return func() []string { group.Wait(); return codes }
}

// TestImpatientRekey: a run whose time is up says so in words, and the next one goes
// on; too short a time is refused before the key file is touched.
func TestImpatientRekey(t *testing.T) {
	k := newKeyed(t, 1)
	before := readText(t, k.key)
	if out := k.rekey(t, exitUsage, "--patience=1ns"); readText(t, k.key) != before {
		t.Errorf("the key file was touched: %s", out)
	}
	store := k.open(t)
	r := &rekeying{out: &lockedBuffer{}, path: k.key, store: store, now: time.Now}
	err := r.rotate(t.Context(), 0)
	if err == nil {
		t.Fatal("no time is enough")
	}
	if text := oneLine(err); !strings.HasPrefix(text, "the database is busy with another program, try again: choosing the key") || !strings.HasSuffix(text, ": nothing is lost, run this again to go on") {
		t.Errorf("it says %q", text)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if out := k.rekey(t, exitDone); !strings.Contains(out, "Going on where an earlier run was cut off") {
		t.Errorf("the next one does not go on: %s", out)
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// kept fails where a promised report is not in the database or can't be read.
func (k *keyed) kept(t *testing.T, codes []string, more int) {
	t.Helper()
	store := k.open(t)
	defer func() { _ = store.Close() }()
	left, err := store.Inspect(t.Context())
	if err != nil || left.Outdated+left.Unreadable > 0 {
		t.Errorf("in the database: %+v, %v", left, err)
	}
	health, err := store.Check(t.Context())
	if err != nil || health.Reports != len(codes)+more {
		t.Errorf("%d reports, %v; promised were %d", health.Reports, err, len(codes)+more)
	}
	content, err := os.ReadFile(k.db)
	if err != nil {
		t.Fatal(err)
	}
	for _, promised := range codes {
		if !bytes.Contains(content, []byte(promised)) {
			t.Errorf("report %s is lost", promised)
		}
	}
}

// TestRekeyBesideABusyBot is a whole rotation while people file reports.
func TestRekeyBesideABusyBot(t *testing.T) {
	k := newKeyed(t, 300)
	old := k.keys(t)
	k.run(t)
	early := k.citizen(t, "ru")
	offered := early.says("8 701 999 00 01") // a button from before the rotation
	done := make(chan struct{})
	wait := k.reporters(t, 3, done)

	said := k.rekey(t, exitDone)
	for _, want := range []string{"It seals nothing yet", "Waiting until", "from now on", "values are under the new key and open", "--retire"} {
		if !strings.Contains(said, want) {
			t.Errorf("rekey does not say %q:\n%s", want, said)
		}
	}
	if again := k.rekey(t, exitDone); !strings.Contains(again, "Next: saqbol rekey --retire") {
		t.Errorf("a second time it says:\n%s", again)
	}
	if both := k.keys(t); both.Spare() != 1 || both.Pending() {
		t.Errorf("the key file has %d old keys, pending %v", both.Spare(), both.Pending())
	}
	if step := early.presses(offered, "rep:"); len(step.Buttons) == 0 {
		t.Errorf("the old button leads nowhere although its key is not retired:\n%s", shown(step))
	}
	both := k.keys(t)
	if said := k.rekey(t, exitFailed, "--compact"); !strings.Contains(said, "stop it first") {
		t.Errorf("beside the bot --compact says:\n%s", said)
	}
	said = k.rekey(t, exitDone, "--retire")
	close(done)
	codes := wait()

	aside, err := filepath.Glob(k.key + ".2*")
	if err != nil || len(aside) != 1 || !strings.Contains(said, aside[0]) {
		t.Fatalf("the old keys are kept as %v, %v:\n%s", aside, err, said)
	}
	if info, err := os.Stat(aside[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if kept, err := readKeyFile(aside[0]); err != nil || !slices.Equal(kept.Known(), both.Known()) {
		t.Errorf("the set kept aside: %v", err)
	}
	if fresh := k.keys(t); fresh.Spare() != 0 || fresh.Fingerprint() != old.Fingerprint() {
		t.Error("the key file still holds the old key, or another database's")
	}
	k.adopted(t, k.keys(t))
	late := k.citizen(t, "kk")
	filed := late.files(late.presses(late.says("8 701 999 00 02"), "rep:"))
	codes = append(codes, code.FindString(filed.Text))
	if status := k.stop(); status != exitDone {
		t.Errorf("the bot ended with %d:\n%s", status, k.stderr)
	}
	k.rekey(t, exitDone, "--compact")
	if k.holds(t, old.Known()...) {
		t.Error("the files hold values under the old key")
	}
	k.kept(t, codes, 300)
	if log := k.stderr.String(); strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("the bot's log has errors:\n%s", log)
	}
	t.Logf("measured: %d reports filed while the keys were rotated and retired, 0 lost, 0 values left under the old key", len(codes))
}

// adopted waits until the running bot has noted that it knows exactly these keys.
func (k *keyed) adopted(t *testing.T, keys *seal.Keys) {
	t.Helper()
	store, err := storage.Open(t.Context(), "sqlite:"+k.db, keys, storage.WithoutLease())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if err := store.SealUnder(ctx, keys, nil); err != nil {
		t.Fatalf("the bot does not take up its key file: %v\n%s", err, k.stderr)
	}
}

// TestRekeyKilled kills the command at every stage, rotation after rotation, while
// the bot works. The seed is in the log.
func TestRekeyKilled(t *testing.T) {
	t.Parallel() // most of the time goes by waiting for the bot and for Telegram's limits
	const reports, kills, atLeast = 600, 16, 2
	k := newKeyed(t, reports)
	first := k.keys(t)
	all := map[string]bool{} // the names of all keys that there ever were
	k.run(t)
	k.citizen(t, "ru").says("102")
	done := make(chan struct{})
	wait := k.reporters(t, 5, done)
	victim := &victim{program: compile(t, "."), environ: append(os.Environ(), k.environ...), random: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))}
	killed, rotations, stages := 0, 0, map[string]int{}
	for flags := []string{"rekey"}; killed < kills || rotations < atLeast; {
		last, finished := victim.run(t, flags)
		if err := wholeKey(k.key, first); err != nil {
			t.Fatalf("after %q the key file: %v", last, err)
		}
		for _, name := range k.keys(t).Known() {
			all[name] = true
		}
		switch {
		case !finished:
			killed++
			stages[last]++
		case len(flags) == 1:
			flags = []string{"rekey", "--retire"}
		default:
			flags = []string{"rekey"}
			rotations++
		}
	}
	if k.keys(t).Spare() > 0 || k.keys(t).Pending() { // the last one was cut off
		k.rekey(t, exitDone)
		k.rekey(t, exitDone, "--retire")
	}
	close(done)
	codes := wait()
	if status := k.stop(); status != exitDone {
		t.Errorf("the bot ended with %d:\n%s", status, k.stderr)
	}
	k.rekey(t, exitDone, "--compact")
	for name := range all {
		if now := k.keys(t).Known(); !slices.Contains(now, name) && k.holds(t, name) {
			t.Errorf("values are under the key %s, which is gone", name)
		}
	}
	k.kept(t, codes, reports)
	t.Logf("measured: rekey killed %d times, after these words: %v; %d rotations finished, %d reports filed meanwhile, 0 lost, 0 values left under %d old keys",
		killed, stages, rotations, len(codes), len(all)/2-1)
}

// victim runs the program and kills it at a random moment behind a random line.
type victim struct {
	program string
	environ []string
	random  *rand.Rand
}

// run gives the first words of the last line and whether the program came to its end.
func (v *victim) run(t *testing.T, args []string) (last string, finished bool) {
	t.Helper()
	c := exec.CommandContext(t.Context(), v.program, args...)
	c.Env = v.environ
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	after, delay := v.random.IntN(12), time.Duration(v.random.IntN(20_000))*time.Microsecond
	last = "(nothing yet)"
	lines := bufio.NewScanner(out)
	for n := 0; ; n++ {
		if n == after {
			kill := time.AfterFunc(delay, func() { _ = c.Process.Kill() }) // it may be at its end already
			defer kill.Stop()
		}
		if !lines.Scan() {
			break
		}
		last = regexp.MustCompile(`^\S+( \w+)?`).FindString(strings.ReplaceAll(lines.Text(), filepath.Dir(v.program), ""))
	}
	err = c.Wait()
	if status, ok := c.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return last, false
	}
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, stderr.String())
	}
	return last, true
}

// wholeKey reads a key file as a start at this moment would.
func wholeKey(path string, old *seal.Keys) error {
	keys, err := readKeyFile(path)
	if err == nil && keys.Fingerprint() != old.Fingerprint() {
		err = errors.New("another database's keys")
	}
	return err
}

// TestRekeyWithoutTheBot: nobody has to be waited for.
func TestRekeyWithoutTheBot(t *testing.T) {
	k := newKeyed(t, 20)
	old := k.keys(t)
	if said := k.rekey(t, exitDone); strings.Contains(said, "Waiting") {
		t.Errorf("it waits for nobody:\n%s", said)
	}
	k.rekey(t, exitDone, "--retire")
	if said := k.rekey(t, exitDone, "--retire"); !strings.Contains(said, "no old key") {
		t.Errorf("a second --retire says:\n%s", said)
	}
	k.rekey(t, exitDone, "--compact")
	if k.holds(t, old.Known()...) {
		t.Error("values are under the old key")
	}
	k.rekey(t, exitDone) // the next rotation, on the same day
	k.rekey(t, exitDone, "--retire")
	if aside, err := filepath.Glob(k.key + ".2*"); err != nil || len(aside) != 2 {
		t.Errorf("kept aside: %v, %v", aside, err)
	}
	k.kept(t, nil, 20)
}

// TestRekeySaysWhatIsWrong: one line that says what to do, and nothing changed.
func TestRekeySaysWhatIsWrong(t *testing.T) {
	k := newKeyed(t, 3)
	before, err := os.ReadFile(k.key)
	if err != nil {
		t.Fatal(err)
	}
	other := write(t, "other.key", testKey(t))
	half := write(t, "half.key", string(before[:len(before)/2]))
	for name, tt := range map[string]struct {
		flags   []string
		setting string
		want    string
	}{
		"the key given directly":    {nil, "SAQBOL_KEY=" + string(before), "SAQBOL_KEY_FILE"},
		"another database's key":    {nil, "SAQBOL_KEY_FILE=" + other, "another key"},
		"half a key":                {nil, "SAQBOL_KEY_FILE=" + half, "from your backup"},
		"no key file":               {nil, "SAQBOL_KEY_FILE=" + half + ".none", "SAQBOL_KEY_FILE"},
		"no database":               {nil, "DATABASE_URL=sqlite:" + k.db + ".none", "no database"},
		"retired before it is done": {[]string{"--retire"}, "LOG_LEVEL=info", "no old key"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr lockedBuffer
			environ := append(slices.Clone(k.environ), tt.setting)
			if strings.HasPrefix(tt.setting, "SAQBOL_KEY=") {
				environ = slices.DeleteFunc(environ, func(s string) bool { return strings.HasPrefix(s, "SAQBOL_KEY_FILE=") })
			}
			run(t.Context(), append([]string{"rekey"}, tt.flags...), environ, &stdout, &stderr)
			said := stdout.String() + stderr.String()
			if !strings.Contains(said, tt.want) || strings.Count(strings.TrimSpace(said), "\n") > 0 {
				t.Errorf("it says %q, want one line with %q", said, tt.want)
			}
		})
	}
	if after, err := os.ReadFile(k.key); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the key file was changed: %v", err)
	}
	t.Run("another rekey at work", func(t *testing.T) {
		lock, err := lockFolder(k.key)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = lock.Close() }()
		if said := k.rekey(t, exitFailed); !strings.Contains(said, "at work") {
			t.Errorf("it says %q", said)
		}
	})
	t.Run("a bot that does not read the file", func(t *testing.T) {
		environ := slices.Clone(k.environ)
		k.environ = append(slices.DeleteFunc(k.environ, func(s string) bool { return strings.HasPrefix(s, "SAQBOL_KEY_FILE=") }), "SAQBOL_KEY="+string(before))
		k.run(t)
		k.citizen(t, "ru").says("102")
		k.environ = environ
		if said := k.rekey(t, exitFailed, "--patience", "1s"); !strings.Contains(said, "did not take up the new key") {
			t.Errorf("it says %q", said)
		}
		k.citizen(t, "ru").says("103") // and it goes on
		if status := k.stop(); status != exitDone {
			t.Errorf("the bot ended with %d:\n%s", status, k.stderr)
		}
	})
	if said := k.rekey(t, exitFailed, "--retire"); !strings.Contains(said, "run saqbol rekey first") {
		t.Errorf("in the middle of a rotation --retire says %q", said)
	}
	k.rekey(t, exitDone)
	k.kept(t, nil, 3)
}
