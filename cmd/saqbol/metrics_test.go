package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"saqbol/bot"
	"saqbol/fraud"
	"saqbol/storage"
)

// samples reads a page of metrics: the value behind each series, by its text.
func samples(t *testing.T, page string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for line := range strings.Lines(page) {
		if series, value, ok := strings.Cut(strings.TrimSpace(line), "} "); ok && !strings.HasPrefix(line, "#") {
			out[series+"}"] = value
		} else if series, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(line, "#") {
			out[series] = value
		}
	}
	return out
}

func get(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s answers %d, %v:\n%s", url, resp.StatusCode, err, body)
	}
	return string(body)
}

// TestMetrics: what people did is what /metrics counts, by both ways in which
// updates come, and nothing of theirs is in it.
func TestMetrics(t *testing.T) {
	for _, mode := range []string{"polling", "webhook"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel() // most of the time goes by waiting for Telegram's limits
			s := startRun(t, mode)
			person := s.citizen(t, "ru")
			filed := person.files(person.presses(person.says("8 701 123 45 67"), "rep:"))
			person.says("8 701 123 45 67")
			if err := s.api.Drained(t.Context()); err != nil {
				t.Fatal(err)
			}
			page := get(t, s.http+"/metrics")
			got := samples(t, page)
			for series, want := range map[string]string{
				`saqbol_verdicts_total{level="none"}`:                "1",
				`saqbol_verdicts_total{level="reported"}`:            "1",
				`saqbol_reports_total{event="filed"}`:                "1",
				`saqbol_updates_total{kind="message",result="dead"}`: "0",
				`saqbol_dead_letters_total{kept="yes"}`:              "0",
				`saqbol_database_faults_total{fault="damaged"}`:      "0",
				`saqbol_database_up`:                                 "1",
				`saqbol_ready`:                                       "1",
				`saqbol_conflict`:                                    "0",
				`saqbol_dead_letter_rows`:                            "0",
			} {
				if got[series] != want {
					t.Errorf("%s is %q, want %s", series, got[series], want)
				}
			}
			for _, series := range []string{`saqbol_updates_total{kind="button",result="stored"}`, `saqbol_updates_total{kind="message",result="answered"}`,
				`saqbol_sends_total{method="answerCallbackQuery",result="delivered"}`,
				`saqbol_send_seconds_count{method="editMessageText"}`, `saqbol_database_seconds_count{operation="commit"}`,
				`saqbol_database_seconds_count{operation="standings"}`, `saqbol_update_seconds_count`, `saqbol_last_update_timestamp_seconds`,
				`saqbol_database_bytes{file="main"}`, `saqbol_disk_free_bytes`, `go_goroutines`, `process_open_fds`} {
				if value := got[series]; value == "" || value == "0" {
					t.Errorf("%s is %q, want something", series, value)
				}
			}
			if _, there := got["saqbol_last_poll_timestamp_seconds"]; there != (mode == "polling") {
				t.Errorf("in mode %s the time of the last poll is there: %v", mode, there)
			}
			for _, canary := range []string{"7011234567", "701 123", api(s), "a_sample_secret", fmt.Sprint(person.ID()), code.FindString(filed.Text)} {
				if strings.Contains(page, canary) {
					t.Errorf("/metrics shows %q", canary)
				}
			}
			if status := s.stop(); status != exitDone {
				t.Errorf("the program ended with %d:\n%s", status, s.stderr)
			}
		})
	}
}

// TestMetricsStayInside: however far HTTP_LISTEN is open, and whatever a web
// server passes on, the internet sees no metrics.
func TestMetricsStayInside(t *testing.T) {
	mux := newMux(slog.New(slog.DiscardHandler), nil, newMetrics().page(slog.New(slog.DiscardHandler)), "", nil)
	for _, tt := range []struct {
		from, header string
		want         int
	}{
		{"127.0.0.1:1", "", 200},
		{"[::1]:1", "", 200},
		{"10.1.2.3:1", "", 200},
		{"192.168.1.2:1", "", 200},
		{"[::ffff:10.1.2.3]:1", "", 200},
		{"[fd00::1]:1", "", 200},
		{"203.0.113.5:1", "", 404},
		{"[2001:db8::5]:1", "", 404},
		{"[::ffff:203.0.113.5]:1", "", 404},
		{"nowhere", "", 404},
		{"127.0.0.1:1", "X-Forwarded-For", 404},
		{"127.0.0.1:1", "Forwarded", 404},
		{"127.0.0.1:1", "X-Real-IP", 404},
		{"127.0.0.1:1", "Via", 404},
	} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.RemoteAddr = tt.from
		if tt.header != "" {
			r.Header.Set(tt.header, "203.0.113.5")
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != tt.want || (w.Code == 200) != strings.Contains(w.Body.String(), "saqbol_build_info") {
			t.Errorf("from %s with %q: %d, want %d", tt.from, tt.header, w.Code, tt.want)
		}
	}
}

// quiet is a source where nothing happens.
func quiet() source {
	return source{
		waiting: func() bot.Health { return bot.Health{} },
		ready:   func(context.Context) error { return nil },
		stored:  func(context.Context) (stored, error) { return stored{}, nil },
		filter:  func() storage.FilterState { return storage.FilterState{} },
		damage:  func() error { return nil },
	}
}

