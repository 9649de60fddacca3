package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"saqbol/emulator"
)

// compile builds a program of ours into the benchmark's folder.
func compile(b testing.TB, folder string) string {
	b.Helper()
	out := filepath.Join(b.TempDir(), "program")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, folder)
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as the Makefile has it
	if text, err := build.CombinedOutput(); err != nil {
		b.Fatalf("go build %s: %v\n%s", folder, err, text)
	}
	return out
}

// BenchmarkStart measures from the start of the process to the first answer: on a
// new database, on one that is there, and on one of -subjects subjects, beside an
// empty go-telegram program. All take turns in one run: only the ratios count.
func BenchmarkStart(b *testing.B) {
	contenders := starters(b)
	for b.Loop() {
		for _, c := range contenders {
			took, burnt := c.run(b, nil)
			c.took, c.burnt = append(c.took, took), append(c.burnt, burnt)
		}
	}
	b.ReportMetric(0, "ns/op")
	median := func(times []time.Duration) float64 {
		slices.Sort(times)
		return float64(times[len(times)/2].Microseconds()) / 1000
	}
	for _, c := range contenders {
		b.ReportMetric(median(c.took), c.name+"-ms")
		b.ReportMetric(median(c.burnt), c.name+"-cpu-ms")
		b.ReportMetric(median(c.took)/median(contenders[0].took), c.name+"/empty")
	}
}

// BenchmarkIdle measures what the programs of BenchmarkStart hold in memory once
// they are idle, in all and besides what they map from files.
func BenchmarkIdle(b *testing.B) {
	for b.Loop() {
		for _, c := range starters(b) {
			c.run(b, func(pid int) {
				all, anonymous := resident(b, pid)
				b.ReportMetric(all, c.name+"-MB")
				b.ReportMetric(anonymous, c.name+"-anon-MB")
			})
		}
	}
	b.ReportMetric(0, "ns/op")
}

func starters(b *testing.B) []*starter {
	saqbol, large, there := compile(b, "."), storeOf(b, *largeStore, wholeStore), storeOf(b, 1000, wholeStore)
	return []*starter{
		{name: "empty", path: compile(b, "./testdata/empty")},
		{name: "new", path: saqbol},
		{name: "there", path: saqbol, store: &there},
		{name: "large", path: saqbol, store: &large},
	}
}

// starter is a program whose start is measured, on a store or a new one.
type starter struct {
	name, path string
	store      *benchStore

	took, burnt []time.Duration
}

// run starts the program with a question waiting and waits for the answer: how
// long it took, and how much time of the processors. idle, unless nil, looks at the
// process afterwards, where it has a store once its filter stands.
func (s *starter) run(b *testing.B, idle func(pid int)) (took, burnt time.Duration) {
	api, err := emulator.New(emulator.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer api.Close()
	url, err := api.Listen("127.0.0.1:0", api.API())
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), longest)
	defer cancel()
	person := api.NewPerson("Тұрғын", "kk")
	question := person.Send("8 701 123 45 67")
	program := exec.CommandContext(ctx, s.path)
	program.Dir = b.TempDir()
	program.Env = append(os.Environ(), "TELEGRAM_BOT_TOKEN="+api.Token(), "TELEGRAM_API_URL="+url, "HTTP_LISTEN=127.0.0.1:0", "LOG_LEVEL=error")
	if s.store != nil {
		program.Env = append(program.Env, "DATABASE_URL=sqlite:"+s.store.path, "SAQBOL_KEY_FILE="+s.store.key)
	}
	filter := &stands{said: make(chan struct{})}
	if idle != nil && s.store != nil {
		program.Env, program.Stderr = append(program.Env, "LOG_LEVEL=info"), filter
	}
	start := time.Now()
	if err := program.Start(); err != nil {
		b.Fatal(err)
	}
	_, err = person.Answer(ctx, question)
	took = time.Since(start)
	if err != nil {
		b.Fatal(err)
	}
	if program.Stderr != nil {
		select {
		case <-filter.said:
		case <-ctx.Done():
			b.Fatal("the filter does not come")
		}
	}
	if idle != nil {
		idle(program.Process.Pid)
	}
	if err := program.Process.Signal(os.Kill); err != nil {
		b.Fatal(err)
	}
	_ = program.Wait() // killed
	return took, program.ProcessState.UserTime() + program.ProcessState.SystemTime()
}

// longest is what a program may take until it is idle.
const longest = 20 * time.Minute

// resident reads a process's resident memory in MB once it has come to rest: the
// smallest of what is seen for five seconds. Of all, anonymous is what is no page of
// a file.
func resident(b *testing.B, pid int) (all, anonymous float64) {
	b.Helper()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for range 50 {
		<-ticker.C
		if mb := statusOf(b, pid, "VmRSS:"); all == 0 || mb < all {
			all, anonymous = mb, statusOf(b, pid, "RssAnon:")
		}
	}
	return all, anonymous
}

// stands is closed when the program says that its filter does.
type stands struct {
	said chan struct{}
	once sync.Once
}

// Write takes the program's log.
func (s *stands) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("the filter stands")) {
		s.once.Do(func() { close(s.said) })
	}
	return len(line), nil
}

// statusOf reads one of the sizes that the system knows of a process, in MB.
func statusOf(b *testing.B, pid int, name string) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), name)
	kilobytes, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kilobytes / 1024
}
