package seal

import "testing"

// A mark hangs on every bit of the row and on the key, and outlives a rotation.
func TestMark(t *testing.T) {
	keys, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	others, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := keys.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	row := []byte("a row with its key, its counts and its times, longer than three blocks")
	mark := keys.Mark(row)
	if rotated.Mark(row) != mark {
		t.Error("a rotation changes the marks")
	}
	if others.Mark(row) == mark {
		t.Error("another key makes the same mark")
	}
	for bit := range 8 * len(row) {
		row[bit/8] ^= 1 << (bit % 8)
		if keys.Mark(row) == mark {
			t.Fatalf("bit %d does not count", bit)
		}
		row[bit/8] ^= 1 << (bit % 8)
	}
	if keys.Mark(row[:len(row)-1]) == mark || keys.Mark(append(row, 0)) == mark {
		t.Error("the length does not count")
	}
}

func BenchmarkMark(b *testing.B) {
	keys, err := Generate()
	if err != nil {
		b.Fatal(err)
	}
	row := make([]byte, 60)
	b.ReportAllocs()
	for b.Loop() {
		keys.Mark(row)
	}
}
