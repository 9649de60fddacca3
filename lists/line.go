package lists

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"saqbol/fraud"
)

// maxReporters is the most people that a line may speak of.
const maxReporters = 100_000

// shortened is how spreadsheets write a long number.
var shortened = regexp.MustCompile(`^\d([.,]\d+)?[eE]\+?\d+$`)

// lines makes subjects of lines. It is used by one goroutine.
type lines struct {
	Options
	columns   columns
	scenarios map[string]uint8
	fields    [][]byte
}

func newLines(o Options, c columns) *lines {
	l := &lines{Options: o, columns: c, scenarios: map[string]uint8{"": 0}}
	for i, scenario := range fraud.Scenarios() {
		l.scenarios[string(scenario)] = uint8(i + 1)
	}
	return l
}

// read reads a line; ok is false for one in which nothing stands.
func (l *lines) read(line []byte) (out fraud.Listed, ok bool, reason Reason) {
	l.fields, reason = split(line, l.columns.sep, l.fields[:0])
	switch {
	case reason != 0:
		return out, true, reason
	case blank(l.fields):
		return out, false, 0
	case len(l.fields) > l.columns.count:
		return out, true, ReasonFields
	}
	subject, reason := l.subject(strings.ToLower(l.columns.of(l.fields, l.columns.kind)), l.columns.of(l.fields, l.columns.value))
	if reason != 0 {
		return out, true, reason
	}
	out = fraud.Listed{Reporters: 1}
	if out.Scenario, ok = l.scenarios[strings.ToLower(l.columns.of(l.fields, l.columns.scenario))]; !ok {
		return out, true, ReasonScenario
	}
	if text := l.columns.of(l.fields, l.columns.reporters); text != "" {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil || n < 1 || n > maxReporters {
			return out, true, ReasonReporters
		}
		out.Reporters = uint32(n)
	}
	if text := l.columns.of(l.fields, l.columns.last); text != "" {
		if out.Day, ok = l.day(text); !ok {
			return out, true, ReasonDate
		}
	}
	out.Key = l.Key(subject)
	return out, true, 0
}

// subject finds what a line is about.
func (l *lines) subject(kind, value string) (fraud.Subject, Reason) {
	switch fraud.Kind(kind) {
	case "", fraud.KindPhone, fraud.KindShort, fraud.KindImpossible, fraud.KindCard, fraud.KindIBAN:
	case "link":
		return fraud.Subject{}, ReasonLink
	default:
		return fraud.Subject{}, ReasonKindUnknown
	}
	if value == "" {
		return fraud.Subject{}, ReasonEmpty
	}
	found := l.Find(value)
	if len(found) == 0 && fraud.Kind(kind) == fraud.KindPhone {
		// A number of another country, as spreadsheets keep it: without its plus.
		if again := l.Find("+" + value); len(again) == 1 && again[0].Kind == fraud.KindPhone {
			found = again
		}
	}
	switch len(found) {
	case 0:
		return fraud.Subject{}, whyNothing(kind, value)
	case 1:
		return found[0], l.unfit(fraud.Kind(kind), found[0])
	}
	return fraud.Subject{}, ReasonSeveral
}

// unfit says why a subject can't be listed, 0 if it can.
func (l *lines) unfit(kind fraud.Kind, found fraud.Subject) Reason {
	switch {
	case found.Kind == fraud.KindBadCard:
		return ReasonCardDigit
	case found.Kind == fraud.KindBadIBAN:
		return ReasonIBANDigit
	case l.Official.Find(found.Kind, found.Value) != nil || emergency(found):
		return ReasonOfficial
	case kind == "" && found.Kind == fraud.KindShort: // the number of a line, perhaps
		return ReasonShort
	case kind == "" || kind == found.Kind || kind == fraud.KindPhone && found.Kind == fraud.KindImpossible:
		return 0
	}
	return ReasonKindOther
}

// emergency knows the numbers that must never be listed, whatever the directory of
// official numbers holds.
func emergency(s fraud.Subject) bool {
	if s.Kind != fraud.KindShort {
		return false
	}
	switch s.Value {
	case "101", "102", "103", "104", "109", "112":
		return true
	}
	return false
}

func whyNothing(kind, value string) Reason {
	switch {
	case shortened.MatchString(value):
		return ReasonSpreadsheet
	case strings.Contains(value, "://") || strings.Contains(value, "www."):
		return ReasonLink
	case fraud.Kind(kind) == fraud.KindCard && strings.Trim(value, "0123456789 -") == "":
		return ReasonCardDigit
	}
	return ReasonNothing
}

// day reads a date, with or without a time behind it.
func (l *lines) day(text string) (uint32, bool) {
	if len(text) > len(time.DateOnly) && (text[len(time.DateOnly)] == ' ' || text[len(time.DateOnly)] == 'T') {
		text = text[:len(time.DateOnly)]
	}
	date, err := time.Parse(time.DateOnly, text)
	if err != nil {
		date, err = time.Parse("02.01.2006", text)
	}
	// Tomorrow is today somewhere.
	if err != nil || date.Year() < 2000 || date.After(l.Now.Add(24*time.Hour)) {
		return 0, false
	}
	return uint32(date.Unix() / (24 * 60 * 60)), true
}
