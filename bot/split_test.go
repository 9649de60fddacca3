package bot

import (
	"html"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestSplit(t *testing.T) {
	tests := []struct {
		name, text string
		limit      int
		want       []string
	}{
		{"fits", "<b>one</b>", 3, []string{"<b>one</b>"}},
		{"at a line's end", "one\ntwo\nthree", 8, []string{"one\ntwo", "three"}},
		{"exactly at it", "one\ntwo", 3, []string{"one", "two"}},
		{"at a space", "one two three", 9, []string{"one two", "three"}},
		{"anywhere", "абвгд", 2, []string{"аб", "вг", "д"}},
		{"tags are closed and opened again", "<b>one\n<i>two\nthree</i></b>", 7, []string{"<b>one\n<i>two</i></b>", "<b><i>three</i></b>"}},
		{"attributes come back", `<a href="https://e.kz">one two</a>`, 3, []string{`<a href="https://e.kz">one</a>`, `<a href="https://e.kz">two</a>`}},
		{"an entity is one character", "&lt;&amp;&gt;", 2, []string{"&lt;&amp;", "&gt;"}},
		{"an emoji counts two and stays whole", "🔴🔴🔴", 5, []string{"🔴🔴", "🔴"}},
		{"nothing", "", 5, nil},
		{"nothing to see", "<b> \n</b>", 5, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := split(test.text, test.limit)
			if strings.Join(got, "|") != strings.Join(test.want, "|") {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Whatever is split, no part is too long or has unbalanced tags, and no word is lost.
func TestSplitProperties(t *testing.T) {
	token := rapid.SampledFrom([]string{"сөз", "word", "🔴", "&amp;", "&#39;", "\n", " ", "<b>", "</b>", `<a href="x">`, "</a>", "<code>", "</code>"})
	rapid.Check(t, func(t *rapid.T) {
		text := balanced(rapid.SliceOfN(token, 0, 80).Draw(t, "tokens"))
		limit := rapid.IntRange(2, 40).Draw(t, "limit")
		var all strings.Builder
		for _, part := range split(text, limit) {
			if n := units(bare(part)); n > limit {
				t.Errorf("a part of %d characters, limit %d: %q", n, limit, part)
			}
			if open := openTags(part); open != 0 {
				t.Errorf("%d tags stay open in %q", open, part)
			}
			all.WriteString(part)
		}
		if got, want := squeezed(bare(all.String())), squeezed(bare(text)); got != want {
			t.Errorf("split %q to %q", want, got)
		}
	})
}

// balanced drops closing tags that close nothing and closes what stays open.
func balanced(tokens []string) string {
	var out strings.Builder
	var open []string
	for _, token := range tokens {
		switch {
		case strings.HasPrefix(token, "</"):
			if len(open) == 0 || tagName(open[len(open)-1]) != tagName(token) {
				continue
			}
			open = open[:len(open)-1]
		case strings.HasPrefix(token, "<"):
			open = append(open, token)
		}
		out.WriteString(token)
	}
	for i := len(open) - 1; i >= 0; i-- {
		out.WriteString("</" + tagName(open[i]) + ">")
	}
	return out.String()
}

func openTags(text string) (n int) {
	for _, p := range pieces(text) {
		switch {
		case strings.HasPrefix(p.text, "</"):
			n--
		case p.tag:
			n++
		}
	}
	return n
}

func squeezed(s string) string { return strings.Join(strings.Fields(s), "") }

func FuzzSplit(f *testing.F) {
	f.Add("<b>one</b> &lt; &nonsense <", 4)
	f.Add("🔴\xff&", 2)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = 2 + (limit&0xff+0xff)%64
		for _, part := range split(text, limit) {
			if part == "" {
				t.Error("an empty part")
			}
		}
		_ = bare(text)
	})
}

func TestBare(t *testing.T) {
	const text = `<b>5 &lt; 6</b> <a href="https://e.kz?a=1&amp;b=2">Сақ бол!</a>`
	if got := bare(text); got != "5 < 6 Сақ бол!" {
		t.Errorf("got %q", got)
	}
	if got := bare(html.EscapeString(text)); got != text {
		t.Errorf("got %q", got)
	}
}

func TestShorten(t *testing.T) {
	tests := []struct {
		text  string
		limit int
		want  string
	}{
		{"қысқа", 5, "қысқа"},
		{"ұзынырақ", 5, "ұзын…"},
		{"a 👩‍👦 b", 4, "a 👩…"},
		{"ab cd", 4, "ab…"},
	}
	for _, test := range tests {
		got := shorten(test.text, test.limit)
		if got != test.want || utf8.RuneCountInString(got) > test.limit {
			t.Errorf("shorten(%q, %d) = %q, want %q", test.text, test.limit, got, test.want)
		}
	}
}
