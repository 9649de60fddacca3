package emulator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestFaults(t *testing.T) {
	b := newBot(t, Options{})
	p, other := b.s.NewPerson("Person", "kk"), b.s.NewPerson("Other", "ru")
	p.Send("/start")
	other.Send("/start")
	send := args{"chat_id": p.ID(), "text": "x"}

	remove := b.s.Fail(Fault{Method: "sendmessage", Chat: p.ID(), Kind: FaultTooMany, RetryAfter: 7})
	a := b.call("sendMessage", send)
	if a.Code != 429 || a.Status != 429 || a.Parameters.RetryAfter != 7 || a.Description != "Too Many Requests: retry after 7" {
		t.Errorf("429: %+v", a)
	}
	b.must("sendMessage", args{"chat_id": other.ID(), "text": "x"}, nil)
	b.must("getMe", nil, nil)
	remove()
	b.must("sendMessage", send, nil)

	b.s.Fail(Fault{Kind: FaultInternal, After: 1, Times: 2})
	b.must("sendMessage", send, nil)
	b.refused("sendMessage", send, 500, "Internal Server Error")
	b.refused("getMe", nil, 500, "Internal Server Error")
	b.must("sendMessage", send, nil)

	b.s.Fail(Fault{Kind: FaultForbidden, Times: 1})
	b.refused("sendMessage", send, 403, "Forbidden: bot was blocked by the user")
	b.s.Fail(Fault{Kind: FaultForbidden, Times: 1, Description: "user is deactivated"})
	b.refused("sendMessage", send, 403, "Forbidden: user is deactivated")
	b.s.Fail(Fault{Kind: FaultBadRequest, Times: 1, Description: "PEER_ID_INVALID"})
	b.refused("sendMessage", send, 400, "Bad Request: PEER_ID_INVALID")
	calls := b.s.CallsOf("sendMessage")
	if last := calls[len(calls)-1]; last.Fault != "400" || last.OK() {
		t.Errorf("the log says %+v", last)
	}
}

func TestFaultsOfTheConnection(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	p.Send("/start")
	try := func(ctx context.Context) (int, string, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.base+"/bot"+b.s.Token()+"/sendMessage", strings.NewReader(`{"chat_id":999900000001,"text":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		response, err := b.client.Do(r)
		if err != nil {
			return 0, "", err
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		return response.StatusCode, string(body), err
	}
	sent := func() int { return len(p.Messages()) - 1 }

	b.s.Fail(Fault{Kind: FaultBadGateway, Times: 1})
	if code, body, err := try(t.Context()); code != 502 || !strings.HasPrefix(body, "<html>") || err != nil {
		t.Errorf("502: %d %q %v", code, body, err)
	}
	b.s.Fail(Fault{Kind: FaultCut, Times: 1})
	if _, _, err := try(t.Context()); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("cut: %v", err)
	}
	b.s.Fail(Fault{Kind: FaultHang, Times: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := try(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("hang: %v", err)
	}
	if sent() != 0 {
		t.Errorf("%d messages went out all the same", sent())
	}
	b.s.Fail(Fault{Kind: FaultBadJSON, Times: 1, Applied: true})
	if code, body, err := try(t.Context()); code != 200 || !strings.HasSuffix(body, `"message_id":`) || err != nil {
		t.Errorf("bad JSON: %d %q %v", code, body, err)
	}
	b.s.Fail(Fault{Kind: FaultCut, Times: 1, Applied: true})
	if _, _, err := try(t.Context()); err == nil {
		t.Error("cut after it took effect: no error")
	}
	if sent() != 2 {
		t.Errorf("%d messages went out, want 2", sent())
	}
}

func TestLatency(t *testing.T) {
	b := newBot(t, Options{})
	b.s.Latency(30 * time.Millisecond)
	begin := time.Now()
	b.must("getMe", nil, nil)
	if took := time.Since(begin); took < 30*time.Millisecond {
		t.Errorf("took %v", took)
	}
	b.s.Latency(0)
}

func TestOptions(t *testing.T) {
	for _, opts := range []Options{
		{Token: "no token"}, {Token: "12345:abc\n"}, {Username: "no_b0t"}, {Username: "a bot"}, {KeepMessages: -1},
	} {
		if _, err := New(opts); err == nil {
			t.Errorf("%+v was taken", opts)
		}
	}
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "nonsense"} {
		if _, err := s.Listen(addr, s.API()); err == nil {
			t.Errorf("listened on %s", addr)
		}
	}
}
