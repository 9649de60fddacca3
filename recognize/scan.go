package recognize

import "saqbol/fraud"

// group is an unbroken run of digits: symbols lo to hi.
type group struct {
	lo, hi int
	piece  int  // its place among the pieces
	plus   bool // a + stands before it
	taken  bool // a rule has claimed it
	owner  owner
	claim  int // groups claimed together have the same number, from 1
}

// owner says what a rule has taken a group for.
type owner uint8

const (
	ownNothing owner = iota
	ownLink
	ownAccount
	ownDate
	ownAddress
	ownDecimal
	ownSum
	ownLabelled
	ownPhone // telephone numbers, those that can't exist too
	ownCard
	ownShort
)

func ownerOf(kind fraud.Kind) owner {
	switch kind {
	case fraud.KindPhone, fraud.KindImpossible:
		return ownPhone
	case fraud.KindShort:
		return ownShort
	case fraud.KindIBAN, fraud.KindBadIBAN:
		return ownAccount
	}
	return ownCard
}

// gapMark says what stands between two groups.
type gapMark uint16

const (
	gapSpace  gapMark = 1 << iota
	gapLine           // a line break
	gapDash           // any dash
	gapDot            // a dot
	gapBreak          // a dot or a dash before a space: the end of a sentence or of an entry
	gapParen          // ( or )
	gapSoft           // _ ~ · and the like
	gapPlus           // a + that begins the next number
	gapComma          // a comma
	gapSlash          // a slash
	gapColon          // a colon
	gapBullet         // the mark of something masked
	gapLetter         // a letter
	gapOther          // anything else
)

// gap is what stands before a group; the last gap stands behind the last group.
type gap struct {
	mark  gapMark
	size  int // in symbols
	lines int // line breaks
}

// The gaps that may stand inside a telephone number and inside a card.
const (
	insidePhone = gapSpace | gapLine | gapDash | gapDot | gapParen | gapSoft
	insideCard  = gapSpace | gapLine | gapDash | gapDot | gapSoft
)

func (g gap) joinsPhone() bool {
	if g.mark&gapSlash != 0 { // 8/701/1234567, but " / " parts two numbers
		return g.size <= 2 && g.mark&^(gapSlash|gapSpace) == 0
	}
	return g.size > 0 && g.size <= 8 && g.lines <= 2 && g.mark&^insidePhone == 0
}

func (g gap) joinsCard() bool {
	return g.size > 0 && g.size <= 6 && g.lines <= 2 && g.mark&^insideCard == 0
}

// joinsAnything is the widest joint: whatever stands between the parts of a
// card number that somebody wants to hide from a filter.
func (g gap) joinsAnything() bool {
	return g.size <= 12 && g.mark&(gapLetter|gapBullet) == 0
}

// tight reports a gap of exactly one symbol of this mark.
func (g gap) tight(mark gapMark) bool { return g.size == 1 && g.mark == mark }

// page is one text while it is being read.
type page struct {
	text    string
	symbols []symbol
	groups  []group
	gaps    []gap // gaps[i] stands before groups[i]
	pieces  []piece
	links   []stretch
	claims  int  // made so far
	hasCard bool // a card was claimed
}

// stretch is a range of symbols.
type stretch struct{ lo, hi int }

// open normalises a text and splits it into words and groups of digits.
func (r *Recogniser) open(text string) *page {
	const few = 8 // groups and words of a message that is a number, grown once for longer ones
	p := &page{text: text, symbols: normalise(text), groups: make([]group, 0, few), pieces: make([]piece, 0, few)}
	for at := 0; at < len(p.symbols); {
		kind := p.symbols[at].kind
		if kind != symbolDigit && kind != symbolLetter {
			at++
			continue
		}
		end := at
		for end < len(p.symbols) && (p.symbols[end].kind == symbolDigit || p.symbols[end].kind == symbolLetter) {
			end++
		}
		p.zeroes(at, end)
		p.split(r, at, end)
		at = end
	}
	p.measureGaps()
	p.findLinks()
	return p
}

// zeroes reads the letter O as 0 in a run that holds nothing else but digits.
func (p *page) zeroes(lo, hi int) {
	digits, others := 0, 0
	for _, s := range p.symbols[lo:hi] {
		switch {
		case s.kind == symbolDigit:
			digits++
		case s.r != 'o' && s.r != 'о' && s.r != 'ο':
			others++
		}
	}
	if digits == 0 || digits == hi-lo || others > 0 {
		return
	}
	for i := lo; i < hi; i++ {
		if p.symbols[i].kind == symbolLetter {
			p.symbols[i].r, p.symbols[i].kind = '0', symbolDigit
		}
	}
}

