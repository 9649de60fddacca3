package recognize

import "saqbol/fraud"

// impossibles finds what looks like a full number and exists in no numbering
// plan: 9 to 15 digits behind a +, or eleven digits that begin with 8 or 7 and
// are written unbroken or grouped as a telephone number is. Less behind a + is
// the beginning of a number and means nothing.
func (r *Recogniser) impossibles(p *page, finds []finding) []finding {
	var store [2 * longestNumber]byte
	for i := range p.groups {
		if p.groups[i].taken {
			continue
		}
		j, ok := p.plusShape(i)
		if !p.groups[i].plus {
			j, ok = p.elevenShape(i)
		}
		if !ok || !p.glueFits(i, j) {
			continue
		}
		digits := p.digits(store[:0], i, j)
		if p.groups[i].plus {
			finds = p.found(finds, i, j, impossible(digits))
		} else {
			finds = p.found(finds, i, j, r.eleven(digits))
		}
	}
	return finds
}

// eleven makes the subject of eleven digits without a +. Some exist: what kept them
// from being found before was the end of a decimal, as in 7,8 7707 123-4567.
func (r *Recogniser) eleven(digits []byte) fraud.Subject {
	if s, ok := r.seven(digits[1:]); ok {
		return s
	}
	digits[0] = '7'
	return impossible(digits)
}

// plusShape returns where a full number behind a + ends.
func (p *page) plusShape(i int) (int, bool) {
	if !p.groups[i].plus {
		return 0, false
	}
	last, total := i, p.size(i)
	for last+1 < len(p.groups) && !p.groups[last+1].taken && p.gaps[last+1].joinsPhone() && p.gaps[last+1].mark&gapLine == 0 &&
		total <= longestNumber && !(total == 11 && (p.digit(i, 0) == '7' || p.digit(i, 0) == '8')) {
		last++
		total += p.size(last)
	}
	if total < shortestImpossible || total > longestNumber || p.thousands(i, last) && p.number(last) == 0 || p.priced(i, last) {
		return 0, false
	}
	return last, true
}

// elevenShape returns where a number of eleven digits without + ends, if it is
// written as people write telephone numbers and nothing joins it at its sides.
func (p *page) elevenShape(i int) (int, bool) {
	if lead := p.digit(i, 0); lead != '8' && lead != '7' {
		return 0, false
	}
	j, ok := p.ending(i, 11)
	if !ok || !p.phoneStands(i, j) {
		return 0, false
	}
	if i == j {
		return j, true
	}
	beside := func(k, neighbour int) bool {
		return neighbour >= 0 && neighbour < len(p.groups) && !p.groups[neighbour].taken &&
			p.gaps[k].joinsPhone() && p.gaps[k].mark&gapLine == 0
	}
	if beside(i, i-1) || beside(j+1, j+1) {
		return 0, false
	}
	shape := make([]byte, 0, 11)
	for k := i; k <= j; k++ {
		shape = append(shape, "0123456789AB"[p.size(k)])
	}
	switch string(shape) {
	case "13322", "1334", "137", "1343", "1A", "13223", "13232", "1463", "146", "14222", "1433", "155", "15122", "1532", "1523",
		"4322", "434", "47", "443", "4223", "56", "533", "5222", "65", "6122", "632", "623", "164", "1622":
		return j, true
	}
	return 0, false
}

// impossible makes the subject of digits that are no number.
func impossible(digits []byte) fraud.Subject {
	s := fraud.Subject{Kind: fraud.KindImpossible, Value: "+" + string(digits)}
	s.Shown = s.Value
	if digits[0] == '7' && len(digits) <= 12 { // a longer one in groups would read as a number and more
		s.Shown = showSeven(digits)
	}
	return s
}
