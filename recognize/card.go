package recognize

import "saqbol/fraud"

// The lengths of card numbers.
const (
	shortestCard = 13
	longestCard  = 19
)

// luhn reports whether the last digit checks the others.
func luhn(digits []byte) bool {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// network names the network of a card number by its first digits and its
// length, "" where it is none of those that are used in Kazakhstan.
func network(digits []byte) string {
	first, n := 0, len(digits)
	for _, d := range digits[:4] {
		first = first*10 + int(d-'0')
	}
	switch {
	case first/1000 == 4 && (n == 13 || n == 16 || n == 19):
		return "Visa"
	case n == 16 && (first >= 5100 && first < 5600 || first >= 2221 && first <= 2720):
		return "Mastercard"
	case n >= 16 && first >= 2200 && first <= 2204:
		return "Mir"
	case n >= 16 && first/100 == 62:
		return "UnionPay"
	case n == 15 && (first/100 == 34 || first/100 == 37):
		return "American Express"
	}
	return ""
}

// issued reports whether a card number may begin like this: banks' and shops'
// cards of whatever network begin with 2 to 6.
func issued(digits []byte) bool { return digits[0] >= '2' && digits[0] <= '6' }

// retailCode reports whether thirteen digits are an EAN-13: a bar code, which
// passes Luhn by chance now and then.
func retailCode(digits []byte) bool {
	if len(digits) != 13 {
		return false
	}
	sum := 0
	for i, d := range digits {
		sum += int(d-'0') * (1 + 2*(i%2))
	}
	return sum%10 == 0
}

// cards finds the surest cards: an unbroken number whose network is known, or
// groups as they are printed on the card.
func (r *Recogniser) cards(p *page, finds []finding) []finding {
	for i := range p.groups {
		if p.groups[i].taken || p.groups[i].plus {
			continue
		}
		if j, ok := p.printedCard(i); ok {
			finds = p.found(finds, i, j, p.card(fraud.KindCard, i, j))
		} else if p.bareCard(i) {
			finds = p.found(finds, i, i, p.card(fraud.KindCard, i, i))
		}
	}
	return finds
}

// bareCard weighs an unbroken run of digits.
func (p *page) bareCard(i int) bool {
	if n := p.size(i); n < shortestCard || n > longestCard {
		return false
	}
	var store [longestCard]byte
	digits := p.digits(store[:0], i, i)
	if !luhn(digits) || network(digits) == "" || !p.glueFits(i, i) || p.labelled(i) || p.priced(i, i) {
		return false
	}
	return !retailCode(digits) || p.meansBefore(i, meansCard)
}

// printedCard finds a card whose groups begin with group i: fours (the last may
// be shorter or, with 19 digits, follow as three), or 4-6-5 for American Express.
func (p *page) printedCard(i int) (int, bool) {
	var store [longestCard + 4]byte
	fours := p.fours(i)
	if fours >= 4 {
		if digits := p.digits(store[:0], i, i+3); luhn(digits) && !p.years(i, i+3) &&
			(network(digits) != "" || issued(digits) && fours%4 == 0 && p.alone(i, i+fours-1)) {
			return i + 3, true
		}
	}
	if j := i + fours; fours >= 3 && j < len(p.groups) && p.size(j) < 4 && !p.groups[j].taken && p.gaps[j].joinsCard() && fours <= 4 {
		if digits := p.digits(store[:0], i, j); luhn(digits) && network(digits) != "" && p.alone(i, j) {
			return j, true
		}
	}
	if j := i + 2; p.americanShape(i) {
		if digits := p.digits(store[:0], i, j); luhn(digits) && network(digits) != "" {
			return j, true
		}
	}
	return 0, false
}

// fours counts the groups of four digits from group i on that may be one or
// more cards in a row.
func (p *page) fours(i int) int {
	n := 0
	for k := i; k < len(p.groups) && n < 64 && p.size(k) == 4 && !p.groups[k].taken && (k == i || p.gaps[k].joinsCard()); k++ {
		n++
	}
	return n
}

func (p *page) americanShape(i int) bool {
	return i+2 < len(p.groups) && p.free(i, i+2) && p.size(i) == 4 && p.size(i+1) == 6 && p.size(i+2) == 5 &&
		p.gaps[i+1].joinsCard() && p.gaps[i+2].joinsCard() && p.digit(i, 0) == '3' && (p.digit(i, 1) == '4' || p.digit(i, 1) == '7')
}

// years reports whether every group reads as a year.
func (p *page) years(i, j int) bool {
	for ; i <= j; i++ {
		if n := p.number(i); n < 1900 || n >= 2100 {
			return false
		}
	}
	return true
}

// alone reports whether no unclaimed digits join the groups i to j at either side.
func (p *page) alone(i, j int) bool {
	if i > 0 && !p.groups[i-1].taken && p.gaps[i].joinsCard() && p.gaps[i].mark&gapLine == 0 {
		return false
	}
	return j+1 == len(p.groups) || p.groups[j+1].taken || p.groups[j+1].plus || !p.gaps[j+1].joinsCard() || p.gaps[j+1].mark&gapLine != 0
}

// looseCards finds cards that are grouped in any way, where nothing else stands
// beside them and the network is known.
func (r *Recogniser) looseCards(p *page, finds []finding) []finding {
	var store [longestCard]byte
	for i := 0; i < len(p.groups); i++ {
		if p.groups[i].taken || p.groups[i].plus {
			continue
		}
		j, total := i, p.size(i)
		for j+1 < len(p.groups) && !p.groups[j+1].taken && p.gaps[j+1].joinsCard() {
			j++
			total += p.size(j)
		}
		if j > i && total >= shortestCard && total <= longestCard && !p.thousands(i, j) && !p.years(i, j) && p.glueFits(i, j) {
			if digits := p.digits(store[:0], i, j); luhn(digits) && network(digits) != "" && !retailCode(digits) {
				finds = p.found(finds, i, j, p.card(fraud.KindCard, i, j))
			}
		}
		i = j
	}
	return finds
}

// badCards finds what is grouped like a card and fails the check.
func (r *Recogniser) badCards(p *page, finds []finding) []finding {
	for i := range p.groups {
		if p.groups[i].taken || p.groups[i].plus {
			continue
		}
		n := p.fours(i)
		last := i + n - 1
		if n >= 3 && n <= 4 && last+1 < len(p.groups) && p.size(last+1) < 4 && !p.groups[last+1].taken && p.gaps[last+1].joinsCard() {
			if n == 4 && p.size(last+1) != 3 {
				continue
			}
			last++
		} else if n < 4 || n%4 != 0 {
			if !p.americanShape(i) {
				continue
			}
			last = i + 2
		}
		if !p.alone(i, last) || !p.glueFits(i, last) || p.years(i, last) || p.labelled(i) || p.priced(i, last) || !p.oneSeparator(i, last) {
			continue
		}
		for ; n >= 4 && n%4 == 0 && last == i+n-1; i, n = i+4, n-4 {
			finds = p.found(finds, i, i+3, p.card(fraud.KindBadCard, i, i+3))
			if n == 4 {
				break
			}
		}
		if p.free(i, last) {
			finds = p.found(finds, i, last, p.card(fraud.KindBadCard, i, last))
		}
	}
	return finds
}

// oneSeparator reports whether the groups i to j are held apart in one way.
func (p *page) oneSeparator(i, j int) bool {
	const blank = gapSpace | gapLine
	for k := i + 2; k <= j; k++ {
		if p.gaps[k].mark != p.gaps[i+1].mark && (p.gaps[k].mark|p.gaps[i+1].mark)&^blank != 0 {
			return false
		}
	}
	return true
}

// card makes the subject of the card in the groups i to j.
func (p *page) card(kind fraud.Kind, i, j int) fraud.Subject {
	var store [longestCard + 4]byte
	digits := p.digits(store[:0], i, j)
	return fraud.Subject{Kind: kind, Value: string(digits), Shown: showCard(digits), Hint: network(digits)}
}

// showCard masks a card number: its first six and its last four digits, grouped
// as printed: 4400 43•• •••• 1234, 3782 82•••• •0005.
func showCard(digits []byte) string {
	out := make([]rune, 0, 2*longestCard)
	for i, d := range digits {
		if i > 0 && (len(digits) != 15 && i%4 == 0 || len(digits) == 15 && (i == 4 || i == 10)) {
			out = append(out, ' ')
		}
		if i < 6 || i >= len(digits)-4 {
			out = append(out, rune(d))
		} else {
			out = append(out, '•')
		}
	}
	return string(out)
}
