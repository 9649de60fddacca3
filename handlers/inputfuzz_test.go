package handlers

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"saqbol/fraud"
)

// walker is one person who does what a fuzzer says, over and over.
type walker struct {
	*chat
	buttons  []Button
	under    []int64
	commands []string
}

// do hands an Input over and holds the answer against what every answer must be.
func (w *walker) do(t *testing.T, in Input) {
	t.Helper()
	*w.update++
	w.message++
	in.Update, in.Person, in.Chat, in.Private, in.Language = *w.update, w.person, w.person, true, w.code
	if in.Message == 0 {
		in.Message = w.message
	}
	reply, err := w.router.Handle(context.Background(), in)
	if err != nil {
		t.Fatalf("%+v: %v", in, err)
	}
	if err := w.store.Apply(reply.Change); err != nil {
		t.Fatal(err)
	}
	w.anchor(reply)
	if len(reply.Messages) == 0 && reply.Toast.Zero() && reply.Delete == 0 && in.Kind != KindEdited && in.Album == "" {
		t.Fatalf("nothing is answered to %+v", in)
	}
	w.buttons, w.under = nil, nil
	for i, m := range reply.Messages {
		checkMarkup(t, w.deps.Catalogue.HTML(reply.Lang, m.Text...))
		for _, row := range m.Buttons {
			for _, b := range row {
				w.buttons, w.under = append(w.buttons, b), append(w.under, w.ids[i])
				if len(b.Data) > 64 || !utf8.ValidString(b.Data) {
					t.Fatalf("Telegram refuses the button %+v", b)
				}
			}
		}
	}
	if draft := reply.Change.Session; draft != nil && !utf8.Valid(draft.Draft) {
		t.Fatalf("a draft that is no text: %q", draft.Draft)
	}
}

// checkMarkup fails where a text holds markup that is not the catalogue's own, or
// not closed as it was opened.
func checkMarkup(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) || strings.TrimSpace(text) == "" {
		t.Fatalf("a message is no text: %q", text)
	}
	var open []string
	for rest := text; ; {
		_, after, found := strings.Cut(rest, "<")
		if !found {
			break
		}
		tag, behind, closed := strings.Cut(after, ">")
		name, ends := strings.CutPrefix(tag, "/")
		switch {
		case !closed || name != "b" && name != "code":
			t.Fatalf("what a person wrote became markup: <%.40s in %q", after, text)
		case !ends:
			open = append(open, name)
		case len(open) == 0 || open[len(open)-1] != name:
			t.Fatalf("markup is closed that was not opened: %q", text)
		default:
			open = open[:len(open)-1]
		}
		rest = behind
	}
	if len(open) > 0 {
		t.Fatalf("markup is not closed: %q", text)
	}
}

// forget takes away what the last walk left behind.
func (w *walker) forget() {
	w.buttons, w.under = nil, nil
	w.store.reports = nil
	clear(w.store.seen)
	clear(w.store.people)
	clear(w.store.sessions)
	clear(w.store.disputes)
	clear(w.board)
}

// FuzzInput has a person do anything at any step: type a text, send a contact, a
// file, a command, an edit, press a button that is there or one that is not. No
// flow panics or fails, nobody is left without an answer, and nothing that they
// wrote becomes markup.
func FuzzInput(f *testing.F) {
	store := newFakeStore()
	deps := newDeps(f, store)
	w := &walker{chat: &chat{router: New(deps), store: store, deps: deps, person: 1001, update: new(int64), message: 100, board: map[int64]Message{}}}
	w.commands = slices.Sorted(maps.Keys(w.router.commands))
	for _, text := range []string{"8 701 123 45 67", "4400 4300 0000 1237", "<b>x</b> & <s>", "", "да", "жоқ", "500 000", "вчера", "\xff\x00\u202e", "помогите", strings.Repeat("<", 4096)} {
		f.Add("", text, "r:00000000:words:skip", []byte{0, 16, 17, 18, 1, 2, 3, 4, 5, 6})
		f.Add("kk", text, "drop:yes", []byte{7, 16, 16, 16, 16, 16, 16, 16, 16, 16, 0, 8, 9, 10})
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 { // walks that get to the end of a report
		walk := []byte{7}
		for range 20 {
			walk = append(walk, byte(random.IntN(256)))
		}
		f.Add("ru", "8 701 123 45 67 <s>x</s> & \"<i>\" мошенник", "set:erase", walk)
	}
	f.Fuzz(func(t *testing.T, language, text, data string, walk []byte) {
		// Telegram's JSON holds only text.
		language, text, data = strings.ToValidUTF8(language, "?"), strings.ToValidUTF8(text, "?"), strings.ToValidUTF8(data, "?")
		w.forget()
		w.t, w.code = t, language
		for _, step := range walk[:min(len(walk), 24)] {
			w.step(t, step, text, data)
		}
	})
}

// step does one thing. From 16 on it is the press of a button that is there.
func (w *walker) step(t *testing.T, step byte, text, data string) {
	said := text
	if said == "" {
		said = "?"
	}
	switch {
	case step >= 16 && len(w.buttons) > 0:
		i := int(step) % len(w.buttons)
		if w.buttons[i].Data != "" {
			w.do(t, Input{Kind: KindButton, Button: w.buttons[i].Data, Message: w.under[i]})
		}
	case step%16 == 1:
		w.do(t, Input{Kind: KindText, Text: said, Contacts: []string{text, data}})
	case step%16 == 2:
		w.do(t, Input{Kind: KindMedia, File: fraud.File{Kind: "photo", ID: "sample"}, Text: text})
	case step%16 == 3:
		w.do(t, Input{Kind: KindMedia, File: fraud.File{Kind: "voice", ID: data}, Album: data})
	case step%16 == 4:
		w.do(t, Input{Kind: KindOther})
	case step%16 == 5:
		w.do(t, Input{Kind: KindEdited, Text: text})
	case step%16 == 6 && data != "":
		w.do(t, Input{Kind: KindButton, Button: data, Message: 7})
	case step%16 == 7:
		w.do(t, Input{Kind: KindCommand, Command: "report", Text: text})
	case step%16 == 8:
		w.do(t, Input{Kind: KindCommand, Command: w.commands[len(text)%len(w.commands)], Text: data})
	case step%16 == 9:
		w.do(t, Input{Kind: KindCommand, Command: data, Text: text})
	case step%16 == 10:
		w.do(t, Input{Kind: KindText, Text: said, Quoted: data, Links: []string{text, "tel:" + data}, Forwarded: true})
	default:
		w.do(t, Input{Kind: KindText, Text: said})
	}
}
