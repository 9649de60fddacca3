package locales

import (
	"testing"
	"time"

	"saqbol/fraud"
)

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRender is the answer to a check of a reported number: placeholders, a
// plural form, a message in a message, a date, and texts with nothing to fill in.
func BenchmarkRender(b *testing.B) {
	catalogue, err := Load()
	if err != nil {
		b.Fatal(err)
	}
	seen := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	answer := []Msg{
		M("check.head", "Mark", "🔴", "Subject", "+7 701 123 45 67"),
		M("check.reported").N(1203),
		M("check.top", "Scenario", M("scenario.loan")),
		M("check.last", "Day", Day(seen)),
		M("check.about.kz"),
		{},
		M("check.care"),
	}
	b.ReportAllocs()
	for b.Loop() {
		catalogue.HTML(fraud.Kazakh, answer...)
	}
}

// BenchmarkLabel is a button: a short text with nothing to fill in.
func BenchmarkLabel(b *testing.B) {
	catalogue, err := Load()
	if err != nil {
		b.Fatal(err)
	}
	label := M("check.about.kz")
	b.ReportAllocs()
	for b.Loop() {
		catalogue.Plain(fraud.Kazakh, label)
	}
}
