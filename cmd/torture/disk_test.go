package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func dice(t *testing.T) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(1, 2))
}

// replayed is a disk with one safe file "old" after a trace. What stands between
// backquotes is turned into strace's way of writing it.
func replayed(t *testing.T, lines ...string) (*replay, error) {
	t.Helper()
	d := &disk{root: "/site", top: &inode{names: map[string]*inode{"old": {safe: []byte("old"), size: 3}}}}
	var trace strings.Builder
	for _, line := range lines {
		for i, piece := range strings.Split(line, "`") {
			if i%2 == 1 {
				piece = hexed(piece)
			}
			trace.WriteString(piece)
		}
		trace.WriteString("\n")
	}
	return replayTrace(d, strings.NewReader(trace.String()))
}

const (
	openOld = "1 openat(AT_FDCWD<`/site`>, \"`old`\", O_RDWR|O_CLOEXEC) = 3<`/site/old`>"
	openNew = "1 openat(AT_FDCWD<`/site`>, \"`new`\", O_WRONLY|O_CREAT|O_CLOEXEC, 0600) = 4<`/site/new`>"
	openTop = "1 openat(AT_FDCWD<`/site`>, \"`/site`\", O_RDONLY|O_CLOEXEC) = 5<`/site`>"
)

// TestWhatACutLeaves: with nothing but what is safe, and with everything.
func TestWhatACutLeaves(t *testing.T) {
	for name, tt := range map[string]struct {
		lines     []string
		safe, all map[string]string
	}{
		"a write that was not synced": {
			[]string{openOld, "1 pwrite64(3<`/site/old`>, \"`XY`\", 2, 1) = 2"},
			map[string]string{"old": "old"}, map[string]string{"old": "oXY"},
		},
		"a write that was": {
			[]string{openOld, "1 pwrite64(3<`/site/old`>, \"`XY`\", 2, 1) = 2", "1 fdatasync(3<`/site/old`>) = 0"},
			map[string]string{"old": "oXY"}, map[string]string{"old": "oXY"},
		},
		"a write after the sync began": {
			[]string{openOld, "2 fsync(3<`/site/old`> <unfinished ...>", "1 pwrite64(3<`/site/old`>, \"`XY`\", 2, 1) = 2", "2 <... fsync resumed>) = 0"},
			map[string]string{"old": "old"}, map[string]string{"old": "oXY"},
		},
		"a write that had not returned": {
			[]string{openOld, "1 pwrite64(3<`/site/old`>, \"`XY`\", 2, 1 <unfinished ...>", "2 fsync(3<`/site/old`>) = 0", "1 <... pwrite64 resumed>) = 2"},
			map[string]string{"old": "old"}, map[string]string{"old": "oXY"},
		},
		"a sync that failed": {
			[]string{openOld, "1 pwrite64(3<`/site/old`>, \"`XY`\", 2, 1) = 2", "1 fsync(3<`/site/old`>) = -1 EIO (Input/output error)"},
			map[string]string{"old": "old"}, map[string]string{"old": "oXY"},
		},
		"a truncation": {
			[]string{openOld, "1 ftruncate(3<`/site/old`>, 1) = 0"},
			map[string]string{"old": "old"}, map[string]string{"old": "o"},
		},
		"a new file whose folder was not synced": {
			[]string{openNew, "1 write(4<`/site/new`>, \"`n`\", 1) = 1", "1 write(4<`/site/new`>, \"`ew`\", 2) = 2", "1 fsync(4<`/site/new`>) = 0"},
			map[string]string{"old": "old"}, map[string]string{"old": "old", "new": "new"},
		},
		"a new file whose folder was": {
			[]string{openNew, "1 write(4<`/site/new`>, \"`new`\", 3) = 3", "1 fsync(4<`/site/new`>) = 0", openTop, "1 fsync(5<`/site`>) = 0"},
			map[string]string{"old": "old", "new": "new"}, map[string]string{"old": "old", "new": "new"},
		},
		"a name without its content": {
			[]string{openNew, "1 write(4<`/site/new`>, \"`new`\", 3) = 3", openTop, "1 fsync(5<`/site`>) = 0"},
			map[string]string{"old": "old", "new": ""}, map[string]string{"old": "old", "new": "new"},
		},
		"a removal": {
			[]string{"1 unlink(\"`/site/old`\") = 0"},
			map[string]string{"old": "old"}, map[string]string{},
		},
		"a renaming, synced": {
			[]string{"1 rename(\"`/site/old`\", \"`/site/other`\") = 0", openTop, "1 fsync(5<`/site`>) = 0"},
			map[string]string{"other": "old"}, map[string]string{"other": "old"},
		},
		"a descriptor used anew": {
			[]string{openOld, "1 close(3<`/site/old`> <unfinished ...>", "2 openat(AT_FDCWD<`/site`>, \"`new`\", O_WRONLY|O_CREAT, 0600) = 3<`/site/new`>", "1 <... close resumed>) = 0",
				"2 write(3<`/site/new`>, \"`new`\", 3) = 3"},
			map[string]string{"old": "old"}, map[string]string{"old": "old", "new": "new"},
		},
		"the index of the log": {
			[]string{"1 openat(AT_FDCWD<`/site`>, \"`a-shm`\", O_RDWR|O_CREAT, 0600) = 6<`/site/a-shm`>", "1 mmap(NULL, 32768, PROT_READ|PROT_WRITE, MAP_SHARED, 6<`/site/a-shm`>, 0) = 0x7f0000000000"},
			map[string]string{"old": "old"}, map[string]string{"old": "old"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := replayed(t, tt.lines...)
			if err != nil {
				t.Fatal(err)
			}
			for share, want := range map[float64]map[string]string{0: tt.safe, 1: tt.all} {
				folder := filepath.Join(t.TempDir(), "after")
				if err := r.disk.burn(folder, survival{dice: dice(t), share: share}); err != nil {
					t.Fatal(err)
				}
				got := map[string]string{}
				entries, err := os.ReadDir(folder)
				if err != nil {
					t.Fatal(err)
				}
				for _, entry := range entries {
					if isShared(entry.Name()) {
						continue // anything
					}
					data, err := os.ReadFile(filepath.Join(folder, entry.Name()))
					if err != nil {
						t.Fatal(err)
					}
					got[entry.Name()] = string(data)
				}
				if len(got) != len(want) {
					t.Errorf("share %v leaves %q, want %q", share, got, want)
				}
				for name, content := range want {
					if has, there := got[name]; !there || has != content {
						t.Errorf("share %v leaves %q, want %q", share, got, want)
					}
				}
			}
		})
	}
}

