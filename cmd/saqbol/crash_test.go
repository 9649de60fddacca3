package main

import (
	"bytes"
	"errors"
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
		if err, ok := recover().(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.Error("the way to cut a connection does not pass")
		}
	}()
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/cut", nil))
}

// TestPages: every answer says what it is and that nobody should keep it, and only
// the methods that a page is for are let in.
func TestPages(t *testing.T) {
	s := startRun(t, "webhook")
	s.citizen(t, "kk").says("102")
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/telegram", "/nothing"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodTrace, http.MethodConnect, http.MethodOptions} {
			req, err := http.NewRequestWithContext(t.Context(), method, s.http+path, strings.NewReader("x"))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close() // not read
			page := method == http.MethodGet && path != "/telegram" && path != "/nothing"
			if page != (resp.StatusCode == http.StatusOK) {
				t.Errorf("%s %s answers %d", method, path, resp.StatusCode)
			}
			if page && !strings.Contains(resp.Header.Get("Content-Type"), "charset=utf-8") {
				t.Errorf("%s says it is %q", path, resp.Header.Get("Content-Type"))
			}
			if resp.Header.Get("X-Content-Type-Options") != "nosniff" || resp.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: %v", method, path, resp.Header)
			}
		}
	}
}
