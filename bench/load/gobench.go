package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// goBenchmark is a benchmark of a package, which reports its own ratios to a
// baseline of the same run: metrics such as large/small or ratio.
type goBenchmark struct {
	pkg, pattern string
	args         []string
}

// goBenchmarkList is what belongs into the table besides what this program
// measures. A new row is a line here.
func goBenchmarkList() []goBenchmark {
	return []goBenchmark{
		{"./cmd/saqbol", "^BenchmarkCheck$", []string{"-benchtime", "20x"}},
		{"./cmd/saqbol", "^BenchmarkHitAndMiss$", []string{"-benchtime", "20x"}},
		{"./cmd/saqbol", "^BenchmarkStart$", []string{"-benchtime", "10x"}},
		{"./storage", "^BenchmarkStanding", nil},
	}
}

// goBenchmarks runs the Go benchmarks and prints what they report.
func goBenchmarks(root string, w io.Writer) error {
	fmt.Fprintln(w, "\n| Go benchmark | metric | value |\n|---|---|---|")
	for _, b := range goBenchmarkList() {
		args := append([]string{"test", "-run", "^$", "-bench", b.pattern, b.pkg}, b.args...)
		fmt.Fprintln(os.Stderr, "+ go", strings.Join(args, " "))
		cmd := exec.Command("go", args...)
		cmd.Dir = root
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s %s: %w\n%s", b.pkg, b.pattern, err, out)
		}
		for line := range bytes.Lines(out) {
			printMetrics(w, strings.Fields(string(line)))
		}
	}
	return nil
}

// printMetrics prints the metrics of one line of go test's: a name, a count, and
// pairs of a value and its unit.
func printMetrics(w io.Writer, fields []string) {
	if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
		return
	}
	for i := 2; i+1 < len(fields); i += 2 {
		value, unit := fields[i], fields[i+1]
		if unit == "ns/op" && value == "0" {
			continue // a benchmark that counts in metrics of its own
		}
		fmt.Fprintf(w, "| %s | %s | %s |\n", strings.TrimPrefix(fields[0], "Benchmark"), unit, value)
	}
}
