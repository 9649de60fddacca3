//go:build unix

package main

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// enoughFiles is how many file descriptors the bot may need: 256 connections to
// Telegram, as many deliveries, and some for the database.
const enoughFiles = 1024

// machine looks at what the system allows the process.
func (d *doctor) machine() {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err == nil && files.Cur < enoughFiles {
		d.add("files", gradeWarn, "this user may open %d files, %d may be needed: ulimit -n %d, or LimitNOFILE in the unit", files.Cur, enoughFiles, 4*enoughFiles)
	} else if err == nil {
		d.add("files", gradeOK, "enough may be open at once")
	}
	d.cores(corePattern())
}

// cores says whether the memory of a crashed SaqBol, with its keys, can reach a disk.
func (d *doctor) cores(pattern string) {
	err := noCores()
	handler, piped := strings.CutPrefix(pattern, "|")
	name, _, _ := strings.Cut(handler, " ")
	switch {
	case err != nil:
		d.add("core dumps", gradeWarn, "they can't be switched off (%v): a crash may write the keys to a disk; set LimitCORE=0 in the unit", err)
	case piped && !strings.HasSuffix(name, "systemd-coredump"):
		d.add("core dumps", gradeWarn, "this machine hands them to %s, which may keep them whatever the limit says: a crash may write the keys to a disk; sysctl kernel.core_pattern=core", name)
	default:
		d.add("core dumps", gradeOK, "SaqBol switches them off for itself")
	}
}

// corePattern is where the system puts core dumps, "" where that is not known.
func corePattern() string {
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(pattern))
}

// noCores keeps the process's memory, with the keys in it, from being written to a
// disk when it crashes.
func noCores() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("switching core dumps off: %w", err)
	}
	return nil
}

// ownerOf is the id of the user that a file belongs to.
func ownerOf(info fs.FileInfo) (uid int, known bool) {
	stat, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return 0, false
	}
	return int(stat.Uid), true
}
