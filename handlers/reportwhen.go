package handlers

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// whenResult says what became of a typed time; but for whenFine it is the end of
// the key of what the person reads.
type whenResult string

const (
	whenFine    whenResult = ""
	whenUnclear whenResult = "unclear"
	whenFuture  whenResult = "future"
	whenTooOld  whenResult = "too_old"
)

// oldestReport is how far back a report may reach.
const oldestReport = 10 // years

// whenChosen is the time a button of stepWhen stands for, UTC; zero where the
// button names none.
func whenChosen(choice string, now time.Time) time.Time {
	today := midnight(now.In(almaty()))
	switch choice {
	case whenToday:
		return today.UTC()
	case whenYesterday:
		return today.AddDate(0, 0, -1).UTC()
	case whenWeek:
		return monday(today).UTC()
	}
	return time.Time{}
}

// notAfter keeps a report from telling of tomorrow: "today" may have been pressed
// while the clock was ahead.
func (d *reportDraft) notAfter(now time.Time) {
	if d.When.After(now) {
		d.When = midnight(now.In(almaty())).UTC()
	}
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

func monday(day time.Time) time.Time {
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

// The words below are in the spelling that foldLetters leaves.
var (
	isoDate   = pattern(`\b(\d{4})-(\d{1,2})-(\d{1,2})\b`)
	dotDate   = pattern(`\b(\d{1,2})[./-](\d{1,2})(?:[./-](\d{4}|\d{2}))?\b`)
	namedDate = pattern(`\b(\d{1,2})\s*(?:-?\s?(?:го|е|ши))?\s+(\pL{3,})(?:\s+(\d{4}))?`)
	agoWords  = pattern(`(?:(\d+|\pL+)\s+)?(\pL+)\s+(?:назад|бурин)`)
	clockTime = pattern(`\b(\d{1,2})([:.])(\d{2})\b`)
	hourWords = pattern(`(?:^|\s)(?:в|сагат)\s+(\d{1,2})(?:$|[\s,-])`)
)

// parseWhen reads a day, perhaps with an hour, as people type it in Kazakh or
// Russian: "кеше", "вчера в 14:00", "12.05.2026 18:30", "2 күн бұрын". The time is
// UTC; without an hour it is the start of the day in Kazakhstan.
func parseWhen(text string, now time.Time) (time.Time, whenResult) {
	now = now.In(almaty())
	text = strings.TrimSpace(foldLetters(text))
	at, ok := hoursAgo(text, now)
	if !ok {
		at, ok = dayAndHour(text, now)
	}
	switch {
	case !ok:
		return time.Time{}, whenUnclear
	case at.After(now):
		return time.Time{}, whenFuture
	case at.Before(now.AddDate(-oldestReport, 0, 0)):
		return time.Time{}, whenTooOld
	}
	return at.UTC(), whenFine
}

// dayAndHour reads a day, an hour of today, or both.
func dayAndHour(text string, now time.Time) (time.Time, bool) {
	day, rest, named := dayNamed(text, now)
	clock, timed := clockNamed(rest, named)
	if !named {
		day = midnight(now)
	}
	return day.Add(clock), named || timed
}

// hoursAgo reads "2 часа назад", "сағат бұрын", "10 минут назад".
func hoursAgo(text string, now time.Time) (time.Time, bool) {
	m := agoWords().FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, false
	}
	n, known := countNamed(m[1])
	unit := time.Hour
	if hasHead(m[2], "минут") {
		unit = time.Minute
	}
	if !known || !hasHead(m[2], "минут", "час", "сагат") {
		return time.Time{}, false
	}
	return now.Add(-time.Duration(n) * unit).Truncate(time.Minute), true
}

// dayNamed finds the day a text names and what else the text says. A text with a
// date that can't be has no rest.
func dayNamed(text string, now time.Time) (day time.Time, rest string, ok bool) {
	if day, rest, ok := daysAgo(text, now); ok {
		return day, rest, true
	}
	for _, date := range []struct {
		form             func() *regexp.Regexp
		year, month, day int
	}{{isoDate, 1, 2, 3}, {dotDate, 3, 2, 1}, {namedDate, 3, 2, 1}} {
		m := date.form().FindStringSubmatch(text)
		if m == nil {
			continue
		}
		month := monthNamed(m[date.month])
		if month == 0 {
			continue // "14.30" and "2 раза" are no dates
		}
		number, _ := strconv.Atoi(m[date.day])
		day, ok := calendarDay(m[date.year], month, number, now)
		if !ok {
			return time.Time{}, "", false
		}
		return day, strings.Replace(text, m[0], " ", 1), true
	}
	return wordDay(text, now)
}

// daysAgo reads "3 дня назад", "бір апта бұрын".
func daysAgo(text string, now time.Time) (day time.Time, rest string, ok bool) {
	m := agoWords().FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, text, false
	}
	n, known := countNamed(m[1])
	rest = strings.Replace(text, m[0], " ", 1)
	today := midnight(now)
	switch unit := m[2]; {
	case !known:
		return time.Time{}, text, false
	case hasHead(unit, "ден", "дне", "дня", "кун", "сутк", "суток"):
		return today.AddDate(0, 0, -n), rest, true
	case hasHead(unit, "недел", "апта"):
		return today.AddDate(0, 0, -7*n), rest, true
	case hasHead(unit, "месяц"), unit == "аи":
		return today.AddDate(0, -n, 0), rest, true
	case hasHead(unit, "год", "лет", "жил"):
		return today.AddDate(-n, 0, 0), rest, true
	}
	return time.Time{}, text, false
}

