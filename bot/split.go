package bot

import (
	"html"
	"strings"
	"unicode/utf8"
)

const (
	maxText    = 4096 // characters of a message, after its markup is read
	maxCaption = 1024
	maxToast   = 200
	maxLabel   = 64 // not a limit of Telegram's: more does not fit on a phone
	maxData    = 64 // bytes of callback data
)

// piece is a tag, or a character with its length as Telegram counts it.
type piece struct {
	text  string
	tag   bool
	units int // UTF-16 units, 0 for a tag
}

// pieces takes Telegram's HTML apart. An entity such as &lt; is one piece.
func pieces(text string) []piece {
	out := make([]piece, 0, len(text))
	for len(text) > 0 {
		p := firstPiece(text)
		out = append(out, p)
		text = text[len(p.text):]
	}
	return out
}

func firstPiece(text string) piece {
	switch text[0] {
	case '<':
		if end := strings.IndexByte(text, '>'); end > 0 {
			return piece{text: text[:end+1], tag: true}
		}
	case '&':
		if end := strings.IndexByte(text, ';'); end > 1 && end < 12 {
			return piece{text: text[:end+1], units: units(html.UnescapeString(text[:end+1]))}
		}
	}
	r, size := utf8.DecodeRuneInString(text)
	return piece{text: text[:size], units: runeUnits(r)}
}

func units(s string) (n int) {
	for _, r := range s {
		n += runeUnits(r)
	}
	return n
}

func runeUnits(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// split cuts HTML into texts of at most limit characters, at the end of a line
// where there is one, else at a space, else anywhere. Tags that are open at a cut
// are closed before it and opened again behind it.
func split(text string, limit int) []string {
	if whole(text, limit) {
		return []string{text}
	}
	all := pieces(text)
	var out []string
	var open []string // the tags open where the rest begins
	for len(all) > 0 {
		cut, skip := cutAt(all, limit)
		var part strings.Builder
		part.WriteString(strings.Join(open, ""))
		for _, p := range all[:cut] {
			part.WriteString(p.text)
			if p.tag {
				open = tagged(open, p.text)
			}
		}
		for i := len(open) - 1; i >= 0; i-- {
			part.WriteString("</" + tagName(open[i]) + ">")
		}
		if strings.TrimSpace(bare(part.String())) != "" {
			out = append(out, part.String())
		}
		all = all[cut+skip:]
	}
	return out
}

// whole reports whether a text can stay as it is, as nearly all do: it fits, its
// tags are closed and there is something to read. No character has fewer bytes than
// Telegram counts, so a text of at most limit bytes fits.
func whole(text string, limit int) bool {
	if len(text) > limit {
		return false
	}
	var open []string
	shown := false
	for len(text) > 0 {
		p := firstPiece(text)
		text = text[len(p.text):]
		if p.tag {
			open = tagged(open, p.text)
		} else if !shown {
			shown = strings.TrimSpace(html.UnescapeString(p.text)) != ""
		}
		if shown { // what matters now is the next tag
			at := strings.IndexByte(text, '<')
			if at < 0 {
				break
			}
			text = text[at:]
		}
	}
	return shown && len(open) == 0
}

// cutAt returns how many pieces fit, and how many more to leave out: the line
// break or the space at which the cut is.
func cutAt(all []piece, limit int) (cut, skip int) {
	length, line, space := 0, -1, -1
	for i, p := range all {
		length += p.units
		if length > limit {
			switch {
			case p.text == "\n" || p.text == " ":
				return i, 1
			case line > 0:
				return line, 1
			case space > 0:
				return space, 1
			}
			return max(i, 1), 0
		}
		switch p.text {
		case "\n":
			line = i
		case " ":
			space = i
		}
	}
	return len(all), 0
}

// tagged follows an opening or a closing tag.
func tagged(open []string, tag string) []string {
	if !strings.HasPrefix(tag, "</") {
		return append(open, tag)
	}
	if len(open) > 0 && tagName(open[len(open)-1]) == tagName(tag) {
		return open[: len(open)-1 : len(open)-1]
	}
	return open
}

func tagName(tag string) string {
	name, _, _ := strings.Cut(strings.Trim(tag, "</>"), " ")
	return name
}

// shorten cuts plain text to limit runes, the last of them "…", and never leaves
// half of a joined emoji.
func shorten(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	runes := []rune(s)[:limit-1]
	return strings.TrimRight(string(runes), " \u200d\ufe0f") + "…"
}
