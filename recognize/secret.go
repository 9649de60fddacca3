package recognize

// One-time codes, PINs and CVVs are digits near a word that names them;
// passwords are whatever follows their word.

// The lengths of codes, in digits.
const (
	shortestCVV  = 3
	longestCVV   = 4
	shortestCode = 4
	longestCode  = 8
)

const meansSecretDigits = meansCode | meansCVV | meansPIN | meansPassword | meansSMS

// codeMasks masks the codes behind and before their words.
func (r *Recogniser) codeMasks(p *page) []mask {
	var masks []mask
	for at, w := range p.pieces {
		switch {
		case w.group >= 0:
			if p.codeBeforeWord(r, w.group) {
				masks = append(masks, p.hide(w.group, p.codeEnd(w.group)))
			}
		case w.meaning&meansSecretDigits != 0 && !p.notCode(at):
			masks = append(masks, p.codesAfterWord(r, at)...)
		}
	}
	return masks
}

func (p *page) hide(i, j int) mask {
	return mask{lo: p.groups[i].lo, hi: p.groups[j].hi, with: hidden}
}

// notCode reports whether the word at a piece is a code of another sort: of a
// city, of goods, an index.
func (p *page) notCode(at int) bool {
	return at > 0 && p.pieces[at-1].meaning&meansNotCode != 0 || at+1 < len(p.pieces) && p.pieces[at+1].meaning&meansNotCode != 0
}

// reach of a word: how many words, and how many of them unknown, may stand
// between it and its code.
const (
	wordsBetween   = 10
	unknownBetween = 2
)

// codesAfterWord masks the codes that follow the word at a piece.
func (p *page) codesAfterWord(r *Recogniser, at int) []mask {
	var masks []mask
	named, unknown, money := p.pieces[at].meaning, 0, false
	for k := at + 1; k < len(p.pieces) && k <= at+wordsBetween; k++ {
		w, previous := p.pieces[k], p.pieces[k-1]
		if p.sentenceEnds(previous.hi, w.lo) {
			break
		}
		if w.group < 0 {
			named |= w.meaning & (meansCVV | meansPIN | meansCode)
			ofSum := w.meaning&meansCurrency != 0 && previous.group >= 0 && p.groups[previous.group].owner == ownSum
			if !ofSum && w.meaning&(meansNotCode|meansUnit|meansCurrency) != 0 ||
				named&meansSecretDigits == meansSMS && w.meaning&(meansFrom|meansTo) != 0 {
				break
			}
			money = money || w.meaning&meansMoney != 0
			if !ofSum && w.meaning&(meansFiller|meansSecretDigits|meansSecret|meansWord|meansFrom|meansTo|meansNumber|meansCard|meansMoney) == 0 {
				if unknown++; unknown > unknownBetween {
					break
				}
			}
			continue
		}
		if w.lo == previous.hi && previous.group < 0 && p.size(w.group) < shortestCVV {
			continue // CVV2
		}
		end := p.codeEnd(w.group)
		switch {
		case p.groups[w.group].owner == ownSum:
			money = false
		case p.explained(r, w.group, named):
		case money || unknown > 0 && p.years(w.group, end) || k > at+1 && p.roundSum(w.group, end):
			return masks
		case p.fitsCode(w.group, end, named):
			masks = append(masks, p.hide(w.group, end))
			k = p.groups[end].piece
		default:
			return masks
		}
	}
	return masks
}

// roundSum reports whether a number of thousands stands behind a word, as in
// "назвал код на 50000": codes end so one time in a thousand.
func (p *page) roundSum(i, j int) bool {
	hi := p.groups[j].hi
	if i != j || p.size(i) < 4 || p.groups[i].lo == 0 {
		return false
	}
	for _, s := range p.symbols[hi-3 : hi] {
		if s.r != '0' {
			return false
		}
	}
	for back := p.groups[i].lo - 1; back >= 0; back-- {
		if s := p.symbols[back]; s.kind != symbolSpace {
			return s.r != ':'
		}
	}
	return true
}

// sentenceEnds reports whether a sentence ends, or something is masked, between
// two symbols.
func (p *page) sentenceEnds(lo, hi int) bool {
	for i := lo; i < hi; i++ {
		switch p.symbols[i].r {
		case '?', ';', '•':
			return true
		case '.':
			if i+1 < hi && p.symbols[i+1].kind == symbolSpace {
				return true
			}
		}
	}
	return false
}

