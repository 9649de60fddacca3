package recognize

import (
	_ "embed"
	"fmt"
	"unicode"
	"unicode/utf8"
)

//go:embed words.csv
var wordsCSV string

// meaning is what a word says about the numbers near it; see words.csv.
type meaning uint32

const (
	meansCurrency meaning = 1 << iota
	meansUnit
	meansPlace
	meansLabel
	meansFor
	meansAbout
	meansCall
	meansOffice
	meansNumber
	meansFrom
	meansCode
	meansCVV
	meansPIN
	meansPassword
	meansSecret
	meansFiller
	meansMoney
	meansNotCode
	meansCard
	meansDial
	meansTo
	meansCase
	meansUntil
	meansWord
	meansSMS
)

// meaningOf names a meaning as words.csv does.
func meaningOf(name string) (meaning, bool) {
	names := [...]string{"currency", "unit", "place", "label", "for", "about", "call", "office", "number", "from",
		"code", "cvv", "pin", "password", "secret", "filler", "money", "notcode", "card", "dial", "to", "case", "until", "word", "sms"}
	for i, n := range names {
		if n == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// piece is a word or a group of digits.
type piece struct {
	lo, hi  int
	group   int // index of the group, -1 for a word
	meaning meaning
}

// wordList finds the meaning of words.
type wordList struct {
	exact  map[string]meaning
	prefix map[string]meaning
}

// shortestPrefix is the least number of bytes of a form with *.
const shortestPrefix = 4

func readWords() (wordList, error) {
	list := wordList{exact: map[string]meaning{}, prefix: map[string]meaning{}}
	rows, err := readTable("words.csv", wordsCSV, 2)
	if err != nil {
		return wordList{}, err
	}
	for _, row := range rows {
		means, ok := meaningOf(row[0])
		if !ok {
			return wordList{}, fmt.Errorf("reading words.csv: no such kind: %q", row[0])
		}
		form, into := row[1], list.exact
		if n := len(form); n > 0 && form[n-1] == '*' {
			form, into = form[:n-1], list.prefix
			if len(form) < shortestPrefix {
				return wordList{}, fmt.Errorf("reading words.csv: %q is too short", row[1])
			}
		}
		folded := make([]byte, 0, len(form))
		for _, r := range form {
			folded = utf8.AppendRune(folded, Fold(unicode.ToLower(r)))
		}
		into[string(folded)] |= means
	}
	return list, nil
}

// longestWord bounds the work for one word; what is longer means nothing.
const longestWord = 48

// meaning looks a word up. A word of two scripts ("СVV") is read in Latin letters.
func (l wordList) meaning(word []symbol) meaning {
	if len(word) > longestWord/2 {
		return 0
	}
	var store [longestWord * 2]byte
	buf, latin, cyrillic := store[:0], false, false
	for _, s := range word {
		latin = latin || s.r < utf8.RuneSelf
		cyrillic = cyrillic || s.r >= utf8.RuneSelf
		buf = utf8.AppendRune(buf, s.r)
	}
	if latin && cyrillic {
		buf = store[:0]
		for _, s := range word {
			buf = utf8.AppendRune(buf, twin(s.r))
		}
	}
	found := l.exact[string(buf)]
	for n := shortestPrefix; n <= len(buf); n++ {
		found |= l.prefix[string(buf[:n])]
	}
	return found
}

// twin is the Latin letter that looks like a Cyrillic one.
func twin(r rune) rune {
	switch r {
	case 'а':
		return 'a'
	case 'в':
		return 'b'
	case 'с':
		return 'c'
	case 'е':
		return 'e'
	case 'н':
		return 'h'
	case 'к':
		return 'k'
	case 'м':
		return 'm'
	case 'о':
		return 'o'
	case 'р':
		return 'p'
	case 'т':
		return 't'
	case 'х':
		return 'x'
	case 'у':
		return 'y'
	}
	return r
}

// before returns the nth piece before group i (1 is the nearest); ok is false
// where a group or the start of the text stands in its place.
func (p *page) before(i, n int) (piece, bool) {
	at := p.groups[i].piece - n
	if at < 0 || p.pieces[at].group >= 0 {
		return piece{}, false
	}
	return p.pieces[at], true
}

// after returns the nth piece behind group i, as before does.
func (p *page) after(i, n int) (piece, bool) {
	at := p.groups[i].piece + n
	if at >= len(p.pieces) || p.pieces[at].group >= 0 {
		return piece{}, false
	}
	return p.pieces[at], true
}

// means reports whether the piece next behind group i has this meaning.
func (p *page) meansAfter(i int, m meaning) bool {
	w, ok := p.after(i, 1)
	return ok && w.meaning&m != 0
}

func (p *page) meansBefore(i int, m meaning) bool {
	w, ok := p.before(i, 1)
	return ok && w.meaning&m != 0
}
