package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"saqbol/bot"
	"saqbol/storage"
)

// stateTimeout bounds the look into the database: /metrics answers even while the
// disk hangs, and then says so.
const stateTimeout = 2 * time.Second

// source is where the state of the program is read whenever somebody looks.
type source struct {
	waiting func() bot.Health
	ready   func(context.Context) error
	stored  func(context.Context) (stored, error)
	filter  func() storage.FilterState
	damage  func() error
	polling bool
	file    string        // of the database, "" where it is none
	backups time.Duration // between scheduled ones, 0 where none are made
}

// stored is what the database is asked for.
type stored struct {
	storage.Backlog
	backup time.Time // the last, zero where there is none
}

// storedIn asks a store.
func storedIn(store *storage.Store) func(context.Context) (stored, error) {
	return func(ctx context.Context) (s stored, err error) {
		if s.Backlog, err = store.Backlog(ctx); err != nil {
			return s, err
		}
		s.backup, err = store.LastBackup(ctx)
		return s, err
	}
}

// state gives what is so at this moment, unlike metrics, which counts.
type state struct {
	source  source
	looking chan struct{} // held while the database is asked: a disk that hangs holds one look, not one each time
	descs   map[string]*prometheus.Desc
}

// watch adds the program's state to what /metrics serves.
func (m *metrics) watch(s source) {
	st := &state{source: s, looking: make(chan struct{}, 1), descs: map[string]*prometheus.Desc{}}
	for _, d := range stateDescs() {
		var labels []string
		if d.label != "" {
			labels = []string{d.label}
		}
		st.descs[d.name] = prometheus.NewDesc(d.name, d.help, labels, nil)
	}
	m.registry.MustRegister(st)
}

type stateDesc struct{ name, label, help string }

func stateDescs() []stateDesc {
	return []stateDesc{
		{"saqbol_ready", "", "1 while the program takes updates in, as /readyz says of Telegram."},
		{"saqbol_conflict", "", "1 while another program polls with the same token."},
		{"saqbol_queue_length", "queue", "Updates taken in and not yet done with; answers not yet delivered."},
		{"saqbol_queue_oldest_seconds", "queue", "How long the oldest of the queue has waited; 0 where none waits."},
		{"saqbol_offset_age_seconds", "", "How long the oldest update that is not acknowledged has waited; by polling it holds the offset. 0 where none waits."},
		{"saqbol_turns", "", "Chats for which this replica works and no other may; 0 where there are no replicas."},
		{"saqbol_last_poll_timestamp_seconds", "", "When updates were last asked for with success; by polling only."},
		{"saqbol_last_update_timestamp_seconds", "", "When the last update came in; not there before the first."},
		{"saqbol_database_up", "", "1 where the database answers."},
		{"saqbol_outbox_rows", "", "Calls to Telegram that wait in the database."},
		{"saqbol_outbox_oldest_seconds", "", "How long the oldest of them has waited; 0 where none waits."},
		{"saqbol_notice_rows", "", "Messages that nobody waits for, due or not."},
		{"saqbol_dead_letter_rows", "", "Dead letters kept in the database."},
		{"saqbol_set_aside_rows", "", "Answers, notices and dead letters that can't be read."},
		{"saqbol_database_damaged", "", "1 once damage was found; nothing is saved then."},
		{"saqbol_filter_up", "", "1 while checks of what nobody reported are answered from memory."},
		{"saqbol_filter_keys", "", "About how many subjects and people the filter in memory holds."},
		{"saqbol_filter_bytes", "", "What the filter takes in memory."},
		{"saqbol_filter_lookups_total", "answered_by", "Subjects and people asked for while the filter stood, by what answered: the filter alone, or the database after it."},
		{"saqbol_last_backup_timestamp_seconds", "", "When the last backup was made; 0 where there is none."},
		{"saqbol_backup_interval_seconds", "", "How often a backup is to be made; 0 where that is left to others."},
		{"saqbol_database_bytes", "file", "Size of the database and of its write-ahead log."},
		{"saqbol_disk_free_bytes", "", "What may still be written where the database stands."},
	}
}

