package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"saqbol/emulator"
	"saqbol/fraud"
)

// steps are a report's questions in order, as the third part of a button's data
// names them.
func steps() []string {
	return []string{"subjects", "channel", "claim", "scenario", "voice", "when", "loss", "amount", "words", "summary"}
}

// form is a report's question as it stands in the chat.
type form struct {
	message int64
	text    string
	draft   string
	step    string
	rank    int // of the step
	options []emulator.Button
	skip    bool
	next    bool
	back    bool
}

// forms reads the questions of reports out of a chat, the oldest message first.
func forms(messages []emulator.Message) []form {
	var found []form
	for _, m := range messages {
		f := form{message: m.ID, text: m.Text}
		for _, row := range m.Buttons {
			for _, b := range row {
				f.read(b)
			}
		}
		if f.draft != "" {
			found = append(found, f)
		}
	}
	return found
}

func (f *form) read(b emulator.Button) {
	parts := strings.SplitN(b.Data, ":", 4)
	if len(parts) != 4 || parts[0] != "r" {
		return
	}
	f.draft, f.step = parts[1], parts[2]
	f.rank = slices.Index(steps(), f.step)
	switch choice := parts[3]; {
	case choice == "skip":
		f.skip = true
	case choice == "next":
		f.next = true
	case choice == "back":
		f.back = true
	case choice == "cancel", choice == "file", choice == "add", strings.HasPrefix(choice, "del-"), strings.HasPrefix(choice, "edit-"):
	default:
		f.options = append(f.options, b)
	}
}

func (f form) data(choice string) string { return "r:" + f.draft + ":" + f.step + ":" + choice }

// code is the code that the report will have.
func (f form) code() string { return "SB-" + f.draft[:4] + "-" + f.draft[4:] }

// writing is a report on its way, as its person means it.
type writing struct {
	form
	number  string
	answers map[string]string // choice by step
	amount  int64
	words   string
	path    []string // the questions answered so far
	turned  bool     // has gone back once: from then on by buttons alone, so that no question comes twice
}

// report goes through a whole report, by buttons and by typed words.
func (c *citizen) report(ctx context.Context) error {
	w := &writing{number: c.fresh(), answers: map[string]string{}}
	if err := c.begin(ctx, w); err != nil {
		return err
	}
	for w.step != "summary" {
		if err := c.answer(ctx, w); err != nil {
			return err
		}
		c.ledger.steps.Add(1)
	}
	return c.file(ctx, w)
}

// until waits for a question of w's draft that fits, and goes on there. What stands
// in the chat already is no answer to what the person does next: where the program
// died, copies of earlier questions stay.
func (c *citizen) until(w *writing, fits func(form) bool) func([]emulator.Message) bool {
	type question struct {
		message     int64
		draft, step string
	}
	old := map[question]bool{}
	for _, f := range forms(c.Messages()) {
		old[question{f.message, f.draft, f.step}] = true
	}
	return func(messages []emulator.Message) bool {
		var best form
		for _, f := range forms(messages) {
			ours := f.draft == w.draft || w.draft == "" && !c.drafts[f.draft]
			if ours && !old[question{f.message, f.draft, f.step}] && fits(f) && f.rank >= best.rank {
				best = f
			}
		}
		if best.draft == "" {
			return false
		}
		w.form = best
		c.drafts[best.draft] = true
		return true
	}
}

// begin opens a report in one of the ways there are.
func (c *citizen) begin(ctx context.Context, w *writing) error {
	var after int64
	fresh := func(rank int) func(form) bool {
		return func(f form) bool { return f.message > after && f.rank >= rank }
	}
	switch c.dice.IntN(3) {
	case 0:
		_, err := c.act(ctx, "began a report of "+w.number, func() error {
			after = c.Send("/report " + c.spelled(w.number))
			return nil
		}, c.until(w, fresh(1)))
		return err
	case 1:
		messages, err := c.act(ctx, "checked "+w.number, func() error { after = c.Send(c.spelled(w.number)); return nil },
			awaitingStart(&after, display(w.number)))
		if err != nil {
			return err
		}
		m, b, _ := newest(messages, "rep:")
		after = m.ID
		_, err = c.act(ctx, "pressed the button that reports "+w.number, c.presses(m.ID, b.Data), c.until(w, fresh(1)))
		return err
	}
	if _, err := c.act(ctx, "began a report", func() error { after = c.Send("/report"); return nil }, c.until(w, fresh(0))); err != nil {
		return err
	}
	before := w.message
	_, err := c.act(ctx, "named "+w.number, c.says(c.spelled(w.number)), c.until(w, func(f form) bool {
		return f.rank > 0 || f.next && f.message > before
	}))
	return err
}

