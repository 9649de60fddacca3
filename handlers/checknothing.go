package handlers

import (
	"slices"
	"strings"

	"saqbol/fraud"
	"saqbol/locales"
)

// nothingFound helps somebody whose message holds nothing to check: care comes
// before everything, then what is known of what they sent, then how to go on.
func (r *Router) nothingFound(t Turn) Reply {
	m := Message{}
	cries, link := r.cry(t), hasLink(t)
	urgent := cries != cryNone
	if urgent {
		m.Text = append(append(m.Text, cries.care()...), locales.Msg{})
		m.Buttons = append(m.Buttons, nowButton())
	}
	r.addClue(&m, t.Text)
	r.addSecret(&m, t, true)
	if link {
		m.Text = append(m.Text, locales.M("check.link"), locales.Msg{})
	}
	switch {
	case urgent:
		m.Text = append(m.Text, locales.M("check.next.care"))
	case foreignAccount(t.Text):
		m.Text = append(m.Text, locales.M("check.foreign_account"))
	case unfinishedAccount(t.Text):
		m.Text = append(m.Text, locales.M("check.unfinished_account"))
	case unfinished(t):
		m.Text = append(m.Text, locales.M("check.unfinished"))
	case link:
		m.Text = append(m.Text, locales.M("check.next.link"))
	default:
		m.Text = append(m.Text, locales.M("check.nothing"))
	}
	if !urgent {
		m.Buttons = append(m.Buttons, nowButton())
	}
	return Reply{Messages: []Message{m}}
}

// hasLink reports whether a message holds a link, in sight or under a word.
func hasLink(t Turn) bool {
	for _, link := range t.Links {
		if _, calls := dialled(link); !calls {
			return true
		}
	}
	for word := range strings.FieldsSeq(t.Text) {
		if isLink(word) {
			return true
		}
	}
	return false
}

// isLink tells https://…, www.… and a host: Latin letters, digits, dashes and
// dots that end with a domain, perhaps with a path behind it.
func isLink(word string) bool {
	word = strings.ToLower(strings.Trim(word, "«»“”\"'()[]<>.,;:!?"))
	if strings.Contains(word, "://") || strings.HasPrefix(word, "www.") {
		return true
	}
	host := word
	if end := strings.IndexAny(word, "/?"); end >= 0 {
		host = word[:end]
	}
	dot := strings.LastIndexByte(host, '.')
	if dot < 1 {
		return false
	}
	switch domain := host[dot+1:]; domain {
	case "рф", "қаз":
		return true
	default:
		return len(domain) > 1 && !strings.ContainsFunc(domain, func(c rune) bool { return c < 'a' || c > 'z' }) &&
			!strings.ContainsFunc(host[:dot], func(c rune) bool {
				return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_'
			})
	}
}

// The digits of what looks like a telephone number and is none: so many at least
// where it is the whole message, stands among words, or begins with +, and so
// many at most.
const (
	unfinishedWhole = 7
	unfinishedAmong = 9
	unfinishedPlus  = 5
	unfinishedMost  = 15
)

// unfinished reports whether a message holds a shared contact without a number,
// or digits that begin like a telephone number and are too few or too many.
func unfinished(t Turn) bool {
	if len(t.Contacts) > 0 {
		return true
	}
	notDialled := func(c rune) bool { return (c < '0' || c > '9') && !strings.ContainsRune(" \u00a0-–()+", c) }
	text := strings.TrimSpace(t.Text)
	for run := range strings.FieldsFuncSeq(text, notDialled) {
		least := unfinishedAmong
		if run == text {
			least = unfinishedWhole
		}
		run = strings.Trim(run, " \u00a0-–()")
		if strings.HasPrefix(run, "+") {
			least = unfinishedPlus
		} else if !strings.HasPrefix(run, "8") && !strings.HasPrefix(run, "7") || least == unfinishedAmong && thousands(run) {
			continue
		}
		digits := 0
		for _, c := range run {
			if c >= '0' && c <= '9' {
				digits++
			}
		}
		if digits >= least && digits <= unfinishedMost {
			return true
		}
	}
	return false
}

// thousands reports whether digits are written as a sum: 8 500 000 000.
func thousands(run string) bool {
	groups := strings.Fields(run)
	for _, group := range groups[1:] {
		if len(group) != 3 {
			return false
		}
	}
	return len(groups) > 1 && len(groups[0]) <= 3
}

// account is the look of an IBAN of any country, in groups or not.
var account = pattern(`(?i)\b([A-Z]{2})[0-9]{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b`)

// foreignAccount reports whether a text holds what looks like an account of
// another country. An account has digits enough to be told from words.
func foreignAccount(text string) bool {
	for _, found := range account().FindAllStringSubmatch(text, -1) {
		digits := 0
		for _, c := range found[0] {
			if c >= '0' && c <= '9' {
				digits++
			}
		}
		if !strings.EqualFold(found[1], "KZ") && digits >= 8 {
			return true
		}
	}
	return false
}

// kazakhAccount is the look of an account of Kazakhstan with a few signs too few
// or too many, or in odd groups: KZ or КЗ, five digits, and what follows.
var kazakhAccount = pattern(`(?i)(?:^|[^\pL\pN])[KК][ZЗ](?:[ -]?[0-9]){5}(?:[ -]?[0-9A-Z]){8,17}`)

// unfinishedAccount reports whether a text holds what is meant as an account of
// Kazakhstan and is none. It has digits enough to be told from words.
func unfinishedAccount(text string) bool {
	const least = 10
	return slices.ContainsFunc(kazakhAccount().FindAllString(text, -1), func(found string) bool {
		digits := 0
		for _, c := range found {
			if c >= '0' && c <= '9' {
				digits++
			}
		}
		return digits >= least
	})
}

// onlyBadCards reports whether nothing was found but mistyped cards: a part of
// an account of another country looks like one.
func onlyBadCards(subjects []fraud.Subject) bool {
	for _, s := range subjects {
		if s.Kind != fraud.KindBadCard {
			return false
		}
	}
	return true
}
