package handlers

import (
	_ "embed"
	"slices"
	"strings"
	"unicode"

	"saqbol/locales"
)

//go:embed care.tsv
var careTSV string

// cry is what a call for help tells: the name of a line of care.tsv.
type cry string

// The lines of care.tsv: the cries, and the words that say how to take them.
const (
	cryNone    cry = ""
	cryMoney   cry = "money" // money is gone
	cryGiven   cry = "given" // access, an account or a loan; or they were deceived
	cryPaid    cry = "paid"  // money was sent; where nothing calms it is gone
	cryTold    cry = "told"  // so were a code, a password, data
	cryCalling cry = "calling"
	cryHelp    cry = "help"
	cryLife    cry = "life" // they do not want to live on
	cryCalm    cry = "calm"
	cryWarning cry = "warning"
	cryOwn     cry = "own"
)

// lost reports whether somebody has given money, data or access away.
func (c cry) lost() bool { return c == cryMoney || c == cryTold || c == cryGiven }

// care is what whoever cries for help reads first.
func (c cry) care() []locales.Msg {
	if c == cryLife {
		return []locales.Msg{locales.M("check.life"), {}, locales.M("check.care")}
	}
	return []locales.Msg{locales.M("check.care")}
}

// cry is the call for help in a message, cryNone where it is none.
func (r *Router) cry(t Turn) cry {
	if !strings.ContainsFunc(t.Text, unicode.IsLetter) {
		return cryNone
	}
	heard := r.words.cries.hear(t.Text)
	is := func(c cry) bool { return slices.Contains(heard, c) }
	others := (t.Forwarded || is(cryWarning)) && !is(cryOwn)
	switch calm := is(cryCalm); {
	case is(cryLife) && !others:
		return cryLife
	case others && is(cryHelp):
		return cryHelp
	case others:
		return cryNone
	case is(cryMoney), is(cryPaid) && !calm:
		return cryMoney
	case is(cryTold) && !calm:
		return cryTold
	case is(cryGiven):
		return cryGiven
	case is(cryCalling):
		return cryCalling
	case is(cryHelp):
		return cryHelp
	}
	return cryNone
}

// How many words apart those of one rule may stand; those of calm stand side by
// side: "маме позвонили и она перевела" is not "перевела маме".
const (
	fewWords   = 5
	sideBySide = 1
)

// cries finds the words of care.tsv in a text.
type cries struct {
	rules  []cryRule
	parts  int // of all the rules
	byHead map[string][]cryWord
}

// cryRule is heard where a word of each of its parts stands near the others.
type cryRule struct {
	cry         cry
	first, last int // its parts
}

// cryWord is a word or a phrase of a rule's part, as spelled writes it.
type cryWord struct {
	words      string
	whole      bool // nothing may follow in the same word
	rule, part int
}

// cryHeadRunes is how many letters of a word the index uses; no word is shorter.
const cryHeadRunes = 2

// readCries reads care.tsv, whose form its own head tells.
func readCries(table string) cries {
	out := cries{byHead: map[string][]cryWord{}}
	lists := map[string][]string{}
	for line := range strings.Lines(table) {
		name, words, ok := strings.Cut(strings.TrimSpace(line), "\t")
		switch {
		case !ok || strings.HasPrefix(name, "#"):
		case strings.HasPrefix(name, "@"):
			lists[name] = append(lists[name], listed(words, lists)...)
		default:
			rule := cryRule{cry: cry(name), first: out.parts}
			for part := range strings.SplitSeq(words, " + ") {
				out.add(listed(part, lists))
			}
			rule.last = out.parts - 1
			out.rules = append(out.rules, rule)
		}
	}
	return out
}

// listed are the words between commas, those of the lists named among them too.
func listed(words string, lists map[string][]string) []string {
	var out []string
	for word := range strings.SplitSeq(words, ",") {
		if list, ok := lists[word]; ok {
			out = append(out, list...)
		} else {
			out = append(out, word)
		}
	}
	return out
}

// add is one more part of the rule that is being read.
func (c *cries) add(words []string) {
	for _, word := range words {
		w := cryWord{words: spelled(word), whole: strings.HasSuffix(word, "."), rule: len(c.rules), part: c.parts}
		if h := head(w.words, cryHeadRunes); h != "" {
			c.byHead[h] = append(c.byHead[h], w)
		}
	}
	c.parts++
}

// hear names the lines of the table that a text has the words of, each once.
func (c cries) hear(text string) []cry {
	var heard []cry
	at := make([]int, c.parts) // where each part was last heard, counted in words from 1
	before, rest := "", spelled(text)
	for word := 1; rest != ""; word++ {
		for _, w := range c.byHead[head(rest, cryHeadRunes)] {
			behind, ok := strings.CutPrefix(rest, w.words)
			if !ok || w.whole && behind != "" && behind[0] != ' ' || denied(before, behind) {
				continue
			}
			at[w.part] = word
			if rule := c.rules[w.rule]; rule.complete(at) && !slices.Contains(heard, rule.cry) {
				heard = append(heard, rule.cry)
			}
		}
		before, rest, _ = strings.Cut(rest, " ")
	}
	return heard
}

// complete reports whether every part was heard, near the others.
func (r cryRule) complete(at []int) bool {
	parts := at[r.first : r.last+1]
	near := fewWords
	if r.cry == cryCalm {
		near = sideBySide
	}
	return slices.Min(parts) > 0 && slices.Max(parts)-slices.Min(parts) <= near
}

// denied reports whether what stands around a word takes it back: "не" before
// it, or "жоқ" behind it.
func denied(before, behind string) bool {
	if before == "не" || before == "ни" {
		return true
	}
	_, next, _ := strings.Cut(behind, " ")
	return strings.HasPrefix(next, "жок")
}

// spelled writes a text in the letters of foldLetters, a single space for all
// that is neither letter nor digit, and 000 for what is long enough for a sum:
// 5000, 200тыс.
func spelled(text string) string {
	words := strings.FieldsFunc(foldLetters(text), notLetterOrDigit)
	for i, word := range words {
		if len(word) >= 3 && word[0] >= '0' && word[0] <= '9' {
			words[i] = "000"
		}
	}
	return strings.Join(words, " ")
}