// TestReplayIsNeverBlind: what the replay does not follow is an error.
func TestReplayIsNeverBlind(t *testing.T) {
	for name, lines := range map[string][]string{
		"a map that can be written": {openOld, "1 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3<`/site/old`>, 0) = 0x7f0000000000"},
		"a vectored write":          {openOld, "1 pwritev(3<`/site/old`>, [{iov_base=\"`a`\", iov_len=1}], 1, 0) = 1"},
		"a copy in the kernel":      {openOld, "1 copy_file_range(9<`/other`>, NULL, 3<`/site/old`>, NULL, 100, 0) = 100"},
		"a truncation by name":      {"1 truncate(\"`/site/old`\", 0) = 0"},
		"another working folder":    {"1 chdir(\"`/`\") = 0"},
		"a file that should be":     {"1 openat(AT_FDCWD<`/site`>, \"`gone`\", O_RDONLY) = 3<`/site/gone`>"},
	} {
		if _, err := replayed(t, lines...); err == nil {
			t.Errorf("%s is passed over", name)
		}
	}
}

// TestTornWrites: of a write any of its sectors may survive, each whole.
func TestTornWrites(t *testing.T) {
	n := &inode{safe: bytes.Repeat([]byte{'.'}, 4*sector), size: 4 * sector}
	n.write(100, bytes.Repeat([]byte{'x'}, 3*sector))
	random, torn := dice(t), 0
	for range 50 {
		left := n.leftover(survival{dice: random, share: 0.5})
		kept := map[int]bool{}
		for i := 100; i < 100+3*sector; i++ {
			if has := left[i] == 'x'; i == 100 || i%sector == 0 {
				kept[i/sector] = has
			} else if has != kept[i/sector] {
				t.Fatalf("sector %d is half written", i/sector)
			}
		}
		for i, b := range left {
			if (i < 100 || i >= 100+3*sector) && b != '.' {
				t.Fatalf("byte %d was never written", i)
			}
		}
		if some, all := kept[0] || kept[1] || kept[2] || kept[3], kept[0] && kept[1] && kept[2] && kept[3]; some && !all {
			torn++
		}
	}
	if torn == 0 {
		t.Error("no write was torn")
	}
}

// TestSameSeesWhatTheTraceMissed: one byte more on the disk is found out.
func TestSameSeesWhatTheTraceMissed(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := readDisk(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.same(nil); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func() error{
		"another byte": func() error { return os.WriteFile(path, []byte("contenT"), 0o600) },
		"another file": func() error { return os.WriteFile(path+"2", nil, 0o600) },
		"no file":      func() error { return os.Remove(path) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if d.same(nil) == nil {
			t.Errorf("%s is not seen", name)
		}
	}
}
