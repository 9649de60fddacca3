package handlers

import (
	_ "embed"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"saqbol/fraud"
	"saqbol/recognize"
)

//go:embed clues.tsv
var cluesTSV string

// headRunes is how many letters of a clue its index uses; no clue is shorter.
const headRunes = 3

// clues finds the words that hint at a scenario, by their first letters.
type clues struct {
	scenarios []fraud.Scenario // in the order of the table
	byHead    map[string][]clue
}

// clue is the beginning of a word or of a phrase, folded, and the scenario it
// hints at, as an index into clues.scenarios.
type clue struct {
	words    string
	scenario int
}

// readClues reads lines of a scenario, a tab, and words separated by commas;
// empty lines and lines that begin with # are passed over, and so are a line
// without a tab and a word too short to mean anything.
func readClues(table string) clues {
	out := clues{byHead: map[string][]clue{}}
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		scenario, words, ok := strings.Cut(line, "\t")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		for word := range strings.SplitSeq(words, ",") {
			word = folded(word)
			c := clue{words: word, scenario: len(out.scenarios)}
			if h := head(word, headRunes); h != "" && !slices.Contains(out.byHead[h], c) {
				out.byHead[h] = append(out.byHead[h], c)
			}
		}
		out.scenarios = append(out.scenarios, fraud.Scenario(scenario))
	}
	return out
}

// resembles names the scenario that most clues in a text hint at, "" where none
// does; of equals the one that stands first in the table.
func (c clues) resembles(text string) fraud.Scenario {
	var found []clue
	for rest := folded(text); rest != ""; {
		for _, hint := range c.byHead[head(rest, headRunes)] {
			if strings.HasPrefix(rest, hint.words) && !slices.Contains(found, hint) {
				found = append(found, hint)
			}
		}
		_, rest, _ = strings.Cut(rest, " ")
	}
	best, most := fraud.Scenario(""), 0
	for i, scenario := range c.scenarios {
		n := 0
		for _, hint := range found {
			if hint.scenario == i {
				n++
			}
		}
		if n > most {
			best, most = scenario, n
		}
	}
	return best
}

// head is the first letters of a text, "" of one that is shorter.
func head(text string, runes int) string {
	end := 0
	for range runes {
		_, size := utf8.DecodeRuneInString(text[end:])
		if size == 0 {
			return ""
		}
		end += size
	}
	return text[:end]
}

// folded writes a text in small letters, single spaces for everything else, and
// the Kazakh letters as people write them on a Russian keyboard, so that both match.
func folded(text string) string {
	var out strings.Builder
	out.Grow(len(text))
	gap := false
	for _, c := range text {
		c = unicode.ToLower(c)
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			gap = true
			continue
		}
		if gap && out.Len() > 0 {
			out.WriteByte(' ')
		}
		gap = false
		out.WriteRune(recognize.Fold(c))
	}
	return out.String()
}
