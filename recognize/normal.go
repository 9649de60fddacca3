package recognize

import (
	"unicode"
	"unicode/utf8"
)

// symbol is one visible character of a text in the form the rules compare.
type symbol struct {
	r       rune  // digits as '0'-'9', spaces ' ', line ends '\n', dashes '-', letters in lower case
	start   int32 // where it begins in the original, in bytes
	end     int32 // where it ends, with the invisible characters that follow
	kind    symbolKind
	capital bool
}

type symbolKind uint8

const (
	symbolOther symbolKind = iota
	symbolDigit
	symbolLetter
	symbolSpace
	symbolLine
)

// normalise reads a text once. Bytes that are no UTF-8 count as other symbols.
func normalise(text string) []symbol {
	symbols := make([]symbol, 0, len(text))
	for at := 0; at < len(text); {
		r, size := rune(text[at]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[at:])
		}
		end := at + size
		if invisible(r) {
			if n := len(symbols); n > 0 {
				symbols[n-1].end = int32(end)
			}
			at = end
			continue
		}
		s := symbolOf(r)
		s.start, s.end = int32(at), int32(end)
		symbols = append(symbols, s)
		at = end
	}
	return symbols
}

// symbolOf classifies one character.
func symbolOf(r rune) symbol {
	if r > 0xFF00 && r < 0xFF5F { // full-width ASCII
		r -= 0xFEE0
	}
	switch {
	case r >= '0' && r <= '9':
		return symbol{r: r, kind: symbolDigit}
	case r >= 'a' && r <= 'z':
		return symbol{r: r, kind: symbolLetter}
	case r >= 'A' && r <= 'Z':
		return symbol{r: r + 'a' - 'A', kind: symbolLetter, capital: true}
	case r == ' ' || r == '\t':
		return symbol{r: ' ', kind: symbolSpace}
	case r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029:
		return symbol{r: '\n', kind: symbolLine}
	case r < utf8.RuneSelf:
		return symbol{r: r}
	}
	if d, ok := digitOf(r); ok {
		return symbol{r: '0' + d, kind: symbolDigit}
	}
	if unicode.IsLetter(r) {
		low := unicode.ToLower(r)
		return symbol{r: Fold(low), kind: symbolLetter, capital: low != r}
	}
	if unicode.IsSpace(r) || r == 0x2800 {
		return symbol{r: ' ', kind: symbolSpace}
	}
	return symbol{r: sign(r)}
}

// invisible tells the characters that people can't see and that split nothing:
// zero-width and bidirectional marks, combining marks, keycaps.
func invisible(r rune) bool {
	if r >= 0x48A && r < 0x530 { // Cyrillic, the bulk of what people write
		return false
	}
	if r < 0xAD {
		return r < 0x20 && r != '\t' && (r < '\n' || r > '\r') || r == 0x7F
	}
	return r == 0xAD || r == 0x3164 || r == 0xFFA0 || unicode.In(r, unicode.Cf, unicode.Mn, unicode.Me)
}

// Fold writes the letters of Kazakh that people leave out as those they use
// instead, so that "нөмір" and "номир" meet in a list of words. It takes a lower
// case letter; any other is left as it is.
func Fold(r rune) rune {
	switch r {
	case 'ә':
		return 'а'
	case 'ғ':
		return 'г'
	case 'қ':
		return 'к'
	case 'ң':
		return 'н'
	case 'ө':
		return 'о'
	case 'ұ', 'ү':
		return 'у'
	case 'һ':
		return 'х'
	case 'і':
		return 'и'
	case 'ё':
		return 'е'
	}
	return r
}

// sign makes one character of all that look alike.
func sign(r rune) rune {
	switch {
	case unicode.Is(unicode.Pd, r), r == 0x2212, r == 0x2043, r == 0x207B, r == 0x02D7, r == 0x2796:
		return '-'
	case r == 0xFE62, r == 0x207A, r == 0x2795, r == 0x208A:
		return '+'
	case r == 0x2024, r == 0x3002, r == 0xFF61, r == 0xFE52:
		return '.'
	case r == 0x207D, r == 0x2768:
		return '('
	case r == 0x207E, r == 0x2769:
		return ')'
	case r == 0xB7, r == 0x2027, r == 0x2219, r == 0x22C5, r == 0x30FB:
		return '·'
	case r == 0x2044, r == 0x2215:
		return '/'
	case r == 0x223C, r == 0x2053, r == 0x301C:
		return '~'
	}
	return r
}

// digitOf reads a decimal digit of any script, superscripts and circled digits too.
func digitOf(r rune) (rune, bool) {
	switch {
	case r == 0xB2 || r == 0xB3:
		return r - 0xB0, true
	case r == 0xB9:
		return 1, true
	case r < 0x660:
		return 0, false
	case r == 0x2070 || r >= 0x2074 && r <= 0x2079:
		return r - 0x2070, true
	case r >= 0x2080 && r <= 0x2089:
		return r - 0x2080, true
	case r >= 0x2460 && r <= 0x2468:
		return r - 0x245F, true
	case r == 0x24EA || r == 0x24FF:
		return 0, true
	case r >= 0x2776 && r <= 0x277E:
		return r - 0x2775, true
	case r >= 0x2780 && r <= 0x2788:
		return r - 0x277F, true
	case r >= 0x278A && r <= 0x2792:
		return r - 0x2789, true
	}
	// Every range of Nd is made of whole runs from 0 to 9.
	for _, span := range unicode.Nd.R16 {
		if r < rune(span.Lo) {
			return 0, false
		}
		if r <= rune(span.Hi) {
			return (r - rune(span.Lo)) % 10, true
		}
	}
	for _, span := range unicode.Nd.R32 {
		if r < rune(span.Lo) {
			return 0, false
		}
		if r <= rune(span.Hi) {
			return (r - rune(span.Lo)) % 10, true
		}
	}
	return 0, false
}
