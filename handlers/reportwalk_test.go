package handlers

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"saqbol/fraud"
)

// Whatever people press, type and send, in whatever order: nothing fails, a draft
// is lost only by a word or a button that says so, and while a report is open the
// last thing shown has buttons.
func TestRandomWalks(t *testing.T) {
	texts := []string{
		"8 701 123 45 67", "+998 90 123 45 67", "4400 4300 0000 1237", "4111 1111 1111 1112", "KZ84722C000012345678", "1414",
		"1", "2", "3", "12", "99", "кеше", "вчера в 14:00", "31.12.2030", "12.05.2026 18:30", "150 мың", "1,5 млн", "$5", "0",
		"банк", "қоңырау", "whatsapp", "нет", "жоқ", "да", "назад", "артқа", "пропустить", "Әрі қарай", "✅", "◀", "непонятно", "   ", "<b>&",
		"код 4821", "позвонили из банка, просили код 4821 и перевод на безопасный счет", strings.Repeat("ұзақ әңгіме ", 400),
		"/report", "/report 87770000001 позвонили", "/my", "/check 87011234567", "/emergency", "/help", "/language",
	}
	base := newChat(t, "")
	rapid.Check(t, func(rt *rapid.T) {
		c := base.other(base.person, rapid.SampledFrom([]string{"kk", "ru"}).Draw(rt, "lang"))
		c.store = newFakeStore()
		c.deps.Store = c.store
		c.router = New(c.deps)
		c.say("/report 87011234567")
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			step(rt, c, texts)
		}
	})
}

// step does one random thing and looks at what became of the report.
func step(rt *rapid.T, c *chat, texts []string) {
	before := c.store.sessions[c.person]
	filed := len(c.store.reports)
	var buttons []Input
	for i, m := range c.last.Messages {
		for _, row := range m.Buttons {
			for _, b := range row {
				if b.Data != "" && !strings.HasSuffix(b.Data, ":"+choiceCancel) && !strings.HasPrefix(b.Data, "my:") && !strings.HasPrefix(b.Data, "set:") {
					buttons = append(buttons, Input{Kind: KindButton, Button: b.Data, Message: c.ids[i]})
				}
			}
		}
	}
	in := Input{Kind: KindText, Text: rapid.SampledFrom(texts).Draw(rt, "text")}
	switch what := rapid.IntRange(0, 9).Draw(rt, "what"); {
	case what < 5 && len(buttons) > 0:
		in = rapid.SampledFrom(buttons).Draw(rt, "button")
	case what == 8:
		in = Input{Kind: KindMedia, File: fraud.File{Kind: "photo", ID: "p"}, Album: rapid.SampledFrom([]string{"", "a"}).Draw(rt, "album"), Text: rapid.SampledFrom([]string{"", "87770000002", "история"}).Draw(rt, "caption")}
	case what == 9:
		c.router = New(c.deps)
	}
	said := in.Text
	if rest, ok := strings.CutPrefix(in.Text, "/"); ok && in.Kind == KindText {
		in.Kind = KindCommand
		in.Command, in.Text, _ = strings.Cut(rest, " ")
	}
	reply, err := c.try(in)
	if err != nil {
		rt.Fatalf("%+v: %v", in, err)
	}
	after := c.store.sessions[c.person]
	if before.Open() && !after.Open() && len(c.store.reports) == filed && !c.mayClose(before, in) {
		rt.Fatalf("%+v %q closed the report at %q:\n%s", in, said, before.Step, c.read(reply))
	}
	c.oneForm(rt, in, reply)
	if !after.Open() {
		return
	}
	d, err := readDraft(after.Draft)
	if err != nil {
		rt.Fatalf("%+v leaves no draft: %s", in, after.Draft)
	}
	if len(d.Subjects) > fraud.MaxSubjects || len(d.Files) > maxFiles || len([]rune(d.Words)) > maxWords || strings.Contains(string(after.Draft), "4821") {
		rt.Fatalf("%+v leaves %s", in, after.Draft)
	}
	for _, m := range reply.Messages {
		if m.Anchor && len(m.Buttons) == 0 {
			rt.Fatalf("%+v leaves no buttons:\n%s", in, c.read(reply))
		}
	}
}

// oneForm fails where the form is in two places, out of sight, or still there when
// the report is not.
func (c *chat) oneForm(rt *rapid.T, in Input, reply Reply) {
	forms, open := c.forms(), c.store.sessions[c.person].Open()
	if len(forms) > 1 || !open && len(forms) > 0 {
		rt.Fatalf("after %+v the form is in %v, the report open: %v", in, forms, open)
	}
	silent := len(reply.Messages) == 0 || reply.Messages[len(reply.Messages)-1].Edit != 0
	if in.Kind != KindButton && silent && in.Album == "" {
		rt.Fatalf("%+v is answered out of sight:\n%s", in, c.read(reply))
	}
	for i, m := range reply.Messages {
		if open && m.Anchor && m.Edit == 0 && c.ids[i] != c.lowest() {
			rt.Fatalf("after %+v something stands below the form", in)
		}
	}
}

// mayClose tells whether an input may end a report without filing it: an update
// of an earlier report, or a yes to the question whether to drop it.
func (c *chat) mayClose(before fraud.Session, in Input) bool {
	d, err := readDraft(before.Draft)
	if err != nil {
		return false
	}
	yes := in.Button == "drop:yes" || in.Text == "да"
	updates := before.Step == stepSummary && (strings.HasSuffix(in.Button, ":"+choiceFile) || in.Text == "да" || in.Text == "✅")
	return d.Pending != nil && yes || updates || d.empty() && in.Kind == KindCommand
}
