package emulator

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseHTML(t *testing.T) {
	for _, test := range []struct {
		source, plain string
		entities      []Entity
	}{
		{"plain", "plain", nil},
		{"a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#x27;", `a <b> & "c" 'd'`, nil},
		{"<b>Сақ</b> бол!", "Сақ бол!", []Entity{{Type: "bold", Length: 3}}},
		{"🔴 <i>😀</i>", "🔴 😀", []Entity{{Type: "italic", Offset: 3, Length: 2}}},
		{"<b>a<i>b</i></b>", "ab", []Entity{{Type: "bold", Length: 2}, {Type: "italic", Offset: 1, Length: 1}}},
		{"<STRONG>a</strong>", "a", []Entity{{Type: "bold", Length: 1}}},
		{"<u>a</u><s>b</s><del>c</del>", "abc", []Entity{
			{Type: "underline", Length: 1}, {Type: "strikethrough", Offset: 1, Length: 1}, {Type: "strikethrough", Offset: 2, Length: 1},
		}},
		{`<a href="https://example.com/?a=1&amp;b=2">x</a>`, "x", []Entity{{Type: "text_link", Length: 1, URL: "https://example.com/?a=1&b=2"}}},
		{`<a href=https://example.com/>x</a>`, "x", []Entity{{Type: "text_link", Length: 1, URL: "https://example.com/"}}},
		{`<a href="javascript:x">x</a>`, "x", nil},
		{"<a>https://example.com/</a>", "https://example.com/", []Entity{{Type: "text_link", Length: 20, URL: "https://example.com/"}}},
		{`<span class="tg-spoiler">x</span><tg-spoiler>y</tg-spoiler>`, "xy", []Entity{{Type: "spoiler", Length: 1}, {Type: "spoiler", Offset: 1, Length: 1}}},
		{`<pre><code class="language-go">x</code></pre>`, "x", []Entity{{Type: "pre", Length: 1, Language: "go"}}},
		{`<code class="language-go">x</code>`, "x", []Entity{{Type: "code", Length: 1}}},
		{"<blockquote expandable>x</blockquote>", "x", []Entity{{Type: "expandable_blockquote", Length: 1}}},
		{`<tg-emoji emoji-id="5">👍</tg-emoji>`, "👍", []Entity{{Type: "custom_emoji", Length: 2, CustomEmojiID: "5"}}},
		{" <b> x </b>\n", "x", []Entity{{Type: "bold", Length: 1}}},
		{"<b></b>x", "x", nil},
		{"<b> </b>", "", nil},
		{"a > b", "a > b", nil},
	} {
		plain, entities, err := parseHTML(test.source)
		if err != nil {
			t.Errorf("%q: %v", test.source, err)
			continue
		}
		if plain != test.plain {
			t.Errorf("%q: text %q, want %q", test.source, plain, test.plain)
		}
		if diff := cmp.Diff(test.entities, entities); diff != "" && len(test.entities)+len(entities) > 0 {
			t.Errorf("%q: entities: %s", test.source, diff)
		}
	}
}

func TestParseHTMLRefuses(t *testing.T) {
	for source, words := range map[string]string{
		"<b>x":                          `Can't find end tag corresponding to start tag "b"`,
		"x</b>":                         "Unexpected end tag at byte offset 1",
		"<b><i>x</b></i>":               `Unmatched end tag at byte offset 7, expected "</i>", found "</b>"`,
		"<b>x</>":                       "Unmatched end tag",
		"<p>x</p>":                      `Unsupported start tag "p" at byte offset 0`,
		"a < b":                         `Unsupported start tag "" at byte offset 2`,
		"a <3>":                         `Unsupported start tag "3"`,
		"<br>":                          `Unsupported start tag "br"`,
		"<!-- x -->":                    "Unsupported start tag",
		"<b":                            "Unclosed start tag",
		"<b>x</b":                       "Unclosed end tag",
		"<a href=":                      "Unclosed start tag",
		`<a href="x`:                    "Unclosed start tag",
		`<a ="x">y</a>`:                 "Empty attribute name",
		"<span>x</span>":                `Tag "span" must have class "tg-spoiler"`,
		"<tg-emoji>x</tg-emoji>":        "Custom emoji identifier must be specified",
		"Tom & Jerry":                   `Unescaped "&" at byte offset 4`,
		"&nbsp;":                        `Unsupported entity "&nbsp;"`,
		"&apos;":                        `Unsupported entity "&apos;"`,
		"&#0;":                          "Unsupported entity",
		"&#xd800;":                      "Unsupported entity",
		`<a href="https://x?a&b">y</a>`: "Unescaped",
		"<blockquote>a<blockquote>b</blockquote></blockquote>": "Blockquotes can't be nested",
	} {
		if plain, _, err := parseHTML(source); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: got %q, %v; want %q", source, plain, err, words)
		}
	}
}

