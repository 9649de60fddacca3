package handlers

import (
	_ "embed"
	"slices"
	"strings"
	"unicode"

	"saqbol/fraud"
)

//go:embed clues.tsv
var cluesTSV string

// clue is a scenario and the words that hint at it, folded as folded does.
type clue struct {
	scenario fraud.Scenario
	words    []string // beginnings of words or of phrases
}

// readClues reads lines of a scenario, a tab, and words separated by commas;
// empty lines and lines that begin with # are passed over. A line without a tab
// holds no words and hints at nothing.
func readClues(table string) []clue {
	var out []clue
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		scenario, words, ok := strings.Cut(line, "\t")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		c := clue{scenario: fraud.Scenario(scenario)}
		for word := range strings.SplitSeq(words, ",") {
			if word = folded(word); word != "" {
				c.words = append(c.words, word)
			}
		}
		out = append(out, c)
	}
	return out
}

// resembles names the scenario that most clues in a text hint at, "" where none
// does; of equals the one that stands first in the table.
func resembles(clues []clue, text string) fraud.Scenario {
	if text == "" {
		return ""
	}
	padded := " " + folded(text)
	var best fraud.Scenario
	most := 0
	for _, c := range clues {
		n := 0
		for _, word := range c.words {
			if strings.Contains(padded, " "+word) {
				n++
			}
		}
		if n > most {
			best, most = c.scenario, n
		}
	}
	return best
}

// folded writes a text in small letters, single spaces for everything else, and the
// Kazakh letters as people write them on a Russian keyboard, so that both match.
func folded(text string) string {
	var out strings.Builder
	out.Grow(len(text))
	gap := false
	for _, c := range strings.ToLower(text) {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			gap = true
			continue
		}
		if gap && out.Len() > 0 {
			out.WriteByte(' ')
		}
		gap = false
		out.WriteRune(plain(c))
	}
	return out.String()
}

// plain is the Russian letter that is typed for a Kazakh one.
func plain(c rune) rune {
	kazakh, russian := []rune("әғқңөұүһіё"), []rune("агкноуухие")
	if i := slices.Index(kazakh, c); i >= 0 {
		return russian[i]
	}
	return c
}
