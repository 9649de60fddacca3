package recognize

// What is no subject at all: dates, times, addresses, decimals, sums, and the
// numbers of orders and documents. These rules claim it so that no later rule
// builds a number across it.

// number is the value of group i, or 9999 where it has more than four digits.
func (p *page) number(i int) int {
	if p.size(i) > 4 {
		return 9999
	}
	n := 0
	for k := range p.size(i) {
		n = n*10 + int(p.digit(i, k)-'0')
	}
	return n
}

// claimDates claims dates with dots, slashes or dashes, and times.
func (p *page) claimDates() {
	for i := range p.groups {
		if i+2 < len(p.groups) && p.free(i, i+2) && p.isDate(i) {
			p.claim(ownDate, i, i+2)
		}
		if i+1 < len(p.groups) && p.gaps[i+1].tight(gapColon) && p.free(i, i+1) &&
			p.size(i) <= 2 && p.size(i+1) == 2 && p.number(i) <= 24 && p.number(i+1) < 60 {
			last := i + 1
			if last+1 < len(p.groups) && p.gaps[last+1].tight(gapColon) && p.size(last+1) == 2 {
				last++
			}
			p.claim(ownDate, i, last)
		}
	}
}

// isDate reads the groups i to i+2 as 12.05.2026, 2026-11-22, 12/05/26.
func (p *page) isDate(i int) bool {
	mark := p.gaps[i+1].mark
	if mark != gapDot && mark != gapSlash && mark != gapDash || !p.gaps[i+1].tight(mark) || !p.gaps[i+2].tight(mark) ||
		i > 0 && p.gaps[i].tight(mark) || i+3 < len(p.groups) && p.gaps[i+3].tight(mark) {
		return false
	}
	day, month, year := i, i+1, i+2
	if p.size(i) == 4 {
		day, year = i+2, i
	}
	if p.size(day) > 2 || p.size(month) > 2 || p.number(day) < 1 || p.number(day) > 31 || p.number(month) < 1 {
		return false
	}
	if p.number(month) > 12 {
		return false
	}
	if p.size(year) == 2 {
		// 12-11-20 may be the end of a telephone number, 1/1/00 anything.
		return mark != gapDash && p.size(day) == 2 && p.size(month) == 2
	}
	return p.size(year) == 4 && p.number(year) >= 1900 && p.number(year) < 2100
}

// claimAddresses claims IP addresses: four numbers up to 255 with dots.
func (p *page) claimAddresses() {
	for i := 0; i+3 < len(p.groups); i++ {
		ok := (i == 0 || !p.gaps[i].tight(gapDot)) && (i+4 == len(p.groups) || !p.gaps[i+4].tight(gapDot))
		for k := i; k < i+4 && ok; k++ {
			ok = p.size(k) <= 3 && p.number(k) <= 255 && (k == i || p.gaps[k].tight(gapDot)) && !p.groups[k].plus
		}
		if ok && p.free(i, i+3) {
			p.claim(ownAddress, i, i+3)
		}
	}
}

// claimDecimals claims 524,15 and 43.238949 but leaves 8.7011234567 and
// 1.87011234567 (the first line of a list) to the telephones.
func (p *page) claimDecimals() {
	pointed := func(i int) bool { return p.gaps[i].tight(gapDot) || p.gaps[i].tight(gapComma) }
	for i := 0; i+1 < len(p.groups); i++ {
		if !pointed(i+1) || !p.free(i, i+1) || i > 0 && pointed(i) || i+2 < len(p.groups) && pointed(i+2) {
			continue
		}
		whole, part := p.size(i), p.size(i+1)
		if whole+part >= shortestCard || part == 10 && whole == 1 || part == 7 && (whole == 3 || whole == 4) {
			continue
		}
		p.claim(ownDecimal, i, i+1)
	}
}

// currencySign tells the signs of money.
func currencySign(r rune) bool {
	switch r {
	case '₸', '$', '€', '₽', '£', '¥', '₺', '₴', '₮':
		return true
	}
	return false
}

// priced reports whether a sum of money is what stands in the groups i to j: a
// currency follows, or a sign stands before that belongs to no earlier sum.
func (p *page) priced(i, j int) bool {
	at := p.groups[j].hi
	for at < len(p.symbols) && at < p.groups[j].hi+3 && (p.symbols[at].kind == symbolSpace || p.symbols[at].r == '.' || p.symbols[at].r == '-') {
		at++
	}
	if at < len(p.symbols) && currencySign(p.symbols[at].r) {
		// "₸5000" behind a number is the next sum.
		return at+1 >= len(p.symbols) || p.symbols[at+1].kind != symbolDigit
	}
	if w, ok := p.after(j, 1); ok && w.meaning&meansCurrency != 0 && w.lo-p.groups[j].hi <= 2 {
		return true
	}
	return p.pricedBefore(i)
}

func (p *page) pricedBefore(i int) bool {
	at := p.groups[i].lo - 1
	if at > 0 && p.symbols[at].kind == symbolSpace {
		at--
	}
	if at >= 0 && currencySign(p.symbols[at].r) {
		for at--; at >= 0 && p.symbols[at].kind == symbolSpace; at-- {
		}
		return at < 0 || p.symbols[at].kind != symbolDigit
	}
	return false
}

// longestSum is how many thousands groups a sum may have behind its first.
const longestSum = 6

// claimSums claims sums of money with their thousands: 2 600 000 000 тенге.
func (p *page) claimSums() {
	for j := range p.groups {
		if !p.free(j, j) {
			continue
		}
		i := j
		for i > 0 && j-i < longestSum && p.size(i) == 3 && p.size(i-1) <= 3 && p.free(i-1, i-1) && p.gaps[i].size == 1 &&
			p.gaps[i].mark&(gapSpace|gapComma|gapDot) != 0 {
			i--
		}
		if p.priced(i, j) {
			p.claim(ownSum, i, j)
		}
	}
}

// labelled reports whether group i is the number of an order, a contract, a
// document or a device: such a word stands right before it.
func (p *page) labelled(i int) bool {
	for n := 1; n <= 3; n++ {
		w, ok := p.before(i, n)
		if !ok {
			return false
		}
		if w.meaning&meansLabel != 0 {
			for _, s := range p.symbols[w.hi:p.groups[i].lo] {
				if s.kind == symbolLine || s.r == ',' || s.r == ';' || s.r == '!' || s.r == '?' {
					return false
				}
			}
			beyond, ok := p.before(i, n+1)
			return !ok || beyond.meaning&meansFor == 0
		}
		if w.meaning&meansAbout == 0 {
			return false
		}
	}
	return false
}

// claimLabelled claims labelled numbers with all their parts.
func (p *page) claimLabelled() {
	for i := range p.groups {
		if !p.free(i, i) || !p.labelled(i) {
			continue
		}
		p.claim(ownLabelled, i, i)
		for k := i + 1; k < len(p.groups) && p.free(k, k) && p.gaps[k].size <= 3 &&
			p.gaps[k].mark&^(gapSpace|gapDash|gapDot|gapSlash) == 0; k++ {
			p.claim(ownLabelled, k, k)
		}
	}
}
