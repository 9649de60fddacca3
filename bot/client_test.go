package bot

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"saqbol/emulator"
)

func parsed(t *testing.T, text string) Token {
	t.Helper()
	token, err := ParseToken(text)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestDial(t *testing.T) {
	api, url := emulator.Start(t, emulator.Options{Username: "the_saqbol_bot"})
	c, err := Dial(t.Context(), parsed(t, api.Token()), url+"/")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.Username() != "the_saqbol_bot" || c.ID() != 9990000001 {
		t.Errorf("the bot is %s, %d", c.Username(), c.ID())
	}
	date, err := c.Date(t.Context())
	if err != nil || time.Since(date).Abs() > time.Minute {
		t.Errorf("the server's date is %v, %v", date, err)
	}
}

func TestDialFails(t *testing.T) {
	_, url := emulator.Start(t, emulator.Options{})
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	echoing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "<html>no such page: "+r.URL.Path, http.StatusBadGateway)
	}))
	defer echoing.Close()
	leaving := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:1"+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer leaving.Close()
	tests := map[string]struct {
		url  string
		want error // nil = any other
	}{
		"wrong token":                     {url, ErrToken},
		"nobody listens":                  {"http://" + closed.Addr().String(), ErrUnreachable},
		"no such host":                    {"http://api.invalid", ErrUnreachable},
		"a proxy that echoes the address": {echoing.URL, ErrUnreachable},
		"a redirect":                      {leaving.URL, ErrUnreachable},
		"no address":                      {"nonsense", nil},
		"another scheme":                  {"ftp://example.kz", nil},
		"no host":                         {"https://", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Dial(t.Context(), parsed(t, "42:a_wrong_token"), test.url)
			if err == nil || (test.want != nil && !errors.Is(err, test.want)) {
				t.Fatalf("Dial gives %v, want %v", err, test.want)
			}
			if strings.Contains(err.Error(), "wrong_token") {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
	if _, err := Dial(t.Context(), Token{}, url); err == nil {
		t.Error("an empty token is taken")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Dial(ctx, parsed(t, "42:a_wrong_token"), url); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnreachable) {
		t.Errorf("a cancelled Dial gives %v", err)
	}
}

// Calls are sent whole, with their length, and a proxy's page is no answer.
func TestCourier(t *testing.T) {
	var length int64
	var encoding []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		length, encoding = r.ContentLength, r.TransferEncoding
		write(w, `{"ok":true,"result":{"message_id":7,"forward_origin":{"type":"telepathy"}}}`)
	}))
	defer server.Close()
	c, err := newClient(parsed(t, scriptToken), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	id, err := c.perform(t.Context(), call{Method: methodSend, Chat: 1, Text: "x"})
	if err != nil || id != 7 {
		t.Errorf("a message of a kind the library does not know: id %d, %v", id, err)
	}
	if length <= 0 || len(encoding) != 0 {
		t.Errorf("the call came with length %d, encoding %v", length, encoding)
	}
	if _, err := c.perform(t.Context(), call{Method: "sendDice"}); outcomeOf(err).fate != fateRefused {
		t.Errorf("an unknown call: %v", err)
	}
}
