package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"saqbol/bot"
	"saqbol/fraud"
	"saqbol/storage"
)

// metrics is what the program counts about itself, for /metrics. Its labels are
// small closed sets; every counter is looked up once, here, so that counting is
// one addition. None of it is about a person.
type metrics struct {
	registry *prometheus.Registry

	updates    [][]prometheus.Counter // by bot.Kind and bot.Result
	updateTime prometheus.Observer
	verdicts   []prometheus.Counter // by fraud.Level
	limits     map[fraud.Excess]prometheus.Counter
	reports    []prometheus.Counter // by bot.ReportEvent
	kept, lost prometheus.Counter   // dead letters
	turnTime   prometheus.Observer
	sends      [][]prometheus.Counter // by bot.Method and bot.Delivery
	sendTime   []prometheus.Observer  // by bot.Method
	storeTime  []prometheus.Observer  // by storage.Op
	faults     []prometheus.Counter   // by storage.Fault
}

// The upper bounds of the times, in seconds: a lookup takes microseconds, a commit
// waits for the disk, a call for Telegram.
func storeBuckets() []float64 {
	return []float64{.00005, .0001, .00025, .001, .0025, .005, .01, .025, .1, .25, 1, 5}
}

func netBuckets() []float64 { return []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20} }

// newMetrics makes the counters, all at zero.
func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	build := m.gauge("saqbol_build_info", "What runs: always 1, with the version, the commit and the Go version as labels.", "version", "commit", "go")
	b := thisBuild()
	build.WithLabelValues(b.version, b.commit, runtime.Version()).Set(1)

	m.updates = grid(m.counter("saqbol_updates_total", "Updates from Telegram, by kind and by what became of them.", "kind", "result"), bot.Kinds(), bot.Results())
	m.updateTime = m.histogram("saqbol_update_seconds", "From an update's coming in until its effect is stored or its answer known.", netBuckets()).WithLabelValues()
	m.verdicts = column(m.counter("saqbol_verdicts_total", "Verdicts in answers to checks, by level.", "level"), levels())
	limits := m.counter("saqbol_limited_total", "Answers that say that a limit is reached, by limit.", "limit")
	m.limits = map[fraud.Excess]prometheus.Counter{}
	for _, excess := range fraud.Excesses() {
		m.limits[excess] = limits.WithLabelValues(string(excess))
	}
	m.reports = column(m.counter("saqbol_reports_total", "Reports filed, changed and withdrawn.", "event"), bot.ReportEvents())
	letters := m.counter("saqbol_dead_letters_total", "Updates that could not be handled; kept is no where even the dead letter was lost.", "kept")
	m.kept, m.lost = letters.WithLabelValues("yes"), letters.WithLabelValues("no")
	m.turnTime = m.histogram("saqbol_turn_wait_seconds", "How long updates waited until no other replica worked for their chat.", netBuckets()).WithLabelValues()
	m.sends = grid(m.counter("saqbol_sends_total", "Tries to deliver an answer, by method and by what became of them.", "method", "result"), bot.Methods(), bot.Deliveries())
	m.sendTime = column(m.histogram("saqbol_send_seconds", "How long Telegram took to answer a call, by method.", netBuckets(), "method"), bot.Methods())
	m.storeTime = column(m.histogram("saqbol_database_seconds", "How long operations of the database took, waiting for the writer included.", storeBuckets(), "operation"), storage.Ops())
	m.faults = column(m.counter("saqbol_database_faults_total", "Operations of the database that failed, by fault.", "fault"), storage.Faults()[1:])
	return m
}

func (m *metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(vec)
	return vec
}

func (m *metrics) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(vec)
	return vec
}

func (m *metrics) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(vec)
	return vec
}

// page serves the metrics.
func (m *metrics) page(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4,
	})
}

// column looks up the metric of each value of a label, in their order.
func column[M any, L fmt.Stringer](vec interface{ WithLabelValues(...string) M }, values []L) []M {
	out := make([]M, len(values))
	for i, value := range values {
		out[i] = vec.WithLabelValues(value.String())
	}
	return out
}

// grid is column for two labels.
func grid[A, B fmt.Stringer](vec *prometheus.CounterVec, first []A, second []B) [][]prometheus.Counter {
	out := make([][]prometheus.Counter, len(first))
	for i, a := range first {
		out[i] = make([]prometheus.Counter, len(second))
		for k, b := range second {
			out[i][k] = vec.WithLabelValues(a.String(), b.String())
		}
	}
	return out
}

// levels are all verdicts' levels.
func levels() []fraud.Level {
	out := make([]fraud.Level, len(fraud.Verdicts{}))
	for i := range out {
		out[i] = fraud.Level(i)
	}
	return out
}

// Update counts an update (bot.Meter).
func (m *metrics) Update(kind bot.Kind, result bot.Result, took time.Duration) {
	m.updates[kind][result].Inc()
	if result != bot.ResultSeen {
		m.updateTime.Observe(took.Seconds())
	}
}

// Verdicts counts what an answer to a check says (bot.Meter).
func (m *metrics) Verdicts(given fraud.Verdicts) {
	for level, n := range given {
		if n > 0 {
			m.verdicts[level].Add(float64(n))
		}
	}
}

// Limited counts an answer that tells of a limit (bot.Meter).
func (m *metrics) Limited(by fraud.Excess) {
	if counter, known := m.limits[by]; known {
		counter.Inc()
	}
}

// Report counts a change of a report (bot.Meter).
func (m *metrics) Report(event bot.ReportEvent) { m.reports[event].Inc() }

// Turn measures the wait for a chat (bot.Meter).
func (m *metrics) Turn(waited time.Duration) { m.turnTime.Observe(waited.Seconds()) }

// DeadLetter counts an update that could not be handled (bot.Meter).
func (m *metrics) DeadLetter(kept bool) {
	if kept {
		m.kept.Inc()
		return
	}
	m.lost.Inc()
}

// Call counts a try to deliver an answer (bot.Meter).
func (m *metrics) Call(method bot.Method, delivery bot.Delivery, took time.Duration) {
	m.sends[method][delivery].Inc()
	m.sendTime[method].Observe(took.Seconds())
}

// Operation measures what the store did (storage.Meter).
func (m *metrics) Operation(op storage.Op, took time.Duration, fault storage.Fault) {
	m.storeTime[op].Observe(took.Seconds())
	if fault != storage.FaultNone {
		m.faults[fault-1].Inc() // the first is FaultNone, which is none
	}
}
