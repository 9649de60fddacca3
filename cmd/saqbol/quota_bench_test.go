package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"saqbol/fraud"
	"saqbol/handlers"
)

// BenchmarkHitAndMiss compares the time of a check, from the text to the rendered
// answer over a real store, for numbers that people reported and for others; below
// the limit and beyond it; and with limits and without. The filter stands, as it
// does in a bot that has run for some seconds. All take turns in one run: only the
// ratios count.
func BenchmarkHitAndMiss(b *testing.B) {
	w := newTown(b)
	w.reports()
	standing(b, w.store)
	free, limited := w.deps, w.deps
	free.Quota = nil
	person := int64(0)
	checks := func(router *handlers.Router, number func(i int) int, people int64) func(i int) {
		return func(i int) {
			person = person%people + 1
			reply, err := router.Handle(b.Context(), handlers.Input{Update: int64(i + 1), Person: person, Chat: 1, Private: true, Text: simNumber(number(i)), Language: "kk"})
			if err != nil {
				b.Fatal(err)
			}
			for _, m := range reply.Messages {
				w.deps.Catalogue.HTML(reply.Lang, m.Text...)
			}
		}
	}
	hit := func(i int) int { hundred := i % simReported; return hundred*100 + hundred*37%100 }
	miss := func(i int) int { return hit(i) + 1 - 2*(i%2) }
	many := newTownQuota(w, fraud.Limits{ChecksPerHour: 1e6, ChecksPerDay: 1e6, ChecksAll: 1e6, ChecksShare: 1e6})
	none := newTownQuota(w, fraud.Limits{ChecksPerDay: 1, ChecksShare: 1})
	limited.Quota = many
	beyond := w.deps
	beyond.Quota = none
	for p := range int64(1000) {
		handlers.New(beyond).Handle(b.Context(), handlers.Input{Person: p + 1, Chat: 1, Private: true, Text: simNumber(0)}) //nolint:errcheck // uses the one question up
	}
	contenders := []*checkContender{
		{once: checks(handlers.New(limited), hit, 1000)}, {once: checks(handlers.New(limited), miss, 1000)},
		{once: checks(handlers.New(beyond), hit, 1000)}, {once: checks(handlers.New(beyond), miss, 1000)},
		{once: checks(handlers.New(free), miss, 1000)},
	}
	takeTurns(b, contenders)
	b.ReportMetric(0, "ns/op")
	for i, name := range []string{"hit-ns", "miss-ns", "beyond-hit-ns", "beyond-miss-ns", "unlimited-miss-ns"} {
		b.ReportMetric(contenders[i].median(), name)
	}
	b.ReportMetric(contenders[0].median()/contenders[1].median(), "hit/miss")
	b.ReportMetric(contenders[0].late()/contenders[1].late(), "hit/miss-p95")
	b.ReportMetric(contenders[2].median()/contenders[3].median(), "beyond-hit/miss")
	b.ReportMetric(contenders[1].median()/contenders[4].median(), "limits/none")
}

// late is the time of one check in a turn that only one in twenty exceeds.
func (c *checkContender) late() float64 {
	slices.Sort(c.took)
	return float64(c.took[len(c.took)*95/100].Nanoseconds()) / checkTurn
}

// A stranger's check shows the verdict, how many people reported, what they named most
// often and the day of the last report: two stores whose reports differ in everything
// else (who, when that day, what was lost, words, files, how and by whom) give the same
// answer to the letter.
func TestCheckRevealsNothingElse(t *testing.T) {
	morning := time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)
	sets := []map[int64]fraud.Report{
		{
			501: {Created: morning, Details: fraud.Details{Scenario: fraud.ScenarioCode, Loss: fraud.LossMoney, Amount: 990_000, Words: "сосед рассказал", Channel: fraud.ChannelCall, Claim: fraud.ClaimBank}},
			502: {Created: morning.Add(-90 * 24 * time.Hour), Details: fraud.Details{Scenario: fraud.ScenarioCode, Files: []fraud.File{{Kind: "photo", ID: "p1"}}}},
		},
		{
			9_000_000_001: {Created: morning.Add(13 * time.Hour), Details: fraud.Details{Scenario: fraud.ScenarioCode, Loss: fraud.LossNothing, Voice: fraud.VoiceRecording, Channel: fraud.ChannelWhatsApp}},
			9_000_000_002: {Created: morning.Add(11 * time.Hour), Details: fraud.Details{Scenario: fraud.ScenarioCode, When: morning, Words: "другие слова", Claim: fraud.ClaimPolice}},
		},
	}
	var answers []string
	for _, reports := range sets {
		w := newTown(t)
		n := byte(0)
		for person, report := range reports {
			n++
			report.Code = fmt.Sprintf("SB-0000-000%d", n)
			report.Subjects = []fraud.Ref{w.deps.Tokens.Identify(w.deps.Recognise.Find(simNumber(7))[0])}
			report.Updated = report.Created
			if _, err := w.store.Commit(t.Context(), fraud.Change{Person: person, Now: report.Created, File: &report}); err != nil {
				t.Fatal(err)
			}
		}
		w.ran = time.Hour
		reply := w.send(handlers.Input{Person: 1, Text: simNumber(7)})
		text := w.deps.Catalogue.HTML(reply.Lang, reply.Messages[0].Text...)
		for _, row := range reply.Messages[0].Buttons {
			for _, button := range row {
				text += "\n[" + button.Mark + w.deps.Catalogue.Plain(reply.Lang, button.Label) + "]"
			}
		}
		answers = append(answers, text)
	}
	if diff := cmp.Diff(answers[0], answers[1]); diff != "" {
		t.Errorf("the answers tell the stores apart:\n%s", diff)
	}
	if len(answers[0]) < 100 {
		t.Errorf("the answer is %q: the test shows nothing", answers[0])
	}
}
