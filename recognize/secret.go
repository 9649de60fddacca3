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

const meansSecretDigits = meansCode | meansCVV | meansPIN | meansPassword

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
	wordsBetween   = 7
	unknownBetween = 2
)

// codesAfterWord masks the codes that follow the word at a piece.
func (p *page) codesAfterWord(r *Recogniser, at int) []mask {
	var masks []mask
	named, unknown := p.pieces[at].meaning, 0
	for k := at + 1; k < len(p.pieces) && k <= at+wordsBetween; k++ {
		w := p.pieces[k]
		if p.sentenceEnds(p.pieces[k-1].hi, w.lo) {
			break
		}
		if w.group < 0 {
			named |= w.meaning & meansCVV
			if w.meaning&(meansMoney|meansNotCode|meansUnit|meansCurrency) != 0 {
				break
			}
			if w.meaning&(meansFiller|meansSecretDigits|meansSecret|meansWord|meansFrom|meansTo|meansNumber|meansCard) == 0 {
				if unknown++; unknown > unknownBetween {
					break
				}
			}
			continue
		}
		if k-1 == at && w.lo == p.pieces[at].hi && p.size(w.group) < shortestCVV {
			continue // CVV2
		}
		end := p.codeEnd(w.group)
		switch {
		case p.explained(r, w.group):
			if p.groups[w.group].owner == ownSum {
				return masks
			}
		case p.fitsCode(w.group, end, named) && !(unknown > 0 && p.years(w.group, end)):
			masks = append(masks, p.hide(w.group, end))
			k = p.groups[end].piece
		default:
			return masks
		}
	}
	return masks
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

// explained reports whether group i is known to be something else than a code.
func (p *page) explained(r *Recogniser, i int) bool {
	switch p.groups[i].owner {
	case ownNothing, ownLink, ownLabelled:
		return p.groups[i].plus
	case ownShort:
		return r.knownShort(p, i)
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
	if p.meansAfter(j, meansUnit|meansCurrency) || p.groups[j].hi < len(p.symbols) && p.symbols[p.groups[j].hi].r == '%' {
		return false
	}
	if named&meansCVV != 0 && i == j && total >= shortestCVV && total <= longestCVV {
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
		if w.meaning&meansSecretDigits != 0 {
			return p.fitsCode(i, end, w.meaning) && !p.notCode(p.groups[end].piece+n) && (said || !p.years(i, end))
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

// passwordMasks masks what follows the word "password".
func (p *page) passwordMasks() []mask {
	var masks []mask
	for at, w := range p.pieces {
		if w.meaning&meansPassword != 0 || w.meaning&meansWord != 0 && at > 0 && p.pieces[at-1].meaning&meansSecret != 0 {
			if m, ok := p.passwordAfter(at); ok {
				masks = append(masks, m)
			}
		}
	}
	return masks
}

// passwordAfter finds the password behind the word at a piece, over words that
// may stand between: "пароль от kaspi: Qwerty1".
func (p *page) passwordAfter(at int) (mask, bool) {
	pos := p.pieces[at].hi
	for range wordsBetween {
		lo, hi, assigned := p.token(pos)
		if hi == lo || p.sentenceEnds(pos, hi) && p.symbols[lo].r == '•' {
			return mask{}, false
		}
		for _, s := range p.symbols[lo:hi] {
			if s.r == '•' {
				return mask{}, false
			}
		}
		if lo == p.pieces[at].hi {
			return mask{}, false // the word goes on: "пароль1"
		}
		w, whole := p.pieceAt(lo)
		known := whole && w.hi == hi && w.meaning&(meansFiller|meansSecretDigits|meansCard|meansFrom|meansTo) != 0
		if known {
			pos = hi
			continue
		}
		if p.explainedWithin(lo, hi) {
			return mask{}, false
		}
		if assigned && hi-lo >= 3 || p.looksSecret(lo, hi, p.symbols[p.pieces[at].lo].r) {
			return mask{lo: lo, hi: hi, with: hidden}, true
		}
		return mask{}, false
	}
	return mask{}, false
}

// token returns the next word with its signs, without the quotes and stops
// around it, and whether a : or = stands before it.
func (p *page) token(pos int) (lo, hi int, assigned bool) {
	for lo = pos; lo < len(p.symbols); lo++ {
		s := p.symbols[lo]
		if s.r == ':' || s.r == '=' {
			assigned = true
		}
		if s.kind == symbolDigit || s.kind == symbolLetter || s.kind == symbolOther && !wrapping(s.r) {
			break
		}
	}
	for hi = lo; hi < len(p.symbols) && p.symbols[hi].kind != symbolSpace && p.symbols[hi].kind != symbolLine; hi++ {
	}
	for hi > lo && wrapping(p.symbols[hi-1].r) {
		hi--
	}
	return lo, hi, assigned
}

// wrapping tells the signs that stand around a word and belong to no password.
func wrapping(r rune) bool {
	switch r {
	case ':', '=', '-', '"', '\'', '`', '«', '»', '“', '”', '„', '(', ')', '[', ']', '.', ',', ';', '>', '<', '?', '!':
		return true
	}
	return false
}

// pieceAt finds the piece that begins at a symbol.
func (p *page) pieceAt(lo int) (piece, bool) {
	low, high := 0, len(p.pieces)
	for low < high {
		if mid := (low + high) / 2; p.pieces[mid].lo < lo {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low < len(p.pieces) && p.pieces[low].lo == lo {
		return p.pieces[low], true
	}
	return piece{}, false
}

// explainedWithin reports whether a token is a telephone number, a date, a sum….
func (p *page) explainedWithin(lo, hi int) bool {
	w, ok := p.pieceAt(lo)
	if !ok || w.group < 0 || w.hi != hi && p.groups[w.group].owner == ownNothing {
		return false
	}
	switch p.groups[w.group].owner {
	case ownNothing, ownLabelled, ownLink:
		return p.meansAfter(w.group, meansUnit|meansCurrency)
	}
	return true
}

// looksSecret reports whether a token reads as no ordinary word: letters with
// digits or signs in them, four digits or more, capitals inside, or Latin
// letters behind a Cyrillic word for password.
func (p *page) looksSecret(lo, hi int, label rune) bool {
	digits, letters, signs, inner, roman := 0, 0, 0, false, true
	for i := lo; i < hi; i++ {
		switch s := p.symbols[i]; s.kind {
		case symbolDigit:
			digits++
		case symbolLetter:
			letters++
			inner = inner || s.capital && i > lo && !p.symbols[i-1].capital && p.symbols[i-1].kind == symbolLetter
			roman = roman && latin(s.r)
		default:
			if s.r != '-' && s.r != '/' && s.r != '.' && s.r != ',' && s.r != '+' {
				signs++
			}
		}
	}
	switch {
	case digits >= 4 && letters == 0, digits > 0 && letters > 0 && digits+letters >= 4, letters > 0 && signs > 0, inner:
		return true
	}
	return letters >= 5 && roman && !latin(label)
}
