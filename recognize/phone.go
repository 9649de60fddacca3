package recognize

import (
	"github.com/nyaruka/phonenumbers"

	"saqbol/fraud"
)

// The lengths of full numbers, in digits with the country code.
const (
	shortestAbroad     = 7  // the shortest number that may be valid after +
	shortestImpossible = 9  // less after + is a stub, not a number that can't exist
	longestNumber      = 15 // E.164
)

// seven makes the subject of a number of ten digits after +7.
func (r *Recogniser) seven(national []byte) (fraud.Subject, bool) {
	region, ok := r.plan.region(national)
	if !ok {
		return fraud.Subject{}, false
	}
	full := append(append(make([]byte, 0, 12), '7'), national...)
	s := fraud.Subject{Kind: fraud.KindPhone, Value: "+" + string(full), Shown: showSeven(full), Country: region}
	if landline(national) {
		s.Shown = showLandline(s)
	}
	if region == "KZ" {
		s.Hint = r.plan.operator(national)
	}
	return s, true
}

// world makes the subject of a number with its country code, which may be 7.
func (r *Recogniser) world(digits []byte) (fraud.Subject, bool) {
	if len(digits) == 11 && digits[0] == '7' {
		return r.seven(digits[1:])
	}
	if len(digits) < shortestAbroad || len(digits) > longestNumber || digits[0] == '0' {
		return fraud.Subject{}, false
	}
	number, err := phonenumbers.Parse("+"+string(digits), "KZ")
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return fraud.Subject{}, false
	}
	value := phonenumbers.Format(number, phonenumbers.E164)
	if number.GetCountryCode() == 7 && len(value) == 12 {
		return r.seven([]byte(value[2:]))
	}
	region := phonenumbers.GetRegionCodeForNumber(number)
	if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY {
		region = ""
	}
	return fraud.Subject{Kind: fraud.KindPhone, Value: value, Country: region,
		Shown: phonenumbers.Format(number, phonenumbers.INTERNATIONAL)}, true
}

// reach returns the last group of the longest chain of telephone groups that
// begins with group i and has at most most digits.
func (p *page) reach(i, most int) int {
	total := p.size(i)
	for i+1 < len(p.groups) && !p.groups[i+1].taken && p.gaps[i+1].joinsPhone() {
		total += p.size(i + 1)
		if total > most {
			break
		}
		i++
	}
	return i
}

// ending returns the group with which exactly n digits from group i end.
func (p *page) ending(i, n int) (int, bool) {
	total := 0
	for j := i; j < len(p.groups); j++ {
		if p.groups[j].taken || j > i && !p.gaps[j].joinsPhone() {
			return 0, false
		}
		if total += p.size(j); total >= n {
			return j, total == n
		}
	}
	return 0, false
}

// plusPhones finds the numbers with a + that exist.
func (r *Recogniser) plusPhones(p *page, finds []finding) []finding {
	for i := range p.groups {
		if !p.groups[i].plus || p.groups[i].taken {
			continue
		}
		if s, j, ok := r.eightAfterPlus(p, i); ok {
			finds = p.found(finds, i, j, s)
			continue
		}
		if s, j, ok := r.longest(p, i, 0); ok && !(p.thousands(i, j) && p.priced(i, j)) {
			finds = p.found(finds, i, j, s)
		}
	}
	return finds
}

// eightAfterPlus reads +8 701 123 45 67: the way of calling at home behind a +.
// A number of a country whose code begins with 8 goes first, unless the 8
// stands alone.
func (r *Recogniser) eightAfterPlus(p *page, i int) (fraud.Subject, int, bool) {
	j, ok := p.ending(i, 11)
	if !ok || p.digit(i, 0) != '8' {
		return fraud.Subject{}, 0, false
	}
	var store [11]byte
	digits := p.digits(store[:0], i, j)
	if p.size(i) > 1 {
		if s, ok := r.world(digits); ok {
			return s, j, true
		}
	}
	s, ok := r.seven(digits[1:])
	return s, j, ok
}

// longest finds the longest number that exists among those that begin with
// group i, without its first skip digits. A line break is crossed only where
// the line alone holds no number.
func (r *Recogniser) longest(p *page, i, skip int) (fraud.Subject, int, bool) {
	var store [2 * longestNumber]byte
	last := p.reach(i, longestNumber+skip)
	digits := p.digits(store[:0], i, min(last, i+longestNumber))
	if len(digits) < skip+shortestAbroad || len(digits) > longestNumber+skip {
		return fraud.Subject{}, 0, false
	}
	var best fraud.Subject
	end, total := -1, 0
	for j := i; j <= last; j++ {
		if j > i && p.gaps[j].mark&gapLine != 0 && end >= 0 {
			break
		}
		total += p.size(j)
		if total < skip+shortestAbroad {
			continue
		}
		if s, ok := r.world(digits[skip:total]); ok {
			best, end = s, j
			if s.Country == "KZ" || s.Country == "RU" {
				break
			}
		}
	}
	return best, end, end >= 0 && p.glueFits(i, end)
}

// Numbers with a dot among other separators are looked for after the decimals:
// "77.0284 43.222" is a place, not a telephone.
const (
	undotted = false
	dotted   = true
)

