package recognize

import "saqbol/fraud"

// shortNumbers finds short numbers. A run of three to five digits is one
//   - alone as the whole message,
//   - if it is known (shorts.csv) and the words around speak of calling, of
//     SMS or of an office, and nothing is counted or numbered by it,
//   - if it is not known but stands right beside a word of calling: "звонили с
//     7575", "7575 нөмірінен қоңырау шалды".
//
// What is not known has three or four digits, no 0 at the start, and is no year.
func (r *Recogniser) shortNumbers(p *page, finds []finding) []finding {
	for i := range p.groups {
		if n := p.size(i); n < 3 || n > 5 || p.groups[i].taken || p.groups[i].plus || !p.apart(r, i) {
			continue
		}
		var store [5]byte
		value := string(p.digits(store[:0], i, i))
		_, known := r.shorts[value]
		if p.lonely(i, known) || !p.counted(i) && (known && p.officeNear(i) || !known && p.called(i)) {
			s := fraud.Subject{Kind: fraud.KindShort, Value: value, Shown: value}
			if known {
				s.Country = "KZ"
			}
			finds = p.found(finds, i, i, s)
		}
	}
	return finds
}

// apart reports whether a group is not a part of a longer number, a word or a
// masked one. Known numbers may stand in a row: 101 102 103.
func (p *page) apart(r *Recogniser, i int) bool {
	const within = gapDash | gapDot | gapColon | gapSlash
	beside := func(g gap, neighbour int) bool {
		if g.mark&gapBullet != 0 || g.size == 0 {
			return true
		}
		if neighbour < 0 || neighbour >= len(p.groups) || g.size > 1 || g.mark&(within|gapSpace|gapComma) == 0 {
			return false
		}
		return !r.knownShort(p, i) || !r.knownShort(p, neighbour)
	}
	if i > 0 && beside(p.gaps[i], i-1) || i+1 < len(p.groups) && beside(p.gaps[i+1], i+1) {
		return false
	}
	g := p.groups[i]
	if g.lo > 0 {
		if s := p.symbols[g.lo-1]; s.kind == symbolLetter || s.r == '*' || s.r == '#' || s.r == '•' || s.r == '№' {
			return false
		}
	}
	if g.hi < len(p.symbols) {
		if s := p.symbols[g.hi]; s.r == '%' || s.r == '#' || s.r == '*' || s.r == '•' || s.r == '°' ||
			s.kind == symbolLetter && latin(s.r) && !r.knownShort(p, i) {
			return false
		}
	}
	return i > 0 || p.gaps[0].mark&gapBullet == 0
}

func (r *Recogniser) knownShort(p *page, i int) bool {
	if p.size(i) > 5 {
		return false
	}
	var store [5]byte
	_, known := r.shorts[string(p.digits(store[:0], i, i))]
	return known
}

// lonely reports whether the message is nothing but this number, or a row of
// known ones.
func (p *page) lonely(i int, known bool) bool {
	if len(p.pieces) != len(p.groups) {
		return false
	}
	if known {
		return true
	}
	return len(p.groups) == 1 && p.newShort(i)
}

// newShort reports whether a group that is not known may be a short number at
// all: three or four digits, no 0 at the start, no year.
func (p *page) newShort(i int) bool {
	n := p.number(i)
	return p.size(i) < 5 && p.digit(i, 0) != '0' && (n < 1900 || n >= 2100)
}

// counted reports whether a group counts or numbers something that is no
// telephone: 102 кабинет, 1414 раз, дом 102.
func (p *page) counted(i int) bool {
	return p.meansAfter(i, meansUnit|meansPlace|meansCurrency|meansUntil) || p.meansBefore(i, meansPlace|meansLabel) || p.labelled(i)
}

// near is how many words around a known short number are asked about it.
const near = 5

// officeNear reports whether the words around speak of calling or of an office.
func (p *page) officeNear(i int) bool {
	if p.meansAfter(i, meansCase) || p.meansBefore(i, meansFrom) {
		return true
	}
	return p.around(i, near, meansCall|meansOffice|meansNumber)
}

// around reports whether a word of this meaning stands among the n pieces at
// either side of group i.
func (p *page) around(i, n int, m meaning) bool {
	at := p.groups[i].piece
	for k := max(0, at-n); k <= at+n && k < len(p.pieces); k++ {
		if p.pieces[k].meaning&m != 0 {
			return true
		}
	}
	return false
}

// called reports whether somebody called or wrote from a number that is not known.
func (p *page) called(i int) bool {
	if !p.newShort(i) || p.meansBefore(i, meansCode|meansPIN|meansPassword|meansCVV) {
		return false
	}
	if !p.around(i, near, meansCall) {
		return false
	}
	if i > 0 && p.groups[i-1].owner == ownShort && p.gaps[i].size <= 6 && p.gaps[i].mark&gapLine == 0 {
		return true // "с 7575 и 9999"
	}
	round := p.size(i) > 3 && p.digit(i, p.size(i)-1) == '0' && p.digit(i, p.size(i)-2) == '0'
	before, _ := p.before(i, 1)
	switch {
	case before.meaning&(meansFrom|meansNumber) != 0, p.meansAfter(i, meansNumber|meansCase):
		return true
	case round:
		return false
	}
	return before.meaning&meansTo != 0 || before.meaning&meansCall != 0 && before.meaning&meansFiller == 0
}
