package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestWithoutArguments(t *testing.T) {
	stacks := `goroutine 7 [select, 2 minutes]:
saqbol/bot.(*Bot).answer(0xc000140000, {0x1, 0x2}, 0xe8ced9b602)
	/src/bot/dispatch.go:127 +0x1a5
saqbol/storage.(*Store).Turn(...)
	/src/storage/person.go:40
created by saqbol/bot.(*lanes).put in goroutine 1
	/src/bot/lanes.go:173 +0x65

goroutine 1 [chan receive, locked to thread]:
main.main()
	/src/main.go:28 +0x1d
`
	want := `goroutine 7 [select, 2 minutes]:
saqbol/bot.(*Bot).answer(...)
	/src/bot/dispatch.go:127
saqbol/storage.(*Store).Turn(...)
	/src/storage/person.go:40
created by saqbol/bot.(*lanes).put in goroutine 1
	/src/bot/lanes.go:173

goroutine 1 [chan receive, locked to thread]:
main.main(...)
	/src/main.go:28
`
	if got := string(withoutArguments([]byte(stacks))); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if own := withoutArguments(goroutines()); !bytes.Contains(own, []byte("TestWithoutArguments")) || bytes.Contains(own, []byte("0x")) {
		t.Errorf("of this process:\n%s", own)
	}
}

// A request whose handler panics costs nobody else anything, and its value is not
// logged.
func TestSheltered(t *testing.T) {
	var log lockedBuffer
	handler := sheltered(newLogger(&log, 0, "json"), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cut" {
			panic(http.ErrAbortHandler)
		}
		panic("the value holds " + canaryWords)
	}))
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/x", nil))
	if answer.Code != http.StatusInternalServerError || strings.Contains(answer.Body.String(), "zebracanary") {
		t.Errorf("answered with %d: %s", answer.Code, answer.Body)
	}
	if said := log.String(); !strings.Contains(said, "panicked") || !strings.Contains(said, "TestSheltered") || strings.Contains(said, "zebracanary") {
		t.Errorf("logged: %s", said)
	}
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("the way to cut a connection does not pass")
		}
	}()
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/cut", nil))
}