// split cuts a run of letters and digits into words and groups.
func (p *page) split(r *Recogniser, lo, hi int) {
	for lo < hi {
		end := lo
		for end < hi && p.symbols[end].kind == p.symbols[lo].kind {
			end++
		}
		next := piece{lo: lo, hi: end, group: -1}
		if p.symbols[lo].kind == symbolDigit {
			next.group = len(p.groups)
			p.groups = append(p.groups, group{lo: lo, hi: end, piece: len(p.pieces), plus: p.plusBefore(lo)})
		} else {
			next.meaning = r.words.meaning(p.symbols[lo:end])
		}
		p.pieces = append(p.pieces, next)
		lo = end
	}
}

// plusBefore looks for a + before a symbol, over two spaces or a parenthesis.
// In links it is written %2B.
func (p *page) plusBefore(at int) bool {
	if at >= 3 && p.symbols[at-1].r == 'b' && p.symbols[at-2].r == '2' && p.symbols[at-3].r == '%' {
		return true
	}
	for back := 1; back <= 3 && at-back >= 0; back++ {
		switch p.symbols[at-back].r {
		case '+':
			return true
		case ' ', '(':
		default:
			return false
		}
	}
	return false
}

func (p *page) measureGaps() {
	p.gaps = make([]gap, len(p.groups)+1)
	lo := 0
	for i := range p.groups {
		p.gaps[i] = p.measure(lo, p.groups[i].lo)
		lo = p.groups[i].hi
	}
	p.gaps[len(p.groups)] = p.measure(lo, len(p.symbols))
}

// measure describes the symbols between two groups.
func (p *page) measure(lo, hi int) gap {
	g := gap{size: hi - lo}
	for i := lo; i < hi; i++ {
		s := p.symbols[i]
		switch s.kind {
		case symbolLetter:
			g.mark |= gapLetter
			continue
		case symbolSpace:
			g.mark |= gapSpace
			continue
		case symbolLine:
			g.mark |= gapLine
			if i == lo || p.symbols[i-1].kind != symbolLine || p.symbols[i-1].start+1 != s.start ||
				p.text[p.symbols[i-1].start] != '\r' {
				g.lines++
			}
			continue
		}
		g.mark |= markOf(s.r)
		if s.r == '.' && i+1 < hi && (p.symbols[i+1].kind == symbolSpace || p.symbols[i+1].kind == symbolLine) {
			g.mark |= gapBreak
		}
	}
	return g
}

func markOf(r rune) gapMark {
	switch r {
	case '-':
		return gapDash
	case '.':
		return gapDot
	case '(', ')', '[', ']':
		return gapParen
	case '_', '~', '·', '\'', '’', '`':
		return gapSoft
	case '•':
		return gapBullet
	case '+':
		return gapPlus
	case ',', ';', '،':
		return gapComma
	case '/', '\\', '|':
		return gapSlash
	case ':':
		return gapColon
	}
	return gapOther
}

// size is how many digits a group has.
func (p *page) size(i int) int { return p.groups[i].hi - p.groups[i].lo }

// digits appends the digits of groups i to j to buf.
func (p *page) digits(buf []byte, i, j int) []byte {
	for ; i <= j; i++ {
		for _, s := range p.symbols[p.groups[i].lo:p.groups[i].hi] {
			buf = append(buf, byte(s.r))
		}
	}
	return buf
}

// digit is the nth digit of group i as an ASCII character.
func (p *page) digit(i, n int) byte { return byte(p.symbols[p.groups[i].lo+n].r) }

// claim takes the groups i to j out of the game.
func (p *page) claim(own owner, i, j int) {
	p.claims++
	p.hasCard = p.hasCard || own == ownCard
	for ; i <= j; i++ {
		p.groups[i].taken, p.groups[i].owner, p.groups[i].claim = true, own, p.claims
	}
}

// free reports whether none of the groups i to j is claimed.
func (p *page) free(i, j int) bool {
	for ; i <= j; i++ {
		if p.groups[i].taken {
			return false
		}
	}
	return true
}

// thousands reports whether the groups i to j are written as the thousands of a
// sum: one to three digits, then threes.
func (p *page) thousands(i, j int) bool {
	if i == j || p.size(i) > 3 {
		return false
	}
	for k := i + 1; k <= j; k++ {
		if p.size(k) != 3 || p.gaps[k].size != 1 || p.gaps[k].mark&(gapLine|gapDash) != 0 {
			return false
		}
	}
	return true
}