// awaitingStart waits for the answer to a check with its button that reports.
func awaitingStart(after *int64, text string) func([]emulator.Message) bool {
	return func(messages []emulator.Message) bool {
		m, _, ok := newest(messages, "rep:")
		return ok && m.ID > *after && strings.Contains(m.Text, text)
	}
}

// answer answers the question at which w stands, or goes back one.
func (c *citizen) answer(ctx context.Context, w *writing) error {
	at := w.form
	later := c.until(w, func(f form) bool {
		// After a step back a copy of a later question may have been taken for the
		// next: pressing it brings the one that is open into its place.
		return f.rank > at.rank || w.turned && f.message == at.message
	})
	if at.back && len(w.path) > 0 && !w.turned && c.dice.IntN(12) == 0 {
		return c.back(ctx, w)
	}
	w.path = append(w.path, at.step)
	what := fmt.Sprintf("answered %q of %s", at.step, at.code())
	typed := !w.turned && c.dice.IntN(3) == 0
	switch {
	case len(at.options) > 0 && (!at.skip || c.dice.IntN(8) > 0):
		b := at.options[c.dice.IntN(len(at.options))]
		w.answers[at.step] = strings.TrimPrefix(b.Data, at.data(""))
		do := c.presses(at.message, b.Data)
		if typed {
			do = c.says(strings.TrimSpace(strings.TrimPrefix(b.Text, "•")))
		}
		_, err := c.act(ctx, what, do, later)
		return err
	case at.step == "amount" && typed:
		w.amount = int64(1+c.dice.IntN(900)) * 1000
		_, err := c.act(ctx, what, c.says(fmt.Sprint(w.amount, " тенге")), later)
		return err
	case at.step == "words" && !w.turned && c.dice.IntN(3) > 0:
		w.words = c.words()
		_, err := c.act(ctx, what, c.says(w.words), later)
		return err
	}
	choice := "skip"
	if at.next {
		choice = "next"
	} else {
		w.pass(at.step)
	}
	_, err := c.act(ctx, what, c.presses(at.message, at.data(choice)), later)
	return err
}

// back goes back to the question before. Copies of it may stand further up where
// the program died: it is the one in the place of the button that counts, or a
// new one.
func (c *citizen) back(ctx context.Context, w *writing) error {
	at, to := w.form, w.path[len(w.path)-1]
	w.turned, w.path = true, w.path[:len(w.path)-1]
	_, err := c.act(ctx, "went back from "+at.step, c.presses(at.message, at.data("back")), c.until(w, func(f form) bool {
		return f.step == to && f.message >= at.message
	}))
	return err
}

// pass forgets what was answered to a question before.
func (w *writing) pass(step string) {
	delete(w.answers, step)
	if step == "amount" || step == "loss" {
		w.amount = 0
	}
}

// words are a person's own, unlike anybody else's.
func (c *citizen) words() string {
	letters := []rune("абвгдежзиклмнопрстуфхэюя")
	mark := make([]rune, 12)
	for i := range mark {
		mark[i] = letters[c.dice.IntN(len(letters))]
	}
	return "Сказали, что с моей картой беда, и просили никому не говорить. Его звали " + string(mark)
}

// file presses the button that files the report, and reads its code.
func (c *citizen) file(ctx context.Context, w *writing) error {
	meant, err := w.meant(c.catalogue)
	if err != nil {
		return err
	}
	p := &promise{person: c.ID(), code: w.code(), subjects: []string{w.number}, details: meant, diary: strings.Join(c.diary, "; ")}
	c.ledger.note(p, func() { p.filed = asked })
	_, err = c.act(ctx, "filed "+p.code, c.presses(w.message, w.data("file")), func(messages []emulator.Message) bool {
		return slices.ContainsFunc(messages, func(m emulator.Message) bool { return m.FromBot && strings.Contains(m.Text, p.code) })
	})
	if err == nil {
		c.ledger.note(p, func() { p.filed = told })
	}
	return err
}

// details are the answers as the report must hold them. The time is left out:
// which day "today" is, is for the program to say.
func (w *writing) details() fraud.Details {
	d := fraud.Details{
		Channel: fraud.Channel(w.answers["channel"]), Claim: fraud.Claim(w.answers["claim"]),
		Scenario: fraud.Scenario(w.answers["scenario"]), Voice: fraud.Voice(w.answers["voice"]),
		Loss: fraud.Loss(w.answers["loss"]), Words: w.words,
	}
	switch d.Channel {
	case fraud.ChannelSMS, fraud.ChannelShop:
		d.Voice = fraud.VoiceNone
	case fraud.ChannelPerson:
		d.Voice = fraud.VoicePerson
	}
	if d.Loss == fraud.LossMoney {
		d.Amount = w.amount
	}
	return d
}
