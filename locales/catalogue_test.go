package locales

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"

	"saqbol/fraud"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// message is one entry of a catalogue file: its text by plural form, "other"
// alone where there is one form only.
type message map[string]string

func read(t *testing.T, lang fraud.Lang) map[string]message {
	t.Helper()
	file, err := files.ReadFile(string(lang) + ".toml")
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]any
	if err := toml.Unmarshal(file, &raw); err != nil {
		t.Fatalf("%s.toml: %v", lang, err)
	}
	out := map[string]message{}
	for key, value := range raw {
		switch v := value.(type) {
		case string:
			out[key] = message{"": v}
		case map[string]any:
			out[key] = message{}
			for form, text := range v {
				s, ok := text.(string)
				if !ok {
					t.Errorf("%s.toml: %s.%s is no text: write dotted keys in quotes", lang, key, form)
				}
				out[key][form] = s
			}
		default:
			t.Errorf("%s.toml: %s is a %T", lang, key, value)
		}
	}
	return out
}

// wantForms are CLDR's plural categories of each language.
func wantForms(lang fraud.Lang) []string {
	if lang == fraud.Kazakh {
		return []string{"one", "other"}
	}
	return []string{"few", "many", "one", "other"}
}

var placeholder = regexp.MustCompile(`{{\s*\.(\w+)\s*}}`)

func placeholders(text string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestBothLanguagesSayTheSame(t *testing.T) {
	kk, ru := read(t, fraud.Kazakh), read(t, fraud.Russian)
	for key := range ru {
		if _, ok := kk[key]; !ok {
			t.Errorf("kk.toml lacks %q", key)
		}
	}
	for key, k := range kk {
		r, ok := ru[key]
		if !ok {
			t.Errorf("ru.toml lacks %q", key)
			continue
		}
		_, kkSingle := k[""]
		_, ruSingle := r[""]
		if kkSingle != ruSingle {
			t.Errorf("%q has plural forms in one language only", key)
			continue
		}
		want := placeholders(strings.Join(values(r), " "))
		for lang, m := range map[fraud.Lang]message{fraud.Kazakh: k, fraud.Russian: r} {
			if !kkSingle {
				forms := keys(m)
				if diff := cmp.Diff(wantForms(lang), forms); diff != "" {
					t.Errorf("%s.toml: %q has the wrong plural forms: %s", lang, key, diff)
				}
			}
			for form, text := range m {
				checkText(t, lang, key+" "+form, text)
				if diff := cmp.Diff(want, placeholders(text)); diff != "" {
					t.Errorf("%s.toml: %q %s: other placeholders than in Russian: %s", lang, key, form, diff)
				}
			}
		}
	}
}

func checkText(t *testing.T, lang fraud.Lang, key, text string) {
	t.Helper()
	if strings.TrimSpace(text) == "" {
		t.Errorf("%s.toml: %q is empty", lang, key)
	}
	if strings.Count(text, "{{") != len(placeholder.FindAllString(text, -1)) {
		t.Errorf("%s.toml: %q holds template code that is no plain placeholder", lang, key)
	}
	if err := balanced(text); err != nil {
		t.Errorf("%s.toml: %q: %v", lang, key, err)
	}
	if lang == fraud.Russian && strings.ContainsAny(text, "әғқңөұүһіӘҒҚҢӨҰҮҺІ") && !slices.Contains(bilingual(), strings.TrimSpace(key)) {
		t.Errorf("ru.toml: %q holds Kazakh letters", key)
	}
}

// bilingual lists the keys whose Russian text holds Kazakh words on purpose.
func bilingual() []string {
	return []string{"lang.kk", "start.choose", "language.ask", "command.language", "bot.short", "bot.description"}
}

var tag = regexp.MustCompile(`<(/?)([a-z]*)([^>]*)>`)

// balanced checks Telegram's HTML: its tags only, closed in order.
func balanced(text string) error {
	var open []string
	for _, m := range tag.FindAllStringSubmatch(text, -1) {
		name := m[2]
		if !slices.Contains([]string{"b", "i", "u", "s", "code", "pre", "a", "blockquote"}, name) {
			return fmt.Errorf("Telegram knows no tag %s", m[0])
		}
		if m[1] == "" {
			open = append(open, name)
			continue
		}
		if len(open) == 0 || open[len(open)-1] != name {
			return fmt.Errorf("%s closes what is not open", m[0])
		}
		open = open[:len(open)-1]
	}
	if len(open) > 0 {
		return fmt.Errorf("<%s> stays open", open[len(open)-1])
	}
	if rest := tag.ReplaceAllString(text, ""); strings.ContainsAny(rest, "<>") {
		return fmt.Errorf("a bare < or >: write &lt; or &gt;")
	}
	return nil
}

// sample is what the golden files show for an argument.
func sample(name string) any {
	switch name {
	case "Subject", "Number", "Subjects", "Value":
		return "+7 701 123 45 67"
	case "Incident":
		return "7F3K-Q2"
	case "Code":
		return "SB-7Q4M-2RX9"
	case "Day", "Last", "Date", "When", "Updated", "Created", "Checked":
		return Day(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	case "Amount", "Sum":
		return Money(150000)
	}
	return "‹" + name + "›"
}

// TestGolden writes every message of both languages as citizens read it, so that
// a reviewer reads the sentences and not the code.
func TestGolden(t *testing.T) {
	catalogue, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range Langs() {
		messages := read(t, lang)
		var out strings.Builder
		for _, key := range keys(messages) {
			m := messages[key]
			_, single := m[""]
			var pairs []any
			for _, name := range placeholders(strings.Join(values(m), " ")) {
				if name != "N" {
					pairs = append(pairs, name, sample(name))
				}
			}
			fmt.Fprintf(&out, "== %s\n", key)
			if single {
				fmt.Fprintln(&out, catalogue.HTML(lang, M(key, pairs...)))
				continue
			}
			for _, n := range []int{1, 2, 5, 21} {
				fmt.Fprintln(&out, catalogue.HTML(lang, M(key, pairs...).N(n)))
			}
		}
		path := filepath.Join("testdata", "golden", string(lang)+".txt")
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v: make golden writes it", err)
		}
		if diff := cmp.Diff(string(want), out.String()); diff != "" {
			t.Errorf("%s differs; if the new text is meant, run make golden and read the diff:\n%s", path, diff)
		}
	}
}

func TestArguments(t *testing.T) {
	catalogue, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	incident := func(value any) string {
		text := catalogue.HTML(fraud.Russian, M("common.error", "Incident", value))
		_, text, _ = strings.Cut(text, "<code>")
		text, _, _ = strings.Cut(text, "</code>")
		return text
	}
	midnight := time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC) // already the 22nd in Kazakhstan
	for _, tt := range []struct {
		value any
		want  string
	}{
		{`<b>&"`, "&lt;b&gt;&amp;&quot;"},
		{"{{.Incident}}", "{{.Incident}}"},
		{1234, "1234"},
		{150000, "150\u00a0000"},
		{int64(-2600000000), "-2\u00a0600\u00a0000\u00a0000"},
		{Money(150000), "150\u00a0000 ₸"},
		{Day(midnight), "22 ноября 2026"},
		{M("month.1"), "января"},
		{[]Msg{M("month.1"), M("month.2")}, "января, февраля"},
	} {
		if got := incident(tt.value); got != tt.want {
			t.Errorf("%#v is shown as %q, want %q", tt.value, got, tt.want)
		}
	}
}

