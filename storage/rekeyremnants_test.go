package storage

import (
	"bytes"
	"testing"
	"testing/iotest"
)

// What is looked for may lie across the border of two pieces that are read.
func TestCountIn(t *testing.T) {
	wanted := [][]byte{{1, 2, 3, 4, 5}, {1, 9, 9, 9, 9}}
	content := make([]byte, 3<<20+100)
	places := []int{0, 100, 1<<20 - 2, 2<<20 - 5, 2 << 20, 3<<20 + 95}
	for i, at := range places {
		copy(content[at:], wanted[i%2])
	}
	for name, n := range map[string]int{"whole": len(content), "without the last": len(content) - 1} {
		found, err := countIn(t.Context(), iotest.HalfReader(bytes.NewReader(content[:n])), wanted)
		want := len(places)
		if n < len(content) {
			want--
		}
		if err != nil || found != want {
			t.Errorf("%s: %d found, %v; want %d", name, found, err, want)
		}
	}
	if found, err := countIn(t.Context(), bytes.NewReader(nil), wanted); found != 0 || err != nil {
		t.Errorf("in nothing: %d, %v", found, err)
	}
}
