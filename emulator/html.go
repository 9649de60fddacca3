package emulator

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// parseHTML reads Telegram's HTML: the plain text and what is marked in it,
// outer entities first. An error says what is wrong at which byte.
func parseHTML(source string) (string, []Entity, error) {
	p := htmlParser{source: source}
	for p.pos < len(source) {
		if err := p.step(); err != nil {
			return "", nil, err
		}
	}
	if len(p.open) > 0 {
		return "", nil, syntax("Can't find end tag corresponding to start tag %q", p.open[len(p.open)-1].tag)
	}
	slices.SortStableFunc(p.entities, outerFirst)
	plain, entities := trimText(p.out.String(), p.entities)
	return plain, entities, nil
}

// outerFirst orders entities by where they begin, the longer one first.
func outerFirst(a, b Entity) int {
	return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(b.Length, a.Length))
}

// badHTML is an error in Telegram's words, which begin with a capital.
type badHTML string

func (e badHTML) Error() string { return string(e) }

func syntax(format string, args ...any) error { return badHTML(fmt.Sprintf(format, args...)) }

type htmlParser struct {
	source   string
	pos      int
	out      strings.Builder
	units    int // UTF-16 code units written
	open     []openTag
	entities []Entity
}

type openTag struct {
	tag   string
	begin int // in out, bytes
	Entity
}

// step reads a tag, an entity or the text up to the next.
func (p *htmlParser) step() error {
	switch p.source[p.pos] {
	case '&':
		r, size, err := decodeEntity(p.source, p.pos)
		if err != nil {
			return err
		}
		p.pos += size
		p.write(r)
		return nil
	case '<':
		if strings.HasPrefix(p.source[p.pos:], "</") {
			return p.endTag()
		}
		return p.startTag()
	}
	rest := p.source[p.pos:]
	if end := strings.IndexAny(rest, "&<"); end >= 0 {
		rest = rest[:end]
	}
	p.pos += len(rest)
	rest = strings.ToValidUTF8(rest, "\uFFFD")
	p.out.WriteString(rest)
	p.units += units(rest)
	return nil
}

func (p *htmlParser) write(r rune) {
	p.out.WriteRune(r)
	p.units += utf16.RuneLen(r)
}

// decodeEntity reads a character reference: the four names Telegram knows, or a
// number. Telegram leaves others alone; here they are refused, since in a bot
// they are text that nobody escaped.
func decodeEntity(s string, at int) (r rune, size int, err error) {
	const longest = 12
	end := strings.IndexByte(s[at:min(len(s), at+longest)], ';')
	if end < 0 {
		return 0, 0, syntax("Unescaped \"&\" at byte offset %d", at)
	}
	name := s[at+1 : at+end]
	switch name {
	case "lt":
		r = '<'
	case "gt":
		r = '>'
	case "amp":
		r = '&'
	case "quot":
		r = '"'
	default:
		r = numericEntity(name)
	}
	if r == 0 {
		return 0, 0, syntax("Unsupported entity \"&%s;\" at byte offset %d", name, at)
	}
	return r, end + 1, nil
}

func numericEntity(name string) rune {
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > unicode.MaxRune || !utf8.ValidRune(rune(n)) {
		return 0
	}
	return rune(n)
}

func (p *htmlParser) startTag() error {
	begin := p.pos
	length := strings.IndexAny(p.source[begin:], " \t\r\n>")
	if length < 0 {
		return syntax("Unclosed start tag at byte offset %d", begin)
	}
	name := strings.ToLower(p.source[begin+1 : begin+length])
	kind := entityType(name)
	if kind == "" {
		return syntax("Unsupported start tag %q at byte offset %d", clip(name), begin)
	}
	p.pos += length
	tag := openTag{tag: name, begin: p.out.Len(), Entity: Entity{Type: kind, Offset: p.units}}
	for {
		key, value, more, err := p.attribute()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		tag.attribute(key, value)
	}
	switch {
	case name == "span" && tag.Type != "spoiler":
		return syntax("Tag \"span\" must have class \"tg-spoiler\" at byte offset %d", begin)
	case name == "tg-emoji" && tag.CustomEmojiID == "":
		return syntax("Custom emoji identifier must be specified at byte offset %d", begin)
	case strings.Contains(kind, "blockquote") && slices.ContainsFunc(p.open, func(t openTag) bool { return t.tag == name }):
		return syntax("Blockquotes can't be nested at byte offset %d", begin)
	}
	p.open = append(p.open, tag)
	return nil
}

func entityType(tag string) string {
	switch tag {
	case "b", "strong":
		return "bold"
	case "i", "em":
		return "italic"
	case "u", "ins":
		return "underline"
	case "s", "strike", "del":
		return "strikethrough"
	case "tg-spoiler":
		return "spoiler"
	case "span":
		return "span"
	case "a":
		return "text_link"
	case "code", "pre", "blockquote":
		return tag
	case "tg-emoji":
		return "custom_emoji"
	}
	return ""
}