// countNamed reads how many; no number at all means one. A word that is no
// number belongs to what stands before ("позвонили час назад") and means one too.
func countNamed(s string) (int, bool) {
	switch s {
	case "два", "две", "еки", "пару":
		return 2, true
	case "три", "уш":
		return 3, true
	}
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 1, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n < 1000
}

// calendarDay makes a day; without a year it is the last such day of the past
// half year, so that in January "25.12" is the one just gone and a slip of the
// finger in November is not last year's.
func calendarDay(year string, month time.Month, day int, now time.Time) (time.Time, bool) {
	y := now.Year()
	if year != "" {
		y, _ = strconv.Atoi(year)
		if len(year) == 2 {
			y += 2000
		}
	}
	at := time.Date(y, month, day, 0, 0, 0, 0, now.Location())
	if at.Month() != month || at.Day() != day {
		return time.Time{}, false
	}
	if last := at.AddDate(-1, 0, 0); year == "" && at.After(now) && last.After(now.AddDate(0, -6, 0)) {
		at = last
	}
	return at, true
}

// wordDay reads "кеше", "позавчера", "в понедельник", "осы аптада".
func wordDay(text string, now time.Time) (day time.Time, rest string, ok bool) {
	today := midnight(now)
	if hasAny(text, "на прошлои неделе", "откен апта") {
		return monday(today).AddDate(0, 0, -7), text, true
	}
	if hasAny(text, "етои неделе", "этои неделе", "оси апта") {
		return monday(today), text, true
	}
	if hasAny(text, "алдинги куни", "алдингуни") {
		return today.AddDate(0, 0, -2), text, true
	}
	for _, word := range strings.FieldsFunc(text, notLetter) {
		switch {
		case hasHead(word, "сегодня", "бугин", "только", "жана", "сеичас", "казир", "утром", "тангертен"):
			return today, text, true
		case hasHead(word, "завтра", "послезавтра", "ертен", "бурсигуни", "через"):
			return today.AddDate(0, 0, 1), text, true // refused as not yet come
		case hasHead(word, "позавчера"):
			return today.AddDate(0, 0, -2), text, true
		case hasHead(word, "вчера", "кеше"):
			return today.AddDate(0, 0, -1), text, true
		}
		if back, ok := weekdayNamed(word, today.Weekday()); ok {
			return today.AddDate(0, 0, -back), text, true
		}
	}
	return time.Time{}, text, false
}

// weekdayNamed is how many days ago the last such weekday was, today included.
func weekdayNamed(word string, today time.Weekday) (int, bool) {
	for weekday, heads := range [][]string{
		{"воскресен", "жексенби"}, {"понеделник", "дуисенби"}, {"вторник", "сеисенби"}, {"среда", "среду", "сарсенби"},
		{"четверг", "беисенби"}, {"пятниц", "жума"}, {"суббот", "сенби"},
	} {
		if hasHead(word, heads...) {
			return (int(today) - weekday + 7) % 7, true
		}
	}
	return 0, false
}

func monthNamed(s string) time.Month {
	if n, err := strconv.Atoi(s); err == nil {
		if n < 1 || n > 12 {
			return 0
		}
		return time.Month(n)
	}
	for i, heads := range [][]string{
		{"январ", "кантар"}, {"феврал", "акпан"}, {"март", "науриз"}, {"апрел", "сауир"}, {"мая", "маи", "мамир"},
		{"июн", "маусим"}, {"июл", "шилде"}, {"август", "тамиз"}, {"сентябр", "киркуиек"}, {"октябр", "казан"},
		{"ноябр", "караша"}, {"декабр", "желтоксан"},
	} {
		if hasHead(s, heads...) {
			return time.Month(i + 1)
		}
	}
	return 0
}

// clockNamed finds an hour. With a dot ("14.30") it counts only beside a day.
func clockNamed(text string, dayKnown bool) (time.Duration, bool) {
	if m := clockTime().FindStringSubmatch(text); m != nil && (m[2] == ":" || dayKnown) {
		hour, _ := strconv.Atoi(m[1])
		minute, _ := strconv.Atoi(m[3])
		if hour < 24 && minute < 60 {
			return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute, true
		}
	}
	if m := hourWords().FindStringSubmatch(text); m != nil {
		if hour, _ := strconv.Atoi(m[1]); hour < 24 {
			return time.Duration(hour) * time.Hour, true
		}
	}
	return 0, false
}

func hasHead(word string, heads ...string) bool {
	for _, h := range heads {
		if strings.HasPrefix(word, h) {
			return true
		}
	}
	return false
}

func hasAny(text string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}
