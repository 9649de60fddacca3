package handlers

import (
	"testing"
	"time"
)

func TestParseWhen(t *testing.T) {
	// 22 November 2026 is a Sunday; testNow is 14:00 in Kazakhstan.
	day := func(y int, m time.Month, d int, clock ...int) time.Time {
		hour, minute := 0, 0
		if len(clock) == 2 {
			hour, minute = clock[0], clock[1]
		}
		return time.Date(y, m, d, hour, minute, 0, 0, almaty())
	}
	nov := func(d int, clock ...int) time.Time { return day(2026, time.November, d, clock...) }
	for _, c := range []struct {
		text string
		want time.Time
	}{
		{"вчера", nov(21)},
		{"Вчера!", nov(21)},
		{"кеше", nov(21)},
		{"keshe", nov(21)},
		{"кеше кешке қоңырау шалды", nov(21)},
		{"сегодня", nov(22)},
		{"бүгін", nov(22)},
		{"бугин", nov(22)},
		{"bügin", nov(22)},
		{"сегодня в 14:00", nov(22, 14, 0)},
		{"сегодня в 9.30", nov(22, 9, 30)},
		{"бүгін сағат 13", nov(22, 13, 0)},
		{"бүгін сағат 13-те", nov(22, 13, 0)},
		{"вчера в 18", nov(21, 18, 0)},
		{"кеше 18:30", nov(21, 18, 30)},
		{"13:15", nov(22, 13, 15)},
		{"позавчера", nov(20)},
		{"алдыңғы күні", nov(20)},
		{"12.05", day(2026, time.May, 12)},
		{"12/05/26", day(2026, time.May, 12)},
		{"12.05.2026", day(2026, time.May, 12)},
		{"12.05.2026 18:30", day(2026, time.May, 12, 18, 30)},
		{"18:30 12.05.2026", day(2026, time.May, 12, 18, 30)},
		{"2026-05-12", day(2026, time.May, 12)},
		{"12 мая", day(2026, time.May, 12)},
		{"12 мамыр", day(2026, time.May, 12)},
		{"5 қыркүйек 2025", day(2025, time.September, 5)},
		{"5 сентября 2025 в 10:05", day(2025, time.September, 5, 10, 5)},
		{"29.02.2024", day(2024, time.February, 29)},
		{"2 күн бұрын", nov(20)},
		{"екі күн бұрын", nov(20)},
		{"күн бұрын", nov(21)},
		{"3 дня назад", nov(19)},
		{"5 дней назад", nov(17)},
		{"позвонили день назад", nov(21)},
		{"неделю назад", nov(15)},
		{"бір апта бұрын", nov(15)},
		{"2 недели назад", nov(8)},
		{"месяц назад", day(2026, time.October, 22)},
		{"2 ай бұрын", day(2026, time.September, 22)},
		{"год назад", day(2025, time.November, 22)},
		{"час назад", nov(22, 13, 0)},
		{"2 сағат бұрын", nov(22, 12, 0)},
		{"10 минут назад", nov(22, 13, 50)},
		{"в пятницу", nov(20)},
		{"жұмада", nov(20)},
		{"дүйсенбі", nov(16)},
		{"на этой неделе", nov(16)},
		{"осы аптада", nov(16)},
		{"на прошлой неделе", nov(9)},
		{"жаңа ғана", nov(22)},
	} {
		got, result := parseWhen(c.text, testNow)
		if result != whenFine || !got.Equal(c.want) {
			t.Errorf("parseWhen(%q) = %v %q, want %v", c.text, got, result, c.want.UTC())
		}
	}
}

func TestParseWhenRefuses(t *testing.T) {
	for text, want := range map[string]whenResult{
		"":                 whenUnclear,
		"не помню":         whenUnclear,
		"31.02.2026":       whenUnclear,
		"14.30":            whenUnclear,
		"25:99":            whenUnclear,
		"5000 лет назад":   whenUnclear,
		"31.12.2030":       whenFuture,
		"23.11.2026":       whenFuture,
		"25.11":            whenFuture, // three days ahead, not a year ago
		"сегодня в 23:00":  whenFuture,
		"ертең 10:00":      whenFuture,
		"завтра":           whenFuture,
		"через 2 дня":      whenFuture,
		"12.05.1999":       whenTooOld,
		"2 мая 1026":       whenTooOld,
		"900 лет назад":    whenTooOld,
		"99999999999 дней": whenUnclear,
	} {
		if got, result := parseWhen(text, testNow); result != want {
			t.Errorf("parseWhen(%q) = %v %q, want %q", text, got, result, want)
		}
	}
	january := time.Date(2027, time.January, 5, 9, 0, 0, 0, time.UTC)
	if got, result := parseWhen("25.12", january); result != whenFine || got.In(almaty()).Format(time.DateOnly) != "2026-12-25" {
		t.Errorf("in January 25.12 is %v %q, want last December", got, result)
	}
}

func FuzzParseWhen(f *testing.F) {
	for _, seed := range []string{"вчера в 14:00", "12.05.2026 18:30", "2 күн бұрын", "31.02", "999 лет назад", "kеше 9.30", "0000-00-00", "в понедельник сағат 7"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, result := parseWhen(text, testNow)
		if result != whenFine {
			if !at.IsZero() {
				t.Errorf("parseWhen(%q) refuses with %q and yet says %v", text, result, at)
			}
			return
		}
		if at.After(testNow) || at.Before(testNow.AddDate(-oldestReport, 0, 0)) || at.Location() != time.UTC {
			t.Errorf("parseWhen(%q) = %v, out of bounds", text, at)
		}
	})
}
