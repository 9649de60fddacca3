package fraud

import (
	"fmt"
	"io"
	"strings"
)

// crockford is Crockford's base32 alphabet: no I, L, O or U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewCode makes a report's code, SB-XXXX-XXXX, from five random bytes (40 bits).
// It fails only if the source of randomness does.
func NewCode(random io.Reader) (string, error) {
	var raw [5]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("reading randomness for a report code: %w", err)
	}
	bits := uint64(raw[0])<<32 | uint64(raw[1])<<24 | uint64(raw[2])<<16 | uint64(raw[3])<<8 | uint64(raw[4])
	var digits [8]byte
	for i := 7; i >= 0; i-- {
		digits[i] = crockford[bits&31]
		bits >>= 5
	}
	return "SB-" + string(digits[:4]) + "-" + string(digits[4:]), nil
}

// ParseCode reads a code as people type it: any case, with or without SB and
// dashes, O for 0, I and L for 1. It reports false for anything else.
func ParseCode(s string) (string, bool) {
	s = strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "–", "", "—", "").Replace(s))
	if len(s) == 10 {
		s = strings.TrimPrefix(s, "SB")
	}
	if len(s) != 8 {
		return "", false
	}
	s = strings.NewReplacer("O", "0", "I", "1", "L", "1").Replace(s)
	for _, c := range s {
		if !strings.ContainsRune(crockford, c) {
			return "", false
		}
	}
	return "SB-" + s[:4] + "-" + s[4:], true
}
