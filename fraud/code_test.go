package fraud

import (
	"bytes"
	"errors"
	"regexp"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func TestNewCode(t *testing.T) {
	for _, tt := range []struct {
		random []byte
		want   string
	}{
		{[]byte{0, 0, 0, 0, 0}, "SB-0000-0000"},
		{[]byte{0xff, 0xff, 0xff, 0xff, 0xff}, "SB-ZZZZ-ZZZZ"},
		{[]byte{0x08, 0x86, 0x42, 0x98, 0xe8}, "SB-1234-5678"},
	} {
		got, err := NewCode(bytes.NewReader(tt.random))
		if err != nil || got != tt.want {
			t.Errorf("NewCode(%x) = %q, %v; want %q", tt.random, got, err, tt.want)
		}
	}
	if _, err := NewCode(iotest.ErrReader(errors.New("dry"))); err == nil {
		t.Error("NewCode without randomness made a code")
	}
}

func TestParseCode(t *testing.T) {
	for in, want := range map[string]string{
		"SB-1234-5678":   "SB-1234-5678",
		"sb-1234-5678":   "SB-1234-5678",
		"sb 1234 5678":   "SB-1234-5678",
		"12345678":       "SB-1234-5678",
		"SB-OIL4-5678":   "SB-0114-5678",
		"SB12345678":     "SB-1234-5678",
		"SB-SBSB-SBSB":   "SB-SBSB-SBSB",
		"SB-1234-567":    "",
		"SB-1234-56789A": "",
		"SB-1234-567U":   "",
		"":               "",
		"сәлем":          "",
	} {
		got, ok := ParseCode(in)
		if got != want || ok != (want != "") {
			t.Errorf("ParseCode(%q) = %q, %v; want %q", in, got, ok, want)
		}
	}
}

func TestEveryCodeReadsBack(t *testing.T) {
	shape := regexp.MustCompile(`^SB-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$`)
	rapid.Check(t, func(t *rapid.T) {
		code, err := NewCode(bytes.NewReader(rapid.SliceOfN(rapid.Byte(), 5, 5).Draw(t, "random")))
		if err != nil || !shape.MatchString(code) {
			t.Fatalf("NewCode = %q, %v", code, err)
		}
		if got, ok := ParseCode(code); !ok || got != code {
			t.Fatalf("ParseCode(%q) = %q, %v", code, got, ok)
		}
	})
}

func FuzzParseCode(f *testing.F) {
	f.Add("SB-1234-5678")
	f.Add("sb 12o4 5l78")
	f.Fuzz(func(t *testing.T, s string) {
		code, ok := ParseCode(s)
		if !ok {
			return
		}
		if again, ok := ParseCode(code); !ok || again != code {
			t.Errorf("ParseCode(%q) = %q, which reads as %q", s, code, again)
		}
	})
}
