package recognize

// passwordMasks masks what follows the word "password".
func (p *page) passwordMasks() []mask {
	var masks []mask
	for at, w := range p.pieces {
		if w.meaning&meansPassword != 0 || w.meaning&meansWord != 0 && at > 0 && p.pieces[at-1].meaning&meansSecret != 0 {
			if m, ok := p.passwordAfter(at); ok {
				masks = append(masks, m)
			} else if m, ok := p.passwordBefore(at); ok {
				masks = append(masks, m)
			}
		}
	}
	return masks
}

// passwordAfter finds the password behind the word at a piece, over words that
// may stand between: "пароль от kaspi: Qwerty1". A word that nobody knows may
// stand between only if a : = or a quote comes then, or what reads as no word.
func (p *page) passwordAfter(at int) (mask, bool) {
	pos, unknown := p.pieces[at].hi, 0
	for range wordsBetween {
		lo, hi, assigned := p.token(pos)
		if hi == lo || lo == p.pieces[at].hi || p.holdsMask(pos, hi) {
			return mask{}, false // nothing more, "пароль1", or masked already
		}
		w, ok := p.pieceAt(lo)
		word := ok && w.group < 0 && w.hi == hi
		switch {
		case word && w.meaning&(meansFiller|meansSecretDigits|meansCard|meansFrom|meansTo|meansNumber) != 0:
		case p.explainedWithin(lo, hi):
			return mask{}, false
		case assigned && hi-lo >= 3, p.looksSecret(lo, hi, p.symbols[p.pieces[at].lo].r) && (unknown == 0 || !ok || w.hi != hi):
			return mask{lo: lo, hi: hi, with: hidden}, true
		case !word || w.meaning&(meansMoney|meansUnit) != 0 || unknown == unknownBetween:
			return mask{}, false
		default:
			unknown++
		}
		pos = hi
	}
	return mask{}, false
}

// passwordBefore finds the password before its word: "Qwerty1 - мой пароль".
// Only letters with digits in them are taken for one.
func (p *page) passwordBefore(at int) (mask, bool) {
	for k := at - 1; k >= 0 && k >= at-4; k-- {
		w := p.pieces[k]
		if p.lineEnds(w.hi, p.pieces[k+1].lo) || p.sentenceEnds(w.hi, p.pieces[k+1].lo) {
			return mask{}, false
		}
		if w.group < 0 && w.meaning&meansFiller != 0 {
			continue
		}
		lo, hi := w.lo, w.hi
		for lo > 0 && p.symbols[lo-1].kind != symbolSpace && p.symbols[lo-1].kind != symbolLine && !wrapping(p.symbols[lo-1].r) {
			lo--
		}
		letters, digits := 0, 0
		for _, s := range p.symbols[lo:hi] {
			switch s.kind {
			case symbolLetter:
				letters++
			case symbolDigit:
				digits++
			}
		}
		ok := letters > 0 && digits > 0 && letters+digits >= 5 && !p.holdsMask(lo, hi) && (w.group < 0 || p.groups[w.group].owner == ownNothing)
		return mask{lo: lo, hi: hi, with: hidden}, ok
	}
	return mask{}, false
}

// holdsMask reports whether the mark of something masked stands between two symbols.
func (p *page) holdsMask(lo, hi int) bool {
	for _, s := range p.symbols[lo:hi] {
		if s.r == '•' {
			return true
		}
	}
	return false
}

// token returns the next word with its signs, without the quotes and stops
// around it, and whether a : or =, or an opening quote, stands before it.
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
	if lo > pos {
		switch p.symbols[lo-1].r {
		case '«', '“', '„':
			assigned = true
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