func look(m *metrics) string {
	w := httptest.NewRecorder()
	m.page(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

// TestMetricsWhileTheDiskHangs: they answer and say so, and looks don't pile up.
func TestMetricsWhileTheDiskHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, release := newMetrics(), make(chan struct{})
		var looks atomic.Int32
		hanging := quiet()
		hanging.stored = func(context.Context) (stored, error) {
			looks.Add(1)
			<-release
			return stored{storage.Backlog{Unsent: 7, Oldest: time.Now().Add(-time.Minute), Notices: 4, Letters: 2, Aside: 1}, time.Unix(1000, 0)}, nil
		}
		hanging.filter = func() storage.FilterState {
			return storage.FilterState{Stands: true, Keys: 5, Bytes: 640, Answered: 8, Passed: 3}
		}
		m.watch(hanging)
		for range 3 {
			got := samples(t, look(m))
			if got["saqbol_database_up"] != "0" || got["saqbol_ready"] != "1" || got["saqbol_outbox_rows"] != "" {
				t.Errorf("while the disk hangs: up %q, ready %q, rows %q", got["saqbol_database_up"], got["saqbol_ready"], got["saqbol_outbox_rows"])
			}
		}
		if n := looks.Load(); n != 1 {
			t.Errorf("%d looks hang, want 1", n)
		}
		close(release)
		synctest.Wait()
		got := samples(t, look(m))
		for series, want := range map[string]string{"saqbol_database_up": "1", "saqbol_outbox_rows": "7", "saqbol_outbox_oldest_seconds": "60",
			"saqbol_notice_rows": "4", "saqbol_dead_letter_rows": "2", "saqbol_set_aside_rows": "1",
			"saqbol_last_backup_timestamp_seconds": "1000", "saqbol_backup_interval_seconds": "0", "saqbol_database_damaged": "0",
			"saqbol_filter_up": "1", "saqbol_filter_keys": "5", "saqbol_filter_bytes": "640",
			`saqbol_filter_lookups_total{answered_by="filter"}`: "8", `saqbol_filter_lookups_total{answered_by="database"}`: "3"} {
			if got[series] != want {
				t.Errorf("afterwards %s is %q, want %s", series, got[series], want)
			}
		}
	})
}

func TestMetricsWithoutADatabase(t *testing.T) {
	m, away := newMetrics(), quiet()
	away.stored = func(context.Context) (stored, error) { return stored{}, errors.New("away") }
	away.damage = func() error { return errors.New("damaged") }
	away.backups = time.Hour
	away.ready = func(context.Context) error { return errors.New("not yet") }
	m.watch(away)
	got := samples(t, look(m))
	for series, want := range map[string]string{"saqbol_database_up": "0", "saqbol_ready": "0", "saqbol_database_damaged": "1", "saqbol_backup_interval_seconds": "3600"} {
		if got[series] != want {
			t.Errorf("%s is %q, want %s", series, got[series], want)
		}
	}
}

// TestCounting: each thing that is told moves its counter, and costs no memory.
func TestCounting(t *testing.T) {
	m := newMetrics()
	var given fraud.Verdicts
	given[fraud.LevelConfirmed] = 3
	tell := func() {
		m.Update(bot.KindButton, bot.ResultFailed, time.Millisecond)
		m.Verdicts(given)
		m.Limited(fraud.ExcessDay)
		m.Report(bot.ReportWithdrawn)
		m.DeadLetter(false)
		m.Call(bot.MethodDocument, bot.Limited, time.Second)
		m.Operation(storage.OpCommit, time.Millisecond, storage.FaultFull)
	}
	if n := testing.AllocsPerRun(99, tell); n != 0 { // and once to warm up
		t.Errorf("counting allocates %v times", n)
	}
	got := samples(t, look(m))
	for series, want := range map[string]string{
		`saqbol_updates_total{kind="button",result="failed"}`:        "100",
		`saqbol_update_seconds_count`:                                "100",
		`saqbol_verdicts_total{level="confirmed"}`:                   "300",
		`saqbol_limited_total{limit="day"}`:                          "100",
		`saqbol_reports_total{event="withdrawn"}`:                    "100",
		`saqbol_dead_letters_total{kept="no"}`:                       "100",
		`saqbol_sends_total{method="sendDocument",result="limited"}`: "100",
		`saqbol_send_seconds_sum{method="sendDocument"}`:             "100",
		`saqbol_database_seconds_count{operation="commit"}`:          "100",
		`saqbol_database_faults_total{fault="full"}`:                 "100",
	} {
		if got[series] != want {
			t.Errorf("%s is %q, want %s", series, got[series], want)
		}
	}
	// Every value that can be told has its counter.
	for _, kind := range bot.Kinds() {
		for _, result := range bot.Results() {
			m.Update(kind, result, 0)
		}
	}
	for _, method := range bot.Methods() {
		for _, delivery := range bot.Deliveries() {
			m.Call(method, delivery, 0)
		}
	}
	for _, op := range storage.Ops() {
		for _, fault := range storage.Faults() {
			m.Operation(op, 0, fault)
		}
	}
}
