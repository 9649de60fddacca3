package locales

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"text/template"

	"golang.org/x/text/language"

	"saqbol/fraud"
)

// catalogueOf compiles a catalogue of the test's own.
func catalogueOf(lang fraud.Lang, toml string) (texts, error) {
	return compile(fstest.MapFS{string(lang) + ".toml": {Data: []byte(toml)}}, lang)
}

func TestPlurals(t *testing.T) {
	catalogue := &Catalogue{texts: map[fraud.Lang]texts{}}
	for lang, toml := range map[fraud.Lang]string{
		fraud.Kazakh:  `people = {one = "{{.N}} one", other = "{{.N}} other"}`,
		fraud.Russian: `people = {one = "{{.N}} one", few = "{{.N}} few", many = "{{.N}} many", other = "{{.N}} other"}`,
	} {
		var err error
		if catalogue.texts[lang], err = catalogueOf(lang, toml); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		n      int
		kk, ru string
	}{
		{0, "0 other", "0 many"},
		{1, "1 one", "1 one"},
		{2, "2 other", "2 few"},
		{4, "4 other", "4 few"},
		{5, "5 other", "5 many"},
		{11, "11 other", "11 many"},
		{14, "14 other", "14 many"},
		{21, "21 other", "21 one"},
		{22, "22 other", "22 few"},
		{25, "25 other", "25 many"},
		{101, "101 other", "101 one"},
		{111, "111 other", "111 many"},
		{1_000_000, "1\u00a0000\u00a0000 other", "1\u00a0000\u00a0000 many"},
		{-1, "-1 one", "-1 one"},
		{math.MaxInt64, "9\u00a0223\u00a0372\u00a0036\u00a0854\u00a0775\u00a0807 other", "9\u00a0223\u00a0372\u00a0036\u00a0854\u00a0775\u00a0807 many"},
		{math.MinInt64, "-9\u00a0223\u00a0372\u00a0036\u00a0854\u00a0775\u00a0808 other", "-9\u00a0223\u00a0372\u00a0036\u00a0854\u00a0775\u00a0808 many"},
	} {
		if got := catalogue.Plain(fraud.Kazakh, M("people").N(tt.n)); got != tt.kk {
			t.Errorf("Kazakh: %q, want %q", got, tt.kk)
		}
		if got := catalogue.Plain(fraud.Russian, M("people").N(tt.n)); got != tt.ru {
			t.Errorf("Russian: %q, want %q", got, tt.ru)
		}
	}
}

// A catalogue must have the forms that the tests of its texts ask for.
func TestFormsOfTheLanguages(t *testing.T) {
	for _, lang := range Langs() {
		got := slices.Sorted(maps.Keys(formsOf(language.Make(string(lang)))))
		if want := wantForms(lang); !slices.Equal(got, want) {
			t.Errorf("%s has the plural forms %q, want %q", lang, got, want)
		}
	}
}

func TestMalformedCatalogues(t *testing.T) {
	for _, tt := range []struct{ why, toml, want string }{
		{"no TOML", `"a.b" = `, ""},
		{"a key twice", "\"a.b\" = \"x\"\n\"a.b\" = \"y\"", ""},
		{"no text", `"a.b" = ""`, `"a.b"`},
		{"blanks alone", `"a.b" = " \n"`, `"a.b"`},
		{"a number", `"a.b" = 1`, `"a.b"`},
		{"a list", `"a.b" = ["x"]`, `"a.b"`},
		{"a dotted key without quotes", `a.b = "x"`, `"a"`},
		{"an unclosed brace", `"a.b" = "x {{.Name"`, `"a.b"`},
		{"half closed", `"a.b" = "x {{.Name} y"`, `"a.b"`},
		{"single braces", `"a.b" = "x {.Name}"`, `"a.b"`},
		{"closed and not open", `"a.b" = "x }} y"`, `"a.b"`},
		{"three braces", `"a.b" = "x {{{.Name}}}"`, `"a.b"`},
		{"no dot", `"a.b" = "x {{Name}}"`, `"a.b"`},
		{"no name", `"a.b" = "x {{.}}"`, `"a.b"`},
		{"blanks in it", `"a.b" = "x {{ .Name }}"`, `"a.b"`},
		{"a small letter", `"a.b" = "x {{.name}}"`, `"a.b"`},
		{"a letter of Russian", `"a.b" = "x {{.Сode}}"`, `"a.b"`},
		{"a field of a field", `"a.b" = "x {{.Name.First}}"`, `"a.b"`},
		{"code", `"a.b" = "x {{if .Name}}y{{end}}"`, `"a.b"`},
		{"an unknown plural form", `"a.b" = {one = "x", few = "x", many = "x", other = "x", lots = "x"}`, `"lots"`},
		{"a form of another language", `"a.b" = {two = "x", one = "x", few = "x", many = "x", other = "x"}`, `"two"`},
		{"a missing plural form", `"a.b" = {one = "x", few = "x", other = "x"}`, `"many"`},
		{"no form for no count", `"a.b" = {one = "x", few = "x", many = "x"}`, `"other"`},
		{"an empty table", `"a.b" = {}`, `"a.b"`},
		{"a form that is no text", `"a.b" = {one = 1, few = "x", many = "x", other = "x"}`, `"one"`},
		{"an empty form", `"a.b" = {one = "", few = "x", many = "x", other = "x"}`, `"one"`},
		{"a slip in a form", `"a.b" = {one = "{{N}}", few = "x", many = "x", other = "x"}`, `"one"`},
	} {
		switch _, err := catalogueOf(fraud.Russian, tt.toml); {
		case err == nil:
			t.Errorf("%s: no error for %s", tt.why, tt.toml)
		case !strings.Contains(err.Error(), "ru.toml: ") || !strings.Contains(err.Error(), tt.want):
			t.Errorf("%s: the error names not the file and %s: %v", tt.why, tt.want, err)
		}
	}
	if _, err := compile(fstest.MapFS{}, fraud.Russian); err == nil {
		t.Error("no error where there is no file")
	}
}

// FuzzCompileText: what compiles is rendered as text/template would, and only a
// text without words or with a brace too many is refused.
func FuzzCompileText(f *testing.F) {
	for _, text := range []string{
		"", " \n", "x", "<b>x</b>\ny\n", "{{.Name}}", "x {{.Name}} y {{.N}}, {{.Name}}\n",
		"{{.Name", "{.Name}", "{{{.Name}}}", "}}", "{{.}}", "{{ .Name }}", "{{.name}}", "{{.A.B}}", "{{if .A}}x{{end}}", "{{.Ә}}", "{{.\xff}}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		compiled, err := compileText(text)
		if err != nil {
			if strings.TrimSpace(text) != "" && !strings.ContainsAny(text, "{}") {
				t.Fatalf("%q is refused: %v", text, err)
			}
			return
		}
		m, data := Msg{Key: "key", Args: map[string]any{}}, map[string]string{}
		for _, p := range compiled {
			m.Args[p.name], data[p.name] = "<"+p.name+">", "<"+p.name+">"
		}
		var want strings.Builder
		if err := template.Must(template.New("").Parse(text)).Execute(&want, data); err != nil {
			t.Fatal(err)
		}
		c := Catalogue{texts: map[fraud.Lang]texts{fraud.Russian: {entries: map[string]entry{"key": {text: compiled}}}}}
		if got := c.Plain(fraud.Russian, m); got != strings.TrimRight(want.String(), "\n") {
			t.Errorf("%q is rendered as %q, want %q", text, got, want.String())
		}
	})
}
