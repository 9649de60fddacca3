package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hexed writes a text as strace -xx does.
func hexed(text string) string {
	var out strings.Builder
	for _, b := range []byte(text) {
		fmt.Fprintf(&out, `\x%02x`, b)
	}
	return out.String()
}

func quoted(text string) string { return `"` + hexed(text) + `"` }

func TestReadTrace(t *testing.T) {
	trace := strings.Join([]string{
		`7 openat(AT_FDCWD<` + hexed("/site") + `>, ` + quoted("data/a") + `, O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3<` + hexed("/site/data/a") + `>`,
		`8 fsync(3<` + hexed("/site/data/a") + `> <unfinished ...>`,
		`7 pwrite64(3<` + hexed("/site/data/a") + `>, ` + quoted("ab, )c") + `, 6, 512 <unfinished ...>`,
		`8 <... fsync resumed>)            = 0`,
		`7 <... pwrite64 resumed>)         = 6`,
		`7 openat(AT_FDCWD<` + hexed("/site") + `>, ` + quoted("b") + `, O_RDONLY) = -1 ENOENT (No such file or directory)`,
		`7 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000`,
		`7 write(9<socket:[123]>, ` + quoted("x") + `, 1) = 1`,
		`8 pwrite64(3<` + hexed("/site/data/a") + `>(deleted), ` + quoted("z") + `, 1, 0) = ?`,
		`7 openat(AT_FDCWD<` + hexed("/site") + `>, ` + quoted("c") + `, O_RDWR|O_CREAT <detached ...>`,
		`7 +++ killed by SIGKILL +++`,
	}, "\n")
	var got []string
	err := readTrace(strings.NewReader(trace), func(c syscallLine) error {
		line := fmt.Sprint(c.thread, " ", c.name, " ", c.finished, c.resumed, c.failed)
		if c.finished && !c.failed {
			line += fmt.Sprint(" ", c.result)
		}
		if c.name == "pwrite64" {
			fd, path, err := c.descriptor(0)
			text, bad := c.text(1)
			at, worse := c.number(3)
			line += fmt.Sprint(" ", fd, path, " ", text, " ", at, errors.Join(err, bad, worse))
		}
		got = append(got, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"7 openat true false false 3",
		"8 fsync false false false",
		"7 pwrite64 false false false 3/site/data/a ab, )c 512 <nil>",
		"8 fsync true true false 0",
		"7 pwrite64 true true false 6 3/site/data/a ab, )c 512 <nil>",
		"7 openat true false true",
		"7 mmap true false false 139637976727552",
		"7 write true false false 1",
		"8 pwrite64 false false false 3/site/data/a z 0 <nil>",
		"7 openat false false false",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the trace reads as\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestReadTraceRefuses(t *testing.T) {
	for name, line := range map[string]string{
		"no thread":            "fsync(3) = 0"[6:],
		"no result":            "7 fsync(3)",
		"an end without begin": "7 <... fsync resumed>) = 0",
		"a result of words":    "7 fsync(3) = many",
	} {
		if err := readTrace(strings.NewReader(line), func(syscallLine) error { return nil }); !errors.Is(err, errTrace) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	short := syscallLine{args: []string{`"\x61"...`}}
	if _, err := short.text(0); !errors.Is(err, errTrace) {
		t.Errorf("a string that was cut short reads as whole: %v", err)
	}
}

func FuzzReadTrace(f *testing.F) {
	f.Add(`7 pwrite64(3<` + hexed("/site/a") + `>, ` + quoted("b") + `, 1, 0) = 1`)
	f.Add("7 fsync(3 <unfinished ...>\n7 <... fsync resumed>) = 0")
	f.Add(`7 rename(` + quoted("/site/a") + `, ` + quoted("/site/b") + `) = 0`)
	f.Add(`7 mkdir(` + quoted("/site/c") + `, 0700) = ?`)
	f.Fuzz(func(t *testing.T, trace string) {
		d := &disk{root: "/site", top: &inode{names: map[string]*inode{"a": {}}}}
		r, err := replayTrace(d, strings.NewReader(trace)) // it may refuse, not panic
		if err == nil {
			r.doubtful()
		}
	})
}

// TestTraceOfARealProgram: what the replay makes of a real trace is what stands in
// the folder, and of what was not synced nothing is safe.
func TestTraceOfARealProgram(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "site")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	before, err := readDisk(folder)
	if err != nil {
		t.Fatal(err)
	}
	trace := filepath.Join(t.TempDir(), "trace")
	script := `mkdir data && dd if=/dev/zero of=data/synced bs=700 count=3 conv=fsync && sync data data/.. && echo lost > data/unsynced && mv data/unsynced data/moved && echo more >> data/synced`
	cmd := exec.Command("strace", "-f", "--seccomp-bpf", "-y", "-xx", "-s", "1048576", "-e", "signal=none", "-e", "trace="+tracedCalls, "-o", trace, "sh", "-c", script)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("strace (see .ci/deps): %v\n%s", err, out)
	}
	file, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	r, err := replayTrace(before, file)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.disk.same(r.doubtful()); err != nil {
		t.Error(err)
	}
	after := filepath.Join(t.TempDir(), "after")
	if err := r.disk.burn(after, survival{dice: dice(t), share: 0}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(after, "data"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("after the cut the folder holds %v, %v", entries, err)
	}
	if data, err := os.ReadFile(filepath.Join(after, "data", "synced")); err != nil || len(data) != 2100 {
		t.Errorf("the synced file has %d bytes after the cut: %v", len(data), err)
	}
}
