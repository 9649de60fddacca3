package main

import (
	"fmt"
	"strings"

	"saqbol/fraud"
	"saqbol/locales"
)

// summary reads the last page of a report, as its person does before they file it.
type summary struct {
	catalogue *locales.Catalogue
	lines     map[string]bool
}

func readSummary(catalogue *locales.Catalogue, text string) summary {
	s := summary{catalogue: catalogue, lines: map[string]bool{}}
	for line := range strings.SplitSeq(text, "\n") {
		s.lines[line] = true
	}
	return s
}

// shows reports whether a line of the page says value of key, in either language.
func (s summary) shows(key string, value locales.Msg) bool {
	for _, lang := range locales.Langs() {
		if s.lines[s.catalogue.Plain(lang, locales.M(key, "Value", value))] {
			return true
		}
	}
	return false
}

// details are the answers that the page shows, the person's own words left out.
func (s summary) details(amount int64) (fraud.Details, error) {
	var d fraud.Details
	var err error
	if d.Channel, err = shownOf(s, "channel", fraud.Channels()); err != nil {
		return d, err
	}
	if d.Claim, err = shownOf(s, "claim", fraud.Claims()); err != nil {
		return d, err
	}
	if d.Scenario, err = shownOf(s, "scenario", fraud.Scenarios()); err != nil {
		return d, err
	}
	if d.Voice, err = shownOf(s, "voice", fraud.Voices()); err != nil {
		return d, err
	}
	if s.shows("report.sum.loss", locales.M("report.sum.amount", "Amount", locales.Money(amount))) {
		d.Loss, d.Amount = fraud.LossMoney, amount
		return d, nil
	}
	d.Loss, err = shownOf(s, "loss", fraud.Losses())
	return d, err
}

// shownOf is the one choice that the page shows of a question, "" where it shows
// that none was made.
func shownOf[T ~string](s summary, question string, choices []T) (T, error) {
	var found []T
	for _, choice := range choices {
		if s.shows("report.sum."+question, locales.M(question+"."+string(choice))) {
			found = append(found, choice)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0 && s.shows("report.sum."+question, locales.M("report.unsaid")):
		return "", nil
	}
	return "", fmt.Errorf("the summary shows %q of %q", found, question)
}

// meant is what the report must hold: what the summary shows. It must show what
// the person has answered; only who went back once may have answered a copy of an
// earlier question, which counts for nothing, and reads here what does.
func (w *writing) meant(catalogue *locales.Catalogue) (fraud.Details, error) {
	said := w.details()
	shown, err := readSummary(catalogue, w.text).details(w.amount)
	shown.Words = said.Words
	if err != nil || !w.turned && fmt.Sprint(shown) != fmt.Sprint(said) {
		return shown, fmt.Errorf("the summary of %s shows %+v, its person said %+v: %w\n%s", w.code(), shown, said, err, w.text)
	}
	return shown, nil
}
