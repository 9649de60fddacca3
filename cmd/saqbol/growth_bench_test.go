package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"testing"
)

var growthFile = flag.String("growth", "", "the CSV file that BenchmarkGrowth writes, for bench/growth to draw")

// BenchmarkGrowth is BenchmarkVerdict at each power of ten up to -subjects, and
// what the running program holds in memory with so many subjects once it is idle.
func BenchmarkGrowth(b *testing.B) {
	var sizes []int
	var contenders []*checkContender
	for n := 10_000; n <= *largeStore; n *= 10 {
		sizes = append(sizes, n)
		contenders = append(contenders, verdictContenders(b, storeOf(b, n, onlySubjects))...)
	}
	takeTurns(b, contenders)
	b.ReportMetric(0, "ns/op")
	program := compile(b, ".")
	rows := [][]string{{"subjects", "plain_ns", "miss_ns", "hit_ns", "rss_mb", "anon_mb"}}
	for i, n := range sizes {
		row := []string{fmt.Sprint(n)}
		for k, name := range []string{"plain", "miss", "hit"} {
			took := contenders[3*i+k].median()
			row = append(row, fmt.Sprintf("%.0f", took))
			b.ReportMetric(took, fmt.Sprintf("%s-%d-ns", name, n))
		}
		whole := storeOf(b, n, wholeStore)
		(&starter{path: program, store: &whole}).run(b, func(pid int) {
			all, anonymous := resident(b, pid)
			row = append(row, fmt.Sprintf("%.1f", all), fmt.Sprintf("%.1f", anonymous))
			b.ReportMetric(all, fmt.Sprintf("idle-%d-MB", n))
		})
		rows = append(rows, row)
	}
	if *growthFile == "" {
		return
	}
	file, err := os.Create(*growthFile)
	if err != nil {
		b.Fatal(err)
	}
	if err := csv.NewWriter(file).WriteAll(rows); err != nil {
		b.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
}