// Nothing fails in front of a citizen, and no half of a sentence is shown.
func TestWhatCannotBeRenderedShowsItsKey(t *testing.T) {
	catalogue, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		why  string
		m    Msg
		want string
	}{
		{"an unknown key", M("no.such.key"), "no.such.key"},
		{"an unknown key with markup", M("<no>"), "&lt;no&gt;"},
		{"no message", Msg{}, ""},
		{"no arguments", M("check.top"), "check.top"},
		{"another argument", M("check.top", "Subject", "x"), "check.top"},
		{"one of two arguments", M("help.line", "Command", "/help"), "help.line"},
		{"a message in it has no arguments", M("check.top", "Scenario", M("check.last")), "Чаще всего: check.last."},
		{"plural forms, but no count", M("check.people"), "check.people"},
		{"a count, but no plural forms", M("month.1").N(5), "января"},
		{"an argument that is not used", M("month.1", "Day", 5), "января"},
	} {
		if got := catalogue.HTML(fraud.Russian, tt.m); got != tt.want {
			t.Errorf("%s: shown as %q, want %q", tt.why, got, tt.want)
		}
	}
	if got := catalogue.Plain("en", M("month.1")); got != "января" {
		t.Errorf("a language without a catalogue reads %q", got)
	}
}

func keys[V any](m map[string]V) []string {
	var out []string
	for key := range m {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}

func values(m message) []string {
	var out []string
	for _, key := range keys(m) {
		out = append(out, m[key])
	}
	return out
}
