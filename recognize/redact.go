package recognize

import (
	"slices"
	"strings"
)

// hidden stands in place of a masked secret.
const hidden = "••••"

// mask is a stretch of symbols and what is put in its place.
type mask struct {
	lo, hi int
	with   string
}

// Redact masks the card numbers in a text, whole or split by whatever signs, to
// their last four digits ("•••• 1234"), and CVVs, one-time codes, PINs and
// passwords to "••••". Telephone numbers, short numbers, accounts, sums and
// dates stay. It reports whether it masked anything. Masking a masked text
// changes nothing.
//
// In doubt it masks: what it returns may be stored.
func (r *Recogniser) Redact(text string) (string, bool) {
	found := false
	for {
		masked, more := r.redact(text)
		if !more {
			return text, found
		}
		// Each round leaves fewer digits and letters; one is nearly always enough.
		text, found = masked, true
	}
}

// redact masks what one reading of the text shows.
func (r *Recogniser) redact(text string) (string, bool) {
	p := r.open(text)
	if len(p.groups) == 0 && !p.speaksOf(meansPassword|meansWord) {
		return text, false
	}
	r.read(p)
	masks := r.cardMasks(p)
	masks = append(masks, r.codeMasks(p)...)
	masks = append(masks, p.passwordMasks()...)
	return p.apply(masks)
}

// speaksOf reports whether a word of this meaning stands anywhere.
func (p *page) speaksOf(m meaning) bool {
	for _, w := range p.pieces {
		if w.meaning&m != 0 {
			return true
		}
	}
	return false
}

// apply puts the masks into the original text. Of masks that overlap, the
// earlier and longer one wins and takes in the other.
func (p *page) apply(masks []mask) (string, bool) {
	if len(masks) == 0 {
		return p.text, false
	}
	slices.SortFunc(masks, func(a, b mask) int {
		if a.lo != b.lo {
			return a.lo - b.lo
		}
		return b.hi - a.hi
	})
	var out strings.Builder
	at := int32(0)
	for i := 0; i < len(masks); {
		m := masks[i]
		for i++; i < len(masks) && masks[i].lo < m.hi; i++ {
			if masks[i].hi > m.hi {
				m.hi, m.with = masks[i].hi, hidden
			}
		}
		out.WriteString(p.text[at:p.symbols[m.lo].start])
		out.WriteString(m.with)
		at = p.symbols[m.hi-1].end
	}
	out.WriteString(p.text[at:])
	return out.String(), true
}

// cardMasks masks card numbers: those that were found, unbroken runs, and
// everything that may be one with signs between its parts.
func (r *Recogniser) cardMasks(p *page) []mask {
	secret := make([]bool, len(p.groups)) // group i is joined with group i+1
	card := make([]bool, len(p.groups))
	var masks []mask
	for i := range p.groups {
		switch {
		case p.groups[i].owner == ownCard:
			card[i] = true
			secret[i] = i+1 < len(p.groups) && p.groups[i+1].claim == p.groups[i].claim
		case p.groups[i].owner == ownAccount || p.groups[i].owner == ownPhone && p.groups[i].plus:
		case p.longSecret(i):
			card[i] = true
		default:
			p.splitCards(i, card, secret)
		}
	}
	for i := 0; i < len(p.groups); i++ {
		if !card[i] {
			continue
		}
		j := i
		for secret[j] {
			j++
		}
		masks = append(masks, p.cardMask(i, j))
		masks = append(masks, p.codeBehindCard(j)...)
		i = j
	}
	return masks
}

// cardMask keeps the last four digits of the groups i to j.
func (p *page) cardMask(i, j int) mask {
	var last []byte
	for k := j; k >= i && len(last) < 4; k-- {
		last = append(p.digits(nil, k, k), last...)
	}
	return mask{lo: p.groups[i].lo, hi: p.groups[j].hi, with: hidden + " " + string(last[max(0, len(last)-4):])}
}

// longSecret weighs an unbroken run: a card number of any network, or a longer
// run that holds one.
func (p *page) longSecret(i int) bool {
	n := p.size(i)
	if n < shortestCard {
		return false
	}
	digits := p.digits(make([]byte, 0, n), i, i)
	if n <= longestCard && luhn(digits) {
		return true
	}
	for at := 0; at+shortestCard <= n; at++ {
		for size := shortestCard; size <= longestCard && at+size <= n && size < n; size++ {
			if part := digits[at : at+size]; network(part) != "" && luhn(part) && n > longestCard {
				return true
			}
		}
	}
	return false
}

// splitCards marks the groups from i on that hold a card number between them.
func (p *page) splitCards(i int, card, secret []bool) {
	var store [longestCard]byte
	total := p.size(i)
	opened, listed := i == 0 || !p.joinsAnything(i), false
	for j := i + 1; j < len(p.groups) && p.joinsAnything(j); j++ {
		// "4500, 3200, 1500" is a list, unless all of it is a card.
		listed = listed || p.gaps[j].mark&gapComma != 0 && p.gaps[j].mark&gapSpace != 0
		if p.groups[j].owner == ownAccount || p.groups[j].plus {
			return
		}
		if total += p.size(j); total > longestCard {
			return
		}
		if total < shortestCard || !p.mayMask(i, j) {
			continue
		}
		digits := p.digits(store[:0], i, j)
		whole := opened && (j+1 == len(p.groups) || !p.joinsAnything(j+1))
		known := network(digits) != ""
		if luhn(digits) && (known && (whole || !listed) || whole && !listed) && !p.years(i, j) {
			for k := i; k <= j; k++ {
				card[k] = true
				secret[k] = secret[k] || k < j
			}
		}
	}
}

// joinsAnything reports whether group i may go on with the number before it: no
// letter and no mask stands between.
func (p *page) joinsAnything(i int) bool { return p.gaps[i].joinsAnything() }

// plainDecimal reports whether the decimal that group k is a part of is surely
// one: a coordinate among coordinates of Kazakhstan (43.238949, 76.889709).
// Anything else may be a card with dots in it.
func (p *page) plainDecimal(k, i, j int) bool {
	if k > 0 && p.groups[k-1].claim == p.groups[k].claim {
		k--
	}
	for ; i <= j; i++ {
		if p.groups[i].owner != ownDecimal {
			return false
		}
	}
	return p.size(k) == 2 && p.number(k) >= 40 && p.number(k) < 90 && p.size(k+1) >= 4
}

// mayMask reports whether the groups i to j may be one card: not all of them are
// explained as something else, and none is torn out of what explains it.
func (p *page) mayMask(i, j int) bool {
	torn := func(k, beyond int) bool {
		return beyond >= 0 && beyond < len(p.groups) && p.groups[k].claim > 0 &&
			p.groups[k].owner != ownLabelled && p.groups[k].owner != ownLink && p.groups[k].claim == p.groups[beyond].claim
	}
	if torn(i, i-1) || torn(j, j+1) {
		return false
	}
	for k := i; k <= j; k++ {
		switch p.groups[k].owner {
		case ownNothing, ownLabelled, ownLink, ownShort:
			return true
		case ownDecimal:
			if !p.plainDecimal(k, i, j) {
				return true
			}
		}
	}
	return false
}
