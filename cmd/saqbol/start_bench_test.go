package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"saqbol/emulator"
)

// compile builds a program of ours into the benchmark's folder.
func compile(b testing.TB, folder string) string {
	b.Helper()
	out := filepath.Join(b.TempDir(), "program")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, folder)
	if text, err := build.CombinedOutput(); err != nil {
		b.Fatalf("go build %s: %v\n%s", folder, err, text)
	}
	return out
}

// BenchmarkStart measures from the start of the process to the first answer, on
// an empty database, beside an empty go-telegram program in the same run; and
// what the process holds in memory once it is idle.
func BenchmarkStart(b *testing.B) {
	for _, program := range []struct{ name, folder string }{{"empty", "./testdata/empty"}, {"saqbol", "."}} {
		path := compile(b, program.folder)
		b.Run(program.name, func(b *testing.B) {
			var memory float64
			for b.Loop() {
				memory = max(memory, firstAnswer(b, path))
			}
			b.ReportMetric(memory, "MB-idle")
		})
	}
}

// firstAnswer starts the program with a question waiting, waits for the answer
// and gives the idle process's resident memory in MB. Setting up and taking down
// are not timed.
func firstAnswer(b *testing.B, path string) float64 {
	b.StopTimer()
	api, err := emulator.New(emulator.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer api.Close()
	url, err := api.Listen("127.0.0.1:0", api.API())
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), limit)
	defer cancel()
	person := api.NewPerson("Тұрғын", "kk")
	question := person.Send("8 701 123 45 67")
	program := exec.CommandContext(ctx, path)
	program.Dir = b.TempDir()
	program.Env = append(os.Environ(), "TELEGRAM_BOT_TOKEN="+api.Token(), "TELEGRAM_API_URL="+url, "HTTP_LISTEN=127.0.0.1:0", "LOG_LEVEL=error")
	b.StartTimer()
	if err := program.Start(); err != nil {
		b.Fatal(err)
	}
	_, err = person.Answer(ctx, question)
	b.StopTimer()
	if err != nil {
		b.Fatal(err)
	}
	memory := resident(b, program.Process.Pid)
	if err := program.Process.Signal(syscall.SIGTERM); err != nil {
		b.Fatal(err)
	}
	_ = program.Wait() // killed by the signal, or done
	b.StartTimer()
	return memory
}

// resident reads a process's resident memory in MB once it has come to rest: the
// smallest of what is seen for three seconds.
func resident(b *testing.B, pid int) float64 {
	b.Helper()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	smallest := 0.0
	for range 30 {
		<-ticker.C
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			b.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(status), "VmRSS:")
		kilobytes, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
		if err != nil {
			b.Fatal(err)
		}
		if mb := kilobytes / 1024; smallest == 0 || mb < smallest {
			smallest = mb
		}
	}
	return smallest
}
