package emulator

import (
	"html"
	"regexp"
	"slices"
	"strings"
)

// linkShape is what a link may point at; others are shown as text.
var linkShape = regexp.MustCompile(`(?i)^(https?://|tg://|mailto:|tel:)[^\s]+$`)

// renderHTML writes a text with its entities as HTML that is safe in a page:
// only known tags, links only to known schemes, all else escaped. Entities that
// cross each other are cut where the outer one ends.
func renderHTML(plain string, entities []Entity) string {
	if len(entities) == 0 {
		return html.EscapeString(plain)
	}
	sorted := slices.Clone(entities)
	slices.SortStableFunc(sorted, outerFirst)
	var b strings.Builder
	var ends []int
	var tags []string
	closeUntil := func(at int) {
		for len(ends) > 0 && ends[len(ends)-1] <= at {
			b.WriteString("</" + tags[len(tags)-1] + ">")
			ends, tags = ends[:len(ends)-1], tags[:len(tags)-1]
		}
	}
	at := 0
	for _, r := range plain {
		closeUntil(at)
		for len(sorted) > 0 && sorted[0].Offset <= at {
			e := sorted[0]
			sorted = sorted[1:]
			end := e.Offset + e.Length
			if len(ends) > 0 {
				end = min(end, ends[len(ends)-1])
			}
			if open, tag := tagFor(e); tag != "" && end > at {
				b.WriteString(open)
				ends, tags = append(ends, end), append(tags, tag)
			}
		}
		b.WriteString(html.EscapeString(string(r)))
		at += units(string(r))
	}
	closeUntil(at + 1<<20)
	return b.String()
}

// tagFor gives the opening tag and the name of the closing one.
func tagFor(e Entity) (open, name string) {
	switch e.Type {
	case "bold":
		return "<b>", "b"
	case "italic":
		return "<i>", "i"
	case "underline":
		return "<u>", "u"
	case "strikethrough":
		return "<s>", "s"
	case "code":
		return "<code>", "code"
	case "pre":
		return "<pre>", "pre"
	case "spoiler":
		return `<span class="tg-spoiler">`, "span"
	case "blockquote":
		return "<blockquote>", "blockquote"
	case "expandable_blockquote":
		return `<blockquote class="expandable">`, "blockquote"
	case "text_link":
		if linkShape.MatchString(e.URL) {
			return `<a href="` + html.EscapeString(e.URL) + `" target="_blank" rel="noopener noreferrer">`, "a"
		}
	}
	return "", ""
}
