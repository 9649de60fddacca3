package recognize

import (
	"strings"

	"saqbol/fraud"
)

// ibanLength is the length of a Kazakhstan IBAN: KZ, two check digits, the three
// digits of the bank and thirteen characters of the account.
const ibanLength = 20

// ibans finds Kazakhstan accounts, right and wrong ones.
func (r *Recogniser) ibans(p *page, finds []finding) []finding {
	group := 0
	for at := 0; at+ibanLength <= len(p.symbols); at++ {
		if !p.ibanBegins(at) {
			continue
		}
		value, end, ok := p.ibanAt(at)
		if !ok {
			continue
		}
		for group < len(p.groups) && p.groups[group].lo < at {
			group++
		}
		last := group
		for last+1 < len(p.groups) && p.groups[last+1].lo < end {
			last++
		}
		kind, value := checkIBAN(value)
		if kind == fraud.KindBadIBAN && !p.printedIBAN(at, end) {
			continue
		}
		p.claim(ownAccount, group, last)
		s := fraud.Subject{Kind: kind, Value: value, Shown: showIBAN(value), Hint: r.banks[value[4:7]]}
		finds = append(finds, finding{at: at, subject: s})
		at = end - 1
	}
	return finds
}

// ibanBegins reports whether KZ and a digit stand at a symbol, at the start of a word.
func (p *page) ibanBegins(at int) bool {
	s := p.symbols
	if s[at].r != 'k' && s[at].r != 'к' || s[at+1].r != 'z' {
		return false
	}
	if at == 0 {
		return true
	}
	before := s[at-1]
	return before.kind != symbolDigit && (before.kind != symbolLetter || !latin(before.r) && latin(s[at].r))
}

// ibanAt reads twenty letters and digits from a symbol on, over spaces and
// dashes. They must end where a word or a group ends.
func (p *page) ibanAt(at int) (value string, end int, ok bool) {
	var out [ibanLength]byte
	n, blank := 0, 0
	for end = at; end < len(p.symbols) && n < ibanLength; end++ {
		s := p.symbols[end]
		switch s.kind {
		case symbolSpace, symbolLine:
			blank++
		case symbolDigit, symbolLetter:
			c := s.r
			if s.kind == symbolLetter {
				c = twin(c)
			}
			if c >= 'a' && c <= 'z' {
				c += 'A' - 'a'
			}
			if c >= 0x80 || n >= 2 && n < 7 && (c < '0' || c > '9') && c != 'O' {
				return "", 0, false
			}
			out[n], blank = byte(c), 0
			if n >= 2 && n < 7 && c == 'O' {
				out[n] = '0'
			}
			n++
		case symbolOther:
			if s.r != '-' && s.r != '.' && s.r != '·' && s.r != '_' {
				return "", 0, false
			}
			blank++
		}
		if blank > 3 {
			return "", 0, false
		}
	}
	if n < ibanLength || end < len(p.symbols) && p.symbols[end].kind == symbolDigit ||
		end < len(p.symbols) && p.symbols[end].kind == symbolLetter && latin(p.symbols[end].r) {
		return "", 0, false
	}
	return string(out[:]), end, true
}

// printedIBAN reports whether an account is written unbroken or in groups of
// four: any other grouping with wrong check digits is not taken for an account.
func (p *page) printedIBAN(at, end int) bool {
	run, broken := 0, false
	for _, s := range p.symbols[at:end] {
		if s.kind == symbolDigit || s.kind == symbolLetter {
			run++
			continue
		}
		if run%4 != 0 {
			return false
		}
		broken = true
	}
	return run == ibanLength && (!broken || end-at <= ibanLength+8)
}

// checkIBAN tells a right account from a wrong one. A letter O that should be a
// zero is read as one unless the account is right as it stands.
func checkIBAN(value string) (fraud.Kind, string) {
	if mod97(value) == 1 {
		return fraud.KindIBAN, value
	}
	value = strings.ReplaceAll(value, "O", "0")
	if mod97(value) == 1 {
		return fraud.KindIBAN, value
	}
	return fraud.KindBadIBAN, value
}

// mod97 is the remainder that must be 1 (ISO 13616).
func mod97(iban string) int {
	rest := 0
	for _, c := range iban[4:] + iban[:4] {
		if c >= '0' && c <= '9' {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	return rest
}

// showIBAN groups an account by four.
func showIBAN(value string) string {
	var out strings.Builder
	for i := 0; i < len(value); i += 4 {
		if i > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(value[i:min(i+4, len(value))])
	}
	return out.String()
}
