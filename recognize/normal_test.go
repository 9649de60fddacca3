package recognize

import (
	"strings"
	"testing"
	"unicode"
)

// TestDigitsOfEveryScript: the ranges of decimal digits run from 0 to 9 over and over.
func TestDigitsOfEveryScript(t *testing.T) {
	check := func(lo, hi rune) {
		if (hi-lo+1)%10 != 0 {
			t.Fatalf("%U to %U are no whole runs of digits", lo, hi)
		}
		for r := lo; r <= hi; r++ {
			if s := symbolOf(r); s.kind != symbolDigit || s.r != '0'+(r-lo)%10 {
				t.Errorf("%U reads as %q, want %d", r, s.r, (r-lo)%10)
			}
		}
	}
	for _, span := range unicode.Nd.R16 {
		check(rune(span.Lo), rune(span.Hi))
	}
	for _, span := range unicode.Nd.R32 {
		check(rune(span.Lo), rune(span.Hi))
	}
}

// TestNormaliseKeepsPlaces: every symbol knows where it stood, and what nobody
// sees belongs to the symbol before it.
func TestNormaliseKeepsPlaces(t *testing.T) {
	const input = "\u200bТ8\ufe0f\u20e3 ٧–\r\n\xff"
	var out strings.Builder
	end := int32(0)
	for i, s := range normalise(input) {
		if i > 0 && s.start != end {
			t.Errorf("symbol %d begins at %d, the one before ends at %d", i, s.start, end)
		}
		end = s.end
		out.WriteRune(s.r)
	}
	if out.String() != "т8 7-\n\n\ufffd" || int(end) != len(input) {
		t.Errorf("read %q up to %d of %d", out.String(), end, len(input))
	}
}
