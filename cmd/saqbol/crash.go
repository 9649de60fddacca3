package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
)

// exitDumped is Go's own status after a dump of its goroutines.
const exitDumped = 2

// dumpOnRequest writes where every goroutine stands and ends the process, once it
// is asked to by SIGQUIT (Ctrl-\) or SIGABRT (a watchdog). Go's own dump shows the
// arguments of every call, and ids of people are among them; this one has none.
func dumpOnRequest(w io.Writer) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGQUIT, syscall.SIGABRT)
	go func() {
		s := <-asked
		fmt.Fprintf(w, "%s: where every goroutine stands, without arguments:\n\n%s", s, withoutArguments(goroutines()))
		os.Exit(exitDumped)
	}()
}

// goroutines are the stacks of all goroutines, as Go writes them.
func goroutines() []byte {
	for size := 1 << 20; ; size *= 2 {
		stacks := make([]byte, size)
		if n := runtime.Stack(stacks, true); n < size || size >= 64<<20 {
			return stacks[:n]
		}
	}
}

// withoutArguments takes the arguments out of stacks as Go writes them: a call
// is a line that ends with them in parentheses, and the line behind it, with its
// place, begins with a tab.
func withoutArguments(stacks []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(stacks) {
		at := bytes.LastIndexByte(line, '(')
		switch {
		case bytes.HasPrefix(line, []byte("\t")):
			place, _, _ := bytes.Cut(line, []byte(" +0x"))
			out.Write(append(bytes.TrimRight(place, "\n"), '\n'))
		case at > 0 && bytes.HasSuffix(bytes.TrimRight(line, "\n"), []byte(")")) && !bytes.HasPrefix(line, []byte("goroutine ")):
			out.Write(line[:at])
			out.WriteString("(...)\n")
		default:
			out.Write(line)
		}
	}
	return out.Bytes()
}

// sheltered is what stands before every page. It answers 500 where a handler panics, and logs the type of the panic and
// the calls. net/http would log its value, which may hold anything that was sent.
func sheltered(log *slog.Logger, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(cause) // the way to cut a connection
			}
			log.Error("answering a request panicked", "cause", fmt.Sprintf("%T", cause), "stack", calls())
			http.Error(w, "a fault, see the log", http.StatusInternalServerError)
		}()
		// Nobody need keep an answer, or take it for another kind of content.
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		handler.ServeHTTP(w, r)
	})
}

// calls is the stack of a panic, for the function that recovers it.
func calls() string {
	var callers [48]uintptr
	var out strings.Builder
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers[:])])
	for more := true; more; {
		var at runtime.Frame
		at, more = frames.Next()
		fmt.Fprintf(&out, "%s %s:%d\n", at.Function, at.File, at.Line)
	}
	return out.String()
}