func TestRenderHTML(t *testing.T) {
	for _, test := range []struct {
		plain    string
		entities []Entity
		want     string
	}{
		{"<script>", nil, "&lt;script&gt;"},
		{"ab", []Entity{{Type: "bold", Length: 2}, {Type: "italic", Offset: 1, Length: 1}}, "<b>a<i>b</i></b>"},
		{"abc", []Entity{{Type: "bold", Length: 2}, {Type: "italic", Offset: 1, Length: 2}}, "<b>a<i>b</i></b>c"},
		{"😀a", []Entity{{Type: "code", Offset: 2, Length: 1}}, "😀<code>a</code>"},
		{"x", []Entity{{Type: "text_link", Length: 1, URL: `https://e.com/"><script>`}}, `<a href="https://e.com/&#34;&gt;&lt;script&gt;" target="_blank" rel="noopener noreferrer">x</a>`},
		{"x", []Entity{{Type: "text_link", Length: 1, URL: "javascript:alert(1)"}}, "x"},
		{"x", []Entity{{Type: "unknown", Length: 1}}, "x"},
		{"x", []Entity{{Type: "bold", Length: 100}}, "<b>x</b>"},
	} {
		if got := renderHTML(test.plain, test.entities); got != test.want {
			t.Errorf("%q: got %s, want %s", test.plain, got, test.want)
		}
	}
}

// FuzzParseHTML: whatever comes, entities stay within the text, and what is
// rendered again reads as the same text.
func FuzzParseHTML(f *testing.F) {
	for _, seed := range []string{
		"<b>a<i>b</i></b>", `<a href="https://e.com">x</a>`, "&lt;&#39;", "<pre><code class=\"language-go\">x</code></pre>",
		"🔴 <u>Сақ</u>\n", "<b>x", "&", "<", `<a href="`, "<tg-spoiler> </tg-spoiler>", "\xff<b>\xfe</b>", "<blockquote expandable>q</blockquote>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		plain, entities, err := parseHTML(source)
		if err != nil {
			return
		}
		length := units(plain)
		for _, e := range entities {
			if e.Offset < 0 || e.Length <= 0 || e.Offset+e.Length > length {
				t.Fatalf("%q: %+v reaches outside %q", source, e, plain)
			}
		}
		again, _, err := parseHTML(renderHTML(plain, entities))
		if err != nil || again != plain {
			t.Fatalf("%q: rendered and read again: %q, %v; want %q", source, again, err, plain)
		}
	})
}

func TestTextsOfTheBot(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	p.Send("/start")
	text := func(s string, more ...any) args {
		a := args{"chat_id": p.ID(), "text": s, "parse_mode": "HTML"}
		for i := 0; i < len(more); i += 2 {
			a[more[i].(string)] = more[i+1]
		}
		return a
	}
	b.refused("sendMessage", text(""), 400, "message text is empty")
	b.refused("sendMessage", text(" <b>\n</b>"), 400, "message text is empty")
	b.refused("sendMessage", text("<b>x"), 400, "can't parse entities: Can't find end tag")
	b.refused("sendMessage", text(strings.Repeat("а", 4097)), 400, "message is too long")
	b.refused("sendMessage", text(strings.Repeat("😀", 2049)), 400, "message is too long")
	b.refused("sendMessage", text("x", "parse_mode", "BBCode"), 400, "unsupported parse_mode")
	b.refused("sendMessage", text("x", "parse_mode", "MarkdownV2"), 501, "not emulated")
	b.refused("sendMessage", text("x", "parse_mode", "", "entities", []any{args{"type": "bold", "offset": 0, "length": 2}}), 400, "reaches outside")
	b.send(text("<b>" + strings.Repeat("а", 4096) + "</b>"))
	b.send(text(strings.Repeat("😀", 2048)))
	id := b.send(text("<b>Сақ</b> &lt;бол&gt;"))
	messages := p.Messages()
	m := messages[len(messages)-1]
	if m.ID != id || m.Text != "Сақ <бол>" || m.HTML() != "<b>Сақ</b> &lt;бол&gt;" || !m.FromBot {
		t.Errorf("got %+v, %s", m, m.HTML())
	}
	plain := b.send(text("1 < 2 & <b>", "parse_mode", ""))
	if last, _ := p.Last(); last.ID != plain || last.Text != "1 < 2 & <b>" {
		t.Errorf("plain text: %+v", last)
	}
	listed := b.send(text("listed", "parse_mode", "", "entities", []any{args{"type": "bold", "offset": 0, "length": 3}}))
	if last, _ := p.Last(); last.ID != listed || last.HTML() != "<b>lis</b>ted" {
		t.Errorf("listed entities: %s", last.HTML())
	}
}

func TestEntitiesOfPeople(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	p.Send("😀 /check@sample_saqbol_bot 8 701 және /tips, бірақ a/b емес")
	got, err := json.Marshal(b.updates()[0]["message"].(map[string]any)["entities"])
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"length":24,"offset":3,"type":"bot_command"},{"length":5,"offset":39,"type":"bot_command"}]`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