// attribute takes the meaning of an attribute; Telegram ignores those it does
// not know.
func (t *openTag) attribute(key, value string) {
	switch {
	case t.tag == "a" && key == "href":
		t.URL = value
	case t.tag == "span" && key == "class" && value == "tg-spoiler":
		t.Type = "spoiler"
	case t.tag == "code" && key == "class":
		t.Language, _ = strings.CutPrefix(value, "language-")
	case t.tag == "blockquote" && key == "expandable":
		t.Type = "expandable_blockquote"
	case t.tag == "tg-emoji" && key == "emoji-id":
		t.CustomEmojiID = value
	}
}

// attribute reads the next attribute of a start tag, or its end (more = false).
func (p *htmlParser) attribute() (key, value string, more bool, err error) {
	p.skipSpace()
	rest := p.source[p.pos:]
	if strings.HasPrefix(rest, ">") {
		p.pos++
		return "", "", false, nil
	}
	length := strings.IndexAny(rest, "= \t\r\n>")
	switch {
	case length < 0:
		return "", "", false, syntax("Unclosed start tag at byte offset %d", p.pos)
	case length == 0:
		return "", "", false, syntax("Empty attribute name in the tag at byte offset %d", p.pos)
	}
	key = strings.ToLower(rest[:length])
	p.pos += length
	p.skipSpace()
	if !strings.HasPrefix(p.source[p.pos:], "=") {
		return key, "", true, nil
	}
	p.pos++
	p.skipSpace()
	value, err = p.attributeValue()
	return key, value, true, err
}

func (p *htmlParser) attributeValue() (string, error) {
	begin := p.pos
	rest := p.source[begin:]
	if rest == "" {
		return "", syntax("Unclosed start tag at byte offset %d", begin)
	}
	quote := rest[0]
	if quote != '"' && quote != '\'' {
		length := strings.IndexAny(rest, " \t\r\n>")
		if length < 0 {
			return "", syntax("Unclosed start tag at byte offset %d", begin)
		}
		p.pos += length
		return rest[:length], nil
	}
	length := strings.IndexByte(rest[1:], quote)
	if length < 0 {
		return "", syntax("Unclosed start tag at byte offset %d", begin)
	}
	p.pos += length + 2
	return unescape(rest[1:1+length], begin+1)
}

// unescape decodes the entities in an attribute that begins at byte offset at.
func unescape(s string, at int) (string, error) {
	if !strings.Contains(s, "&") {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '&' {
			b.WriteByte(s[i])
			i++
			continue
		}
		r, size, err := decodeEntity(s, i)
		if err != nil {
			return "", fmt.Errorf("in the attribute at byte offset %d: %w", at, err)
		}
		b.WriteRune(r)
		i += size
	}
	return b.String(), nil
}

func (p *htmlParser) skipSpace() {
	rest := strings.TrimLeft(p.source[p.pos:], " \t\r\n")
	p.pos = len(p.source) - len(rest)
}

func (p *htmlParser) endTag() error {
	begin := p.pos
	length := strings.IndexByte(p.source[begin:], '>')
	if length < 0 {
		return syntax("Unclosed end tag at byte offset %d", begin)
	}
	name := strings.ToLower(strings.TrimSpace(p.source[begin+2 : begin+length]))
	if len(p.open) == 0 {
		return syntax("Unexpected end tag at byte offset %d", begin)
	}
	tag := p.open[len(p.open)-1]
	if name != tag.tag {
		return syntax("Unmatched end tag at byte offset %d, expected \"</%s>\", found \"</%s>\"", begin, tag.tag, clip(name))
	}
	p.pos += length + 1
	p.open = p.open[:len(p.open)-1]
	p.close(tag)
	return nil
}

// close keeps the entity of a closed tag, unless it marks nothing.
func (p *htmlParser) close(tag openTag) {
	e := tag.Entity
	e.Length = p.units - e.Offset
	if e.Length == 0 {
		return
	}
	last := len(p.entities) - 1
	switch {
	case e.Type == "text_link":
		if e.URL == "" {
			e.URL = p.out.String()[tag.begin:]
		}
		if !linkShape.MatchString(e.URL) {
			return
		}
	case e.Type == "pre" && last >= 0 && p.entities[last].Type == "code" &&
		p.entities[last].Offset == e.Offset && p.entities[last].Length == e.Length:
		e.Language = p.entities[last].Language
		p.entities = p.entities[:last]
	case e.Type == "code" && !slices.ContainsFunc(p.open, func(t openTag) bool { return t.tag == "pre" }):
		e.Language = ""
	}
	p.entities = append(p.entities, e)
}

// trimText takes the white space off both ends, as Telegram does.
func trimText(s string, entities []Entity) (string, []Entity) {
	left := strings.TrimLeftFunc(s, unicode.IsSpace)
	cut := units(s) - units(left)
	trimmed := strings.TrimRightFunc(left, unicode.IsSpace)
	end := units(trimmed)
	kept := entities[:0:0]
	for _, e := range entities {
		from, to := max(e.Offset-cut, 0), min(e.Offset-cut+e.Length, end)
		if from < to {
			e.Offset, e.Length = from, to-from
			kept = append(kept, e)
		}
	}
	return trimmed, kept
}

// units counts UTF-16 code units, the measure of Telegram's offsets and limits.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}
