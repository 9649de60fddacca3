package handlers

import (
	"time"

	"saqbol/fraud"
	"saqbol/locales"
)

// summaryText is everything the report will say, and what filing it means.
func (r *Router) summaryText(lang fraud.Lang, d *reportDraft) []locales.Msg {
	details := d.details()
	text := []locales.Msg{
		locales.M("report.summary"),
		{},
		locales.M("report.sum.subjects", "Value", shown(d.Subjects)),
		summaryLine("report.sum.channel", orUnsaid(details.Channel, channelName)),
		summaryLine("report.sum.claim", orUnsaid(details.Claim, claimName)),
		summaryLine("report.sum.scenario", orUnsaid(details.Scenario, scenarioName)),
		summaryLine("report.sum.voice", orUnsaid(details.Voice, voiceName)),
		summaryLine("report.sum.when", whenSaid(d)),
		summaryLine("report.sum.loss", lossSaid(details)),
	}
	if details.Words == "" {
		text = append(text, summaryLine("report.sum.words", locales.M("report.unsaid")))
	} else {
		text = append(text, locales.M("report.sum.words", "Value", excerpt(details.Words)))
	}
	if len(details.Files) > 0 {
		text = append(text, locales.M("report.files", "Count", len(details.Files)))
	}
	if notes := r.officialNotes(lang, d.Subjects); len(notes) > 0 {
		text = append(append(text, locales.Msg{}), notes...)
	}
	return append(text, locales.Msg{}, locales.M("report.consent"))
}

func summaryLine(key string, value locales.Msg) locales.Msg { return locales.M(key, "Value", value) }

func orUnsaid[T ~string](value T, name func(T) locales.Msg) locales.Msg {
	if value == "" {
		return locales.M("report.unsaid")
	}
	return name(value)
}

// whenSaid names the time as exactly as it was told.
func whenSaid(d *reportDraft) locales.Msg {
	switch said := d.Answers[stepWhen]; {
	case said == whenWeek || said == whenEarlier:
		return whenName(said)
	case d.When.IsZero():
		return locales.M("report.unsaid")
	}
	if clock := d.When.In(almaty()).Format("15:04"); clock != "00:00" {
		return locales.M("report.when.at", "Day", locales.Day(d.When), "Time", clock)
	}
	return locales.M("report.when.on", "Day", locales.Day(d.When))
}

func lossSaid(details fraud.Details) locales.Msg {
	if details.Loss == fraud.LossMoney && details.Amount > 0 {
		return locales.M("report.sum.amount", "Amount", locales.Money(details.Amount))
	}
	return orUnsaid(details.Loss, lossName)
}

// officialNotes says of each official number that it is being forged.
func (r *Router) officialNotes(lang fraud.Lang, refs []draftRef) []locales.Msg {
	var notes []locales.Msg
	for _, ref := range refs {
		if entry := r.deps.Official.Find(ref.Kind, ref.Value); entry != nil {
			notes = append(notes, locales.M("report.official", "Subject", ref.Shown, "Name", entry.Names[lang]))
		}
	}
	return notes
}

// summaryButtons file, change one answer each, or leave.
func summaryButtons(d *reportDraft) [][]Button {
	rows := [][]Button{{d.button(markFile, locales.M("report.btn.file"), stepSummary, choiceFile)}}
	if len(d.Offered) > 0 {
		label := locales.M("report.btn.add", "Subject", d.Offered[0].Shown)
		rows = append(rows, []Button{d.button(markAdd, label, stepSummary, choiceAdd)})
	}
	var row []Button
	for _, s := range reportSteps() {
		if s.name == stepAmount || !s.asked(d) {
			continue // the sum is asked after the loss
		}
		row = append(row, d.button(markEdit, locales.M("report.edit."+s.name), stepSummary, choiceEdit+s.name))
		if len(row) == 2 {
			rows, row = append(rows, row), nil
		}
	}
	if len(row) > 0 {
		rows = append(rows, row)
	}
	return append(rows, wayOut(d, stepSummary, Button{})...)
}

// almaty is Kazakhstan's one time zone, UTC+5, since 1 March 2024.
func almaty() *time.Location { return time.FixedZone("Asia/Almaty", 5*60*60) }