// explained reports whether group i is known to be something else than the
// secret named. A known short number is no code but may be a PIN or a CVV.
func (p *page) explained(r *Recogniser, i int, named meaning) bool {
	switch p.groups[i].owner {
	case ownNothing, ownLink, ownLabelled, ownShort:
		return p.groups[i].plus || named&(meansCVV|meansPIN) == 0 && r.knownShort(p, i)
	}
	return true
}

// codeEnd returns the group with which a code that begins with group i ends:
// 123-456 and 48 21 are one code.
func (p *page) codeEnd(i int) int {
	j, total := i, p.size(i)
	for total <= longestCode && j+1 < len(p.groups) && p.size(j) <= 4 && p.size(j+1) <= 4 && p.groups[j+1].owner == ownNothing &&
		(p.gaps[j+1].tight(gapSpace) || p.gaps[j+1].tight(gapDash)) && (j == i || p.gaps[j+1].mark == p.gaps[i+1].mark) {
		j++
		total += p.size(j)
	}
	if total > longestCode {
		return i
	}
	return j
}

// fitsCode reports whether the groups i to j have the length of the secret named.
func (p *page) fitsCode(i, j int, named meaning) bool {
	total := 0
	for k := i; k <= j; k++ {
		total += p.size(k)
	}
	if p.meansAfter(j, meansUnit|meansCurrency|meansMoney) || p.groups[j].hi < len(p.symbols) && p.symbols[p.groups[j].hi].r == '%' {
		return false
	}
	if (named&meansCVV != 0 || named&meansCode != 0 && p.hasCard) && i == j && total >= shortestCVV && total <= longestCVV {
		return true
	}
	return total >= shortestCode && total <= longestCode
}

// codeBeforeWord recognises "4821 - код", "482193 is your Google code".
func (p *page) codeBeforeWord(r *Recogniser, i int) bool {
	end := p.codeEnd(i)
	if p.groups[i].owner != ownNothing || p.groups[i].plus || p.meansBefore(i, meansMoney) || i > 0 && p.gaps[i].mark&gapBullet != 0 {
		return false
	}
	said := p.gaps[end+1].mark&(gapDash|gapColon) != 0
	previous, unknown := p.groups[end].hi, 0
	for n := 1; n <= wordsBetween-2; n++ {
		w, ok := p.after(end, n)
		if !ok || p.lineEnds(previous, w.lo) || p.sentenceEnds(previous, w.lo) {
			return false
		}
		if w.meaning&meansSecretDigits&^meansSMS != 0 {
			return !p.explained(r, i, w.meaning) && p.fitsCode(i, end, w.meaning) && !p.notCode(p.groups[end].piece+n) && (said || !p.years(i, end))
		}
		if w.meaning&(meansMoney|meansUnit|meansCurrency) != 0 {
			return false
		}
		if w.meaning&(meansFiller|meansSecret) == 0 {
			if unknown++; unknown > unknownBetween || !said {
				return false
			}
		}
		previous = w.hi
	}
	return false
}

func (p *page) lineEnds(lo, hi int) bool {
	for _, s := range p.symbols[lo:hi] {
		if s.kind == symbolLine || s.r == ',' {
			return true
		}
	}
	return false
}

// codeBehindCard masks the CVV that stands behind a card and its expiry:
// 4400… 12/27 123.
func (p *page) codeBehindCard(j int) []mask {
	k, dated := j+1, false
	if k+1 < len(p.groups) && p.size(k) == 2 && p.size(k+1) == 2 && p.number(k) >= 1 && p.number(k) <= 12 &&
		p.gaps[k].mark&(gapLetter|gapBullet) == 0 && p.gaps[k+1].size == 1 {
		k, dated = k+2, true
	} else if k < len(p.groups) && p.size(k) == 4 && p.number(k)/100 >= 1 && p.number(k)/100 <= 12 && p.gaps[k].mark&(gapLetter|gapBullet) == 0 {
		k, dated = k+1, true
	}
	if k >= len(p.groups) || p.size(k) != 3 || p.groups[k].owner != ownNothing || p.groups[k].plus ||
		p.gaps[k].mark&(gapLetter|gapBullet) != 0 || p.gaps[k].size > 3 {
		return nil
	}
	if _, followed := p.after(k, 1); followed && !dated || k+1 < len(p.groups) && p.gaps[k+1].joinsPhone() && p.gaps[k+1].mark&gapLine == 0 {
		return nil
	}
	return []mask{p.hide(k, k)}
}
