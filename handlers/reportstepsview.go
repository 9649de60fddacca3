package handlers

import (
	"encoding/hex"
	"slices"
	"strings"

	"saqbol/fraud"
	"saqbol/locales"
)

// The signs before the buttons of a report.
const (
	markFile   = "✅"
	markCancel = "✖️"
	markBack   = "◀"
	markNext   = "▶"
	markSkip   = "⏭"
	markEdit   = "✏️"
	markAdd    = "➕"
	markRemove = "🗑"
	markChosen = "•" // the answer given before
)

// show answers with a step of the draft, below the notes, and keeps the draft.
// The message that holds the form is always one, see place and leftover.
func (r *Router) show(t Turn, d *reportDraft, name string, notes ...locales.Msg) (Reply, error) {
	d.notAfter(t.Now)
	raw, err := d.encode()
	if err != nil {
		return Reply{}, err
	}
	text := slices.Clone(notes)
	if len(d.Offered) > 0 {
		text = append(text, locales.M("report.offer", "Subjects", shown(d.Offered)))
	}
	if len(text) > 0 {
		text = append(text, locales.Msg{})
	}
	m := Message{Edit: place(t), Anchor: true}
	if name == stepSummary {
		text, m.Buttons = append(text, r.summaryText(t.Lang, d)...), summaryButtons(d)
	} else {
		s, _ := stepNamed(name)
		text, m.Buttons = append(text, stepText(d, s)...), stepButtons(d, s)
	}
	m.Text = text
	return Reply{
		Messages: []Message{m},
		Delete:   leftover(t),
		Change:   fraud.Change{Session: &fraud.Session{Flow: flowReport, Step: name, Draft: raw, Anchor: m.Edit}},
	}, nil
}

// place is the message that an answer to this Turn is edited into: that of the
// pressed button, else none. Nobody is told of an edit, and what a person types
// stands below the form: an answer there must be a new message.
func place(t Turn) int64 {
	if t.Kind == KindButton {
		return t.Message
	}
	return 0
}

// leftover is the form's message that an answer to this Turn takes the place of
// and does not edit; it is deleted. 0 = none.
func leftover(t Turn) int64 {
	if t.Session.Anchor == place(t) {
		return 0
	}
	return t.Session.Anchor
}

// stepText is a question with what was said about it before.
func stepText(d *reportDraft, s reportStep) []locales.Msg {
	var text []locales.Msg
	if !d.Editing {
		at, all := progress(d, s.name)
		text = append(text, locales.M("report.progress", "Step", at, "All", all))
	}
	text = append(text, locales.M("report.ask."+s.name))
	switch s.name {
	case stepSubjects:
		if len(d.Subjects) > 0 {
			text = append(text, locales.Msg{}, locales.M("report.subjects_now", "Subjects", shown(d.Subjects)))
		}
	case stepWords:
		if d.Words != "" {
			text = append(text, locales.Msg{}, locales.M("report.words_now", "Words", excerpt(d.Words)))
		}
		if len(d.Files) > 0 {
			text = append(text, locales.M("report.files", "Count", len(d.Files)))
		}
	}
	return text
}

func progress(d *reportDraft, name string) (at, all int) {
	for _, s := range reportSteps() {
		if s.name == stepAmount || !s.asked(d) {
			continue // the sum belongs to the question before it
		}
		all++
		if s.name == name || s.name == stepLoss && name == stepAmount {
			at = all
		}
	}
	return at, all
}

// stepButtons are the options, what the draft allows besides, and the way out.
func stepButtons(d *reportDraft, s reportStep) [][]Button {
	var rows [][]Button
	for i, o := range s.options {
		b := d.button("", o.label, s.name, o.choice)
		if given, ok := d.Answers[s.name]; ok && given == o.choice {
			b.Mark = markChosen
		}
		if i%s.columns == 0 {
			rows = append(rows, nil)
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], b)
	}
	if len(d.Offered) > 0 {
		label := locales.M("report.btn.add", "Subject", d.Offered[0].Shown)
		rows = append(rows, []Button{d.button(markAdd, label, s.name, choiceAdd)})
	}
	next := Button{}
	switch {
	case s.name == stepSubjects && len(d.Subjects) > 0:
		for _, ref := range d.Subjects {
			rows = append(rows, []Button{d.button(markRemove, locales.M("report.btn.remove", "Subject", ref.Shown), s.name, choiceRemove+keyHead(ref))})
		}
		next = d.button(markNext, locales.M("report.btn.next"), s.name, choiceNext)
	case s.name == stepWords && (d.Words != "" || len(d.Files) > 0):
		next = d.button(markNext, locales.M("report.btn.next"), s.name, choiceNext)
	case s.skips:
		next = d.button(markSkip, locales.M("report.btn.skip"), s.name, choiceSkip)
	}
	return append(rows, wayOut(d, s.name, next)...)
}

// wayOut is the last rows under every step: back, on, and cancel.
func wayOut(d *reportDraft, step string, next Button) [][]Button {
	var row []Button
	if stepBefore(d, step) != "" {
		row = append(row, d.button(markBack, locales.M("report.btn.back"), step, choiceBack))
	}
	if next.Data != "" {
		row = append(row, next)
	}
	rows := [][]Button{{d.button(markCancel, locales.M("report.btn.cancel"), step, choiceCancel)}}
	if len(row) > 0 {
		rows = append([][]Button{row}, rows...)
	}
	return rows
}

// button makes a button of the draft: r:<draft>:<step>:<choice>.
func (d *reportDraft) button(mark string, label locales.Msg, step, choice string) Button {
	return Button{Mark: mark, Label: label, Data: "r:" + d.ID + ":" + step + ":" + choice}
}

func keyHead(ref draftRef) string { return hex.EncodeToString(ref.Key[:6]) }

func shown(refs []draftRef) string {
	all := make([]string, len(refs))
	for i, ref := range refs {
		all[i] = ref.Shown
	}
	return strings.Join(all, ", ")
}

// excerpt is enough of the person's words to know them again.
func excerpt(words string) string {
	const enough = 400
	runes := []rune(words)
	if len(runes) <= enough {
		return words
	}
	return string(runes[:enough]) + "…"
}
