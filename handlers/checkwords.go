package handlers

import (
	"fmt"
	"strings"

	"saqbol/fraud"
	"saqbol/locales"
)

// addClue says which known scheme the words resemble, offers its tip, and
// reports whether there is one.
func (r *Router) addClue(m *Message, text string) bool {
	scenario := r.words.clues.resembles(text)
	if scenario == "" {
		return false
	}
	m.Text = append(m.Text, locales.M("check.clue", "Scenario", locales.M("scenario."+string(scenario))), locales.Msg{})
	m.Buttons = append(m.Buttons, tipLink(scenario))
	return true
}

// addTip offers the tip of the scenario that people name, of several the one of
// the gravest finding.
func addTip(m *Message, findings []finding) {
	worst := finding{}
	for _, f := range findings {
		top, level := f.verdict.Standing.Top, f.verdict.Level
		named := top != "" && top != fraud.ScenarioOther && (level == fraud.LevelReported || level == fraud.LevelConfirmed)
		if named && (worst.verdict.Standing.Top == "" || gravity(f) > gravity(worst)) {
			worst = f
		}
	}
	if top := worst.verdict.Standing.Top; top != "" {
		m.Buttons = append(m.Buttons, tipLink(top))
	}
}

func tipLink(scenario fraud.Scenario) []Button {
	return []Button{{Label: locales.M("check.button.tip"), Data: "tip:+" + string(scenario)}}
}

// addSecret warns of a card's number, a code or a password in the person's own
// message, and offers to delete it. Where nothing else explains a few digits,
// they may be a code that has just come.
func (r *Router) addSecret(m *Message, t Turn, unexplained bool) {
	key := "check.secret"
	if _, found := r.deps.Recognise.Redact(t.Text); !found {
		if !unexplained || !maybeCode(t.Text) {
			return
		}
		key = "check.maybe_code"
	}
	m.Text = append(m.Text, locales.M(key), locales.Msg{})
	if t.Private {
		m.Buttons = append(m.Buttons, deleteButton(t))
	}
}

// deleteButton deletes the person's own message.
func deleteButton(t Turn) []Button {
	return []Button{{Label: locales.M("check.button.delete"), Mark: markRemove, Data: fmt.Sprintf("del:%d", t.Message)}}
}

// maybeCode reports whether a text is nothing but four to eight digits, in
// groups or not: 4821, 123-456.
func maybeCode(text string) bool {
	digits := 0
	for _, c := range strings.TrimSpace(text) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case !strings.ContainsRune(" \u00a0-–", c):
			return false
		}
	}
	return digits >= 4 && digits <= 8
}

// onlyUnknownShorts reports whether nothing was found but short numbers of which
// nobody knows whose they are.
func onlyUnknownShorts(findings []finding) bool {
	for _, f := range findings {
		if f.subject.Kind != fraud.KindShort || f.subject.Country != "" || f.verdict.Level != fraud.LevelNone {
			return false
		}
	}
	return true
}
