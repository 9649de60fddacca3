package recognize

import (
	"runtime"
	"strconv"
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

// hostile are pieces that, repeated, look like the beginning of everything.
func hostile() []string {
	return []string{"1 ", "8 ", "+1", "+1234567 ", "+12345 67 8 ", "4400 ", "4", "KZ8", "kz86 ", "код ", "код 1 ", "пароль ", "a1", "О", "8701123456",
		"wa.me/7", ".", "\u200b8", "1.1", "1,1", "12:30", "\n", "№ 1", "заказ 7", "₸", "1₸", "102 ", "•", "код 12345", "12345 код "}
}

// TestLinear: ten times the text takes ten times the memory, not a hundred times,
// whatever it is made of. Time is the benchmark's matter.
func TestLinear(t *testing.T) {
	r := newRecogniser(t)
	for _, piece := range hostile() {
		allocated := func(n int) uint64 {
			input := strings.Repeat(piece, n/len(piece)+1)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r.Find(input)
			r.Redact(input)
			runtime.ReadMemStats(&after)
			return after.TotalAlloc - before.TotalAlloc
		}
		if small, large := allocated(2_000), allocated(20_000); large > 30*small {
			t.Errorf("%q: 2 kB take %d bytes of memory, 20 kB %d", piece, small, large)
		}
	}
}

// BenchmarkLinear measures the worst of the hostile texts at 10 and at 100 kB: the
// ratio says whether the time is linear (10) or not.
func BenchmarkLinear(b *testing.B) {
	r, err := New()
	if err != nil {
		b.Fatal(err)
	}
	for _, piece := range hostile() {
		b.Run(strconv.Quote(piece), func(b *testing.B) {
			var took [2]time.Duration
			for b.Loop() {
				for i, n := range []int{10_000, 100_000} {
					input := strings.Repeat(piece, n/len(piece)+1)
					begin := time.Now()
					r.Find(input)
					r.Redact(input)
					took[i] += time.Since(begin)
				}
			}
			b.ReportMetric(float64(took[1])/float64(took[0]), "100kB/10kB")
		})
	}
}
