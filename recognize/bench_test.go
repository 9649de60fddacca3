package recognize

import (
	"strings"
	"testing"
	"time"
)

func BenchmarkFindPhone(b *testing.B) {
	r := newRecogniser(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Find("звонили с 8 701 123 45 67")
	}
}

func BenchmarkFindNothing(b *testing.B) {
	r := newRecogniser(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Find("Сәлем! Бұл не деген сөз?")
	}
}

// long is a text of n bytes or more, full of numbers.
func long(n int) string {
	const piece = "12.05.2026 в 18:30 звонили с +7 701 123 45 67 и 8 (777) 123-45-67, карта 4400 4300 0000 1237, код 4821, 150 000 ₸. "
	return strings.Repeat(piece, n/len(piece)+1)
}

func BenchmarkFind5000(b *testing.B) {
	r, input := newRecogniser(b), long(5000)
	b.ReportAllocs()
	for b.Loop() {
		r.Find(input)
	}
}

func BenchmarkRedact5000(b *testing.B) {
	r, input := newRecogniser(b), long(5000)
	b.ReportAllocs()
	for b.Loop() {
		r.Redact(input)
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New(); err != nil {
			b.Fatal(err)
		}
	}
}

// TestLinear feeds long texts of one piece over and over: ten times the text may
// take no more than a multiple of ten times the time.
func TestLinear(t *testing.T) {
	r := newRecogniser(t)
	for _, piece := range []string{"1 ", "8 ", "+1", "+1234567 ", "+12345 67 8 ", "4400 ", "4", "KZ8", "kz86 ", "код ", "код 1 ", "пароль ", "a1", "О", "8701123456",
		"wa.me/7", ".", "\u200b8", "1.1", "1,1", "12:30", "\n", "№ 1", "заказ 7", "₸", "1₸", "102 ", "•", "код 12345", "12345 код "} {
		measure := func(n int) time.Duration {
			input := strings.Repeat(piece, n/len(piece)+1)
			best := time.Hour
			for range 3 {
				begin := time.Now()
				r.Find(input)
				r.Redact(input)
				best = min(best, time.Since(begin))
			}
			return best
		}
		small, large := measure(10_000), measure(100_000)
		if large > 40*small && large > 200*time.Millisecond || large > 3*time.Second {
			t.Errorf("%q: 10 kB take %v, 100 kB %v", piece, small, large)
		}
	}
}
