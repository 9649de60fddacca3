package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// tracedCalls are the system calls by which a program changes files, and those
// that say which file a descriptor means. read and the like change nothing.
const tracedCalls = "openat,open,creat,openat2,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate," +
	"fsync,fdatasync,sync_file_range,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat," +
	"symlink,symlinkat,close,dup,dup2,dup3,fcntl,mmap,lseek,copy_file_range,sendfile,splice,io_uring_setup,chdir,fchdir"

// syscall is one line of strace -f -y -xx, or two of them put together. With -xx
// every string and every path is written as \x.., so a comma always separates.
type syscallLine struct {
	thread   string
	name     string
	args     []string
	result   int64
	path     string // of the descriptor that was returned
	failed   bool   // the kernel refused it: it changed nothing
	finished bool   // the line tells the result; a call's begin does not, nor one that was cut off
	resumed  bool   // the begin has been handed over before
}

// errTrace is met where a line is not as strace writes it.
var errTrace = errors.New("a line of the trace can't be read")

// readTrace hands each call to see: those that strace wrote in two pieces are
// handed over at their begin and at their end (finished and resumed), those that
// never ended at their begin only.
func readTrace(r io.Reader, see func(syscallLine) error) error {
	begun := map[string]string{} // by thread
	lines := bufio.NewReaderSize(r, 1<<20)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading the trace: %w", err)
		}
		if err := traceLine(string(bytes.TrimRight(line, "\n")), begun, see); err != nil {
			return fmt.Errorf("line %d of the trace: %w", number, err)
		}
	}
}

func traceLine(line string, begun map[string]string, see func(syscallLine) error) error {
	thread, rest, ok := strings.Cut(line, " ")
	rest = strings.TrimLeft(rest, " ")
	switch {
	case !ok || rest == "":
		return errTrace
	case strings.HasPrefix(rest, "+++"), strings.HasPrefix(rest, "---"):
		return nil
	}
	if after, resumed := strings.CutPrefix(rest, "<... "); resumed {
		_, end, ok := strings.Cut(after, " resumed>")
		begin, known := begun[thread]
		if !ok || !known {
			return errTrace
		}
		delete(begun, thread)
		return seeCall(begin+end, syscallLine{thread: thread, finished: true, resumed: true}, see)
	}
	begin, unfinished := strings.CutSuffix(rest, "<unfinished ...>")
	if !unfinished { // the thread was gone before strace could write the rest
		begin, unfinished = strings.CutSuffix(rest, "<detached ...>")
	}
	if unfinished {
		begin = strings.TrimRight(begin, " ")
		begun[thread] = begin
		return seeCall(begin, syscallLine{thread: thread}, see)
	}
	return seeCall(rest, syscallLine{thread: thread, finished: true}, see)
}

// seeCall reads name(args) = result, or the name(args of a call's begin.
func seeCall(text string, call syscallLine, see func(syscallLine) error) error {
	name, rest, ok := strings.Cut(text, "(")
	if !ok {
		return errTrace
	}
	call.name = name
	args := rest
	if call.finished {
		end := strings.LastIndex(rest, ") ")
		result := ""
		if end >= 0 {
			args, result = rest[:end], strings.TrimLeft(rest[end+2:], " ")
		}
		if end < 0 || !strings.HasPrefix(result, "= ") {
			return errTrace
		}
		if err := call.readResult(strings.TrimPrefix(result, "= ")); err != nil {
			return err
		}
	}
	for arg := range strings.SplitSeq(args, ", ") {
		call.args = append(call.args, strings.TrimRight(arg, ","))
	}
	return see(call)
}

func (c *syscallLine) readResult(text string) error {
	word, _, _ := strings.Cut(text, " ")
	if word == "?" { // the program was killed in it
		c.finished = false
		return nil
	}
	if number, path, has := strings.Cut(word, "<"); has {
		word = number
		var err error
		if c.path, err = unhex(strings.TrimSuffix(strings.TrimSuffix(path, "(deleted)"), ">")); err != nil {
			return err
		}
	}
	n, err := strconv.ParseInt(word, 0, 64)
	if err != nil {
		var unsigned uint64
		if unsigned, err = strconv.ParseUint(word, 0, 64); err != nil { // an address
			return errTrace
		}
		n = int64(unsigned & (1<<63 - 1))
	}
	c.result, c.failed = n, n < 0
	return nil
}

// descriptor reads an argument such as 7<\x2f...>, or AT_FDCWD<...>.
func (c syscallLine) descriptor(i int) (fd int, path string, err error) {
	if i >= len(c.args) {
		return 0, "", errTrace
	}
	number, rest, has := strings.Cut(c.args[i], "<")
	if has {
		rest, _, _ = strings.Cut(rest, ">")
		if path, err = unhex(rest); err != nil {
			return 0, "", err
		}
	}
	if number == "AT_FDCWD" {
		return -1, path, nil
	}
	fd, err = strconv.Atoi(number)
	if err != nil {
		return 0, "", errTrace
	}
	return fd, path, nil
}

// text reads an argument such as "\x61\x62", whole.
func (c syscallLine) text(i int) (string, error) {
	if i >= len(c.args) {
		return "", errTrace
	}
	quoted := c.args[i]
	if len(quoted) < 2 || quoted[0] != '"' || quoted[len(quoted)-1] != '"' { // cut short: "..."...
		return "", errTrace
	}
	return unhex(quoted[1 : len(quoted)-1])
}

func (c syscallLine) number(i int) (int64, error) {
	if i >= len(c.args) {
		return 0, errTrace
	}
	n, err := strconv.ParseInt(c.args[i], 0, 64)
	if err != nil {
		return 0, errTrace
	}
	return n, nil
}

// flags reports whether an argument such as O_RDWR|O_CREAT holds one.
func (c syscallLine) flags(i int, flag string) bool {
	if i >= len(c.args) {
		return false
	}
	for f := range strings.SplitSeq(c.args[i], "|") {
		if f == flag {
			return true
		}
	}
	return false
}

// unhex reads \x61\x62. What is in <> may be something else, such as
// socket:[123]: that is given as it stands.
func unhex(text string) (string, error) {
	if !strings.HasPrefix(text, `\x`) {
		return text, nil
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(text, `\x`, ""))
	if err != nil {
		return "", errTrace
	}
	return string(raw), nil
}
