package locales

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"saqbol/fraud"
)

// texts are what the catalogue says in one language.
type texts struct {
	tag     language.Tag
	entries map[string]entry
}

// entry is what one key says: a text, and where a count chooses the words, a text
// for each plural form of the language. text is then that of the form "other".
type entry struct {
	text  pieces
	forms map[plural.Form]pieces
}

// pieces are a text taken apart at its placeholders.
type pieces []piece

// piece is some literal text and the name of the placeholder behind it. The last
// piece of a text has none.
type piece struct{ literal, name string }

// of is the text of a message, in the plural form that its count asks for.
func (t texts) of(m Msg) (text pieces, ok bool) {
	e, ok := t.entries[m.Key]
	if m.many && e.forms != nil {
		return e.forms[formOf(t.tag, m.count)], ok
	}
	return e.text, ok
}

// formOf is a count's plural form. The rules know no sign: the smallest of all
// numbers, which has no counterpart, counts as none.
func formOf(tag language.Tag, count int) plural.Form {
	return plural.Cardinal.MatchPlural(tag, max(count, -count, 0), 0, 0, 0, 0)
}

// compile reads the catalogue of a language: in TOML, a text by its key, or a
// table of texts by plural form. What is wrong in it is named by file and key.
func compile(files fs.FS, lang fraud.Lang) (texts, error) {
	name := string(lang) + ".toml"
	file, err := fs.ReadFile(files, name)
	if err != nil {
		return texts{}, err
	}
	var raw map[string]any
	if err := toml.Unmarshal(file, &raw); err != nil {
		return texts{}, fmt.Errorf("%s: %w", name, err)
	}
	out := texts{language.Make(string(lang)), make(map[string]entry, len(raw))}
	forms := formsOf(out.tag)
	for key, value := range raw {
		if out.entries[key], err = compileEntry(forms, value); err != nil {
			return texts{}, fmt.Errorf("%s: %q: %w", name, key, err)
		}
	}
	return out, nil
}

// formsOf are the plural forms of a language by their names in the catalogue. In
// ours the last two digits choose; "other" is also for where nothing is counted.
func formsOf(tag language.Tag) map[string]plural.Form {
	names := map[plural.Form]string{
		plural.Other: "other", plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many",
	}
	out := map[string]plural.Form{"other": plural.Other}
	for n := range 100 {
		form := formOf(tag, n)
		out[names[form]] = form
	}
	return out
}

func compileEntry(forms map[string]plural.Form, value any) (entry, error) {
	switch v := value.(type) {
	case string:
		text, err := compileText(v)
		return entry{text: text}, err
	case map[string]any:
		return compileForms(forms, v)
	}
	return entry{}, fmt.Errorf("neither a text nor a table of plural forms, but a %T", value)
}

func compileForms(forms map[string]plural.Form, table map[string]any) (entry, error) {
	e := entry{forms: make(map[plural.Form]pieces, len(forms))}
	for name, value := range table {
		form, known := forms[name]
		if !known {
			return entry{}, fmt.Errorf("the language has no plural form %q", name)
		}
		text, ok := value.(string)
		if !ok {
			return entry{}, fmt.Errorf("the plural form %q is no text but a %T", name, value)
		}
		var err error
		if e.forms[form], err = compileText(text); err != nil {
			return entry{}, fmt.Errorf("the plural form %q: %w", name, err)
		}
	}
	for name, form := range forms {
		if e.forms[form] == nil {
			return entry{}, fmt.Errorf("lacks the plural form %q", name)
		}
	}
	e.text = e.forms[plural.Other]
	return e, nil
}

// compileText takes a text apart at its placeholders, {{.Name}}. A text has no
// other use for braces, so any other brace is a slip.
func compileText(text string) (pieces, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("there is no text")
	}
	text = strings.TrimRight(text, "\n") // the end of a text in lines of its own
	var out pieces
	for {
		literal, rest, more := strings.Cut(text, "{")
		if strings.Contains(literal, "}") {
			return nil, fmt.Errorf("a brace closes what is not open after %q", literal)
		}
		if !more {
			return append(out, piece{literal: literal}), nil
		}
		rest, opened := strings.CutPrefix(rest, "{.")
		name, rest, closed := strings.Cut(rest, "}}")
		if !opened || !closed || !isName(name) {
			return nil, fmt.Errorf("the braces after %q are no placeholder {{.Name}}", literal)
		}
		out = append(out, piece{literal, name})
		text = rest
	}
}

// isName reports whether a placeholder may have the name: letters of English, the
// first a capital.
func isName(s string) bool {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
