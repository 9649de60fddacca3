package storage

import (
	"math/rand/v2"
	"testing"

	"saqbol/fraud"
)

// BenchmarkBloom asks a filter of -subjects keys for other keys: how long that
// takes and how many of them pass.
func BenchmarkBloom(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	filter := newBloom(*subjects)
	for range *subjects {
		filter.add(drawn(r))
	}
	others := make([]fraud.Key, 1<<16)
	for i := range others {
		others[i] = drawn(r)
	}
	passed, asked := 0, 0
	for b.Loop() {
		if filter.has(others[asked%len(others)]) {
			passed++
		}
		asked++
	}
	b.ReportMetric(float64(passed)/float64(asked)*100, "%passed")
	b.ReportMetric(float64(filter.bytes())/(1<<20), "MB")
}