// phones makes the rule that finds numbers of 11 digits that begin with 8 or 7
// (8 701 123 45 67), or of 10 digits that begin with 7 (701 123 45 67).
func (r *Recogniser) phones(length int, dots bool) rule {
	return func(p *page, finds []finding) []finding {
		var store [11]byte
		for i := range p.groups {
			if lead := p.digit(i, 0); lead != '7' && (lead != '8' || length == 10) || p.groups[i].taken || p.groups[i].plus {
				continue
			}
			j, ok := p.ending(i, length)
			if !ok || p.mixesDots(i, j) != dots || !p.phoneStands(i, j) || length == 10 && !p.tenStands(i) || length == 11 && p.afterPrefix(i, j) {
				continue
			}
			digits := p.digits(store[:0], i, j)
			if s, ok := r.seven(digits[length-10:]); ok {
				finds = p.found(finds, i, j, s)
			}
		}
		return finds
	}
}

// mixesDots reports whether some gaps of a number, but not all, are dots.
func (p *page) mixesDots(i, j int) bool {
	points := 0
	for k := i + 1; k <= j; k++ {
		if p.gaps[k].mark&gapDot != 0 {
			points++
		}
	}
	return points > 0 && (points < j-i || j-i == 1)
}

// afterPrefix reports whether the groups i to j follow a 7 or an 8 that stands alone
// and are divided as what follows it is: +7 777 123 45 678 has a digit too many, and
// holds no 777 1234 56 78.
func (p *page) afterPrefix(i, j int) bool {
	return i > 0 && i < j && !p.groups[i-1].taken && p.size(i-1) == 1 && (p.digit(i-1, 0) == '7' || p.digit(i-1, 0) == '8') &&
		p.gaps[i].joinsPhone() && p.gaps[i].mark&gapLine == 0 && (p.size(i) == 3 || p.size(i) == 4)
}

// tenStands asks more of a number without 8: its prefix is not torn, it is not
// the rest of something longer, and no document's name stands before it.
func (p *page) tenStands(i int) bool {
	before := p.gaps[i]
	return p.size(i) >= 3 && !p.labelled(i) &&
		!(i > 0 && before.size == 1 && before.mark&(gapDash|gapDot|gapSlash) != 0)
}

// abroadPhones finds numbers behind 00 and 810, the ways abroad: 810 998 90 …,
// 8~10 998 90 …, 00998….
func (r *Recogniser) abroadPhones(p *page, finds []finding) []finding {
	for i := range p.groups {
		if p.groups[i].taken || p.groups[i].plus {
			continue
		}
		skip := p.wayAbroad(i)
		if skip == 0 || p.size(i) > 8 && (p.labelled(i) || p.priced(i, i)) {
			continue
		}
		if s, j, ok := r.longest(p, i, skip); ok {
			finds = p.found(finds, i, j, s)
		}
	}
	return finds
}

// wayAbroad returns how many digits of the way abroad stand at group i, 0 = none.
func (p *page) wayAbroad(i int) int {
	switch {
	case p.size(i) >= 2 && p.digit(i, 0) == '0' && p.digit(i, 1) == '0':
		return 2
	case p.size(i) >= 3 && p.digit(i, 0) == '8' && p.digit(i, 1) == '1' && p.digit(i, 2) == '0':
		return 3
	case p.size(i) == 1 && p.digit(i, 0) == '8' && i+1 < len(p.groups) && p.gaps[i+1].joinsPhone() &&
		p.size(i+1) >= 2 && p.digit(i+1, 0) == '1' && p.digit(i+1, 1) == '0':
		return 3
	}
	return 0
}

// phoneStands weighs what stands around the groups i to j, which have the
// digits of a number without +: nothing may say that they are something else.
func (p *page) phoneStands(i, j int) bool {
	if !p.glueFits(i, j) || p.thousands(i, j) {
		return false
	}
	if i == j {
		return !p.labelled(i) && !p.priced(i, i)
	}
	next := p.gaps[j+1]
	if j+1 == len(p.groups) || !next.tight(gapDash) && !next.tight(gapDot) || p.size(j+1) > 4 {
		return true
	}
	return !p.gaps[j].tight(next.mark) // 8-701-123-45-67-89 goes on
}

// glueFits weighs the letters that touch the groups i to j. People write
// "тел87011234567ші"; codes of parcels and devices are Latin capitals.
func (p *page) glueFits(i, j int) bool {
	first, last := p.groups[i], p.groups[j]
	if !first.plus && first.piece > 0 && p.pieces[first.piece-1].hi == first.lo {
		w := p.pieces[first.piece-1]
		if w.meaning&meansLabel != 0 {
			return false
		}
		if latin(p.symbols[w.hi-1].r) && w.meaning&(meansDial|meansCall|meansNumber) == 0 &&
			(w.hi-w.lo < 3 || p.symbols[w.hi-1].capital || w.lo > 0 && p.symbols[w.lo-1].kind == symbolDigit) {
			return false
		}
	}
	if last.piece+1 < len(p.pieces) && p.pieces[last.piece+1].lo == last.hi {
		w := p.pieces[last.piece+1]
		if latin(p.symbols[w.lo].r) &&
			(p.symbols[w.lo].capital || w.hi < len(p.symbols) && p.symbols[w.hi].kind == symbolDigit) {
			return false
		}
	}
	return true
}
