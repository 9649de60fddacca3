// Package proof is tests for the test of the rows that tests show.
package proof

import "testing"

func TestWhole(t *testing.T) {
	t.Run("part", func(t *testing.T) { t.Log("measured: 1 of 3") })
	t.Log("measured: 3 of 3")
}

func TestParts(t *testing.T) {
	for range 2 {
		t.Run("part", func(t *testing.T) { t.Log("measured: 1 part") })
	}
}

func TestFailing(t *testing.T) { t.Error("it fails") }
