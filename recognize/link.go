package recognize

import "strings"

// findLinks notes which stretches of a text are links: no space inside, and ://
// or www. or a host with a path.
func (p *page) findLinks() {
	if len(p.groups) == 0 || !strings.ContainsAny(p.text, "/.") {
		return
	}
	for lo := 0; lo < len(p.symbols); lo++ {
		hi := lo
		for hi < len(p.symbols) && p.symbols[hi].kind != symbolSpace && p.symbols[hi].kind != symbolLine {
			hi++
		}
		if p.isLink(lo, hi) {
			p.links = append(p.links, stretch{lo, hi})
		}
		lo = hi
	}
}

func (p *page) isLink(lo, hi int) bool {
	host := false // letters, a dot, two Latin letters: a host has begun
	for i := lo; i < hi; i++ {
		switch p.symbols[i].r {
		case '.':
			if i-lo == 3 && p.symbols[lo].r == 'w' && p.symbols[lo+1].r == 'w' && p.symbols[lo+2].r == 'w' {
				return true
			}
			host = host || i > lo && p.symbols[i-1].kind != symbolOther && i+2 < hi && latin(p.symbols[i+1].r) && latin(p.symbols[i+2].r)
		case ':':
			if i+2 < hi && p.symbols[i+1].r == '/' && p.symbols[i+2].r == '/' {
				return true
			}
		case '/', '?':
			if host {
				return true
			}
		}
	}
	return false
}

func latin(r rune) bool { return r >= 'a' && r <= 'z' }

// claimLinks claims the numbers inside links, except those that a + or a word
// (wa.me, tel, phone) says are telephone numbers.
func (p *page) claimLinks() {
	i := 0
	for _, link := range p.links {
		for i < len(p.groups) && p.groups[i].lo < link.lo {
			i++
		}
		dial, at := false, -1
		for ; i < len(p.groups) && p.groups[i].lo < link.hi; i++ {
			if at < 0 {
				at = p.groups[i].piece
				for at > 0 && p.pieces[at-1].lo >= link.lo {
					at--
				}
			}
			for ; at < p.groups[i].piece; at++ {
				dial = dial || p.pieces[at].meaning&meansDial != 0
			}
			switch {
			case dial:
				// wa.me/998901234567: in a link the country code stands without +.
				p.groups[i].plus = p.groups[i].plus || p.size(i) > 10
			case !p.groups[i].plus:
				p.claim(ownLink, i, i)
			}
		}
	}
}