// Describe lists the metrics (prometheus.Collector).
func (s *state) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range s.descs {
		out <- desc
	}
}

// Collect reads the state (prometheus.Collector). What can't be read is left out.
func (s *state) Collect(out chan<- prometheus.Metric) {
	gauge := func(name string, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(s.descs[name], prometheus.GaugeValue, value, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), stateTimeout)
	defer cancel()
	h := s.source.waiting()
	gauge("saqbol_ready", truth(s.source.ready(ctx) == nil))
	gauge("saqbol_conflict", truth(h.Conflict))
	gauge("saqbol_queue_length", float64(h.Updates), "updates")
	gauge("saqbol_queue_length", float64(h.Answers), "answers")
	gauge("saqbol_queue_oldest_seconds", h.UpdateWait.Seconds(), "updates")
	gauge("saqbol_queue_oldest_seconds", h.AnswerWait.Seconds(), "answers")
	gauge("saqbol_offset_age_seconds", h.OffsetWait.Seconds())
	gauge("saqbol_turns", float64(h.Turns))
	if s.source.polling && !h.LastPoll.IsZero() {
		gauge("saqbol_last_poll_timestamp_seconds", seconds(h.LastPoll))
	}
	if !h.LastUpdate.IsZero() {
		gauge("saqbol_last_update_timestamp_seconds", seconds(h.LastUpdate))
	}
	gauge("saqbol_database_damaged", truth(s.source.damage() != nil))
	s.filter(out, gauge)
	gauge("saqbol_backup_interval_seconds", s.source.backups.Seconds())
	b, ok := s.stored(ctx)
	gauge("saqbol_database_up", truth(ok))
	if ok {
		gauge("saqbol_outbox_rows", float64(b.Unsent))
		oldest := time.Duration(0)
		if !b.Oldest.IsZero() {
			oldest = max(0, time.Since(b.Oldest))
		}
		gauge("saqbol_outbox_oldest_seconds", oldest.Seconds())
		gauge("saqbol_notice_rows", float64(b.Notices))
		gauge("saqbol_dead_letter_rows", float64(b.Letters))
		gauge("saqbol_set_aside_rows", float64(b.Aside))
		backup := 0.0
		if !b.backup.IsZero() {
			backup = seconds(b.backup)
		}
		gauge("saqbol_last_backup_timestamp_seconds", backup)
	}
	s.disk(gauge)
}

// filter tells how the filter stands.
func (s *state) filter(out chan<- prometheus.Metric, gauge func(string, float64, ...string)) {
	f := s.source.filter()
	gauge("saqbol_filter_up", truth(f.Stands))
	gauge("saqbol_filter_keys", float64(f.Keys))
	gauge("saqbol_filter_bytes", float64(f.Bytes))
	for by, n := range map[string]int64{"filter": f.Answered, "database": f.Passed} {
		out <- prometheus.MustNewConstMetric(s.descs["saqbol_filter_lookups_total"], prometheus.CounterValue, float64(n), by)
	}
}

// disk reads sizes around the database file.
func (s *state) disk(gauge func(string, float64, ...string)) {
	if s.source.file == "" {
		return
	}
	for label, path := range map[string]string{"main": s.source.file, "wal": s.source.file + "-wal"} {
		if info, err := os.Stat(path); err == nil {
			gauge("saqbol_database_bytes", float64(info.Size()), label)
		}
	}
	if free, err := freeBytes(filepath.Dir(s.source.file)); err == nil {
		gauge("saqbol_disk_free_bytes", float64(free))
	}
}

// stored asks the database, for as long as ctx lasts; ok is false where it does
// not answer.
func (s *state) stored(ctx context.Context) (_ stored, ok bool) {
	select {
	case s.looking <- struct{}{}:
	default:
		return stored{}, false // the last look still hangs
	}
	type answer struct {
		stored
		err error
	}
	answered := make(chan answer, 1)
	go func() {
		defer func() { <-s.looking }()
		found, err := s.source.stored(ctx)
		answered <- answer{found, err}
	}()
	select {
	case a := <-answered:
		return a.stored, a.err == nil
	case <-ctx.Done():
		return stored{}, false
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
