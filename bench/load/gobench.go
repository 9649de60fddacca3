package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// goBenchmark is a benchmark of a package, which reports its own ratios to a
// baseline of the same run.
type goBenchmark struct {
	pkg, name string
	args      []string
	goals     []metricGoal
}

// metricGoal is what a metric is to reach: a ratio, or megabytes.
type metricGoal struct {
	title, metric string
	limit         float64
	most          bool   // limit is the most that it may be, not the least
	of            string // of which part of the benchmark, "" = it has one
	why           string
}

// goBenchmarkList is what belongs into the table besides what this program
// measures. A new row is a line here.
func goBenchmarkList(o options) []goBenchmark {
	subjects, rows := "-subjects="+strconv.Itoa(o.many), "-rows="+strconv.Itoa(max(1000, o.many))
	const (
		idle     = "two thirds are pages of the program's own file, mapped sixteen at a time"
		filed    = "one core writes: thirteen statements a report, of which waiting for the disk is half of a lone one's time"
		imported = "SQLite's statements and the collector share two cores with reading"
	)
	large := fmt.Sprintf("with %d subjects", o.many)
	kept := []string{subjects}
	if o.stores != "" {
		kept = append(kept, "-stores="+o.stores)
	}
	return []goBenchmark{
		{"./cmd/saqbol", "Verdict", append([]string{"-benchtime=100x"}, kept...), []metricGoal{
			{title: "check of a number nobody reported, to one plain lookup, " + large, metric: "miss/plain-large", limit: 0.35, most: true},
			{title: "the same, to a store of 10,000, " + large, metric: "miss-large/small", limit: 2, most: true},
			{title: "check of a reported number, to a store of 10,000, " + large, metric: "hit-large/small", limit: 1.5, most: true}}},
		{"./cmd/saqbol", "Start", append([]string{"-benchtime=10x"}, kept...), []metricGoal{
			{title: "start to the first answer, new store, to an empty go-telegram program", metric: "new/empty", limit: 2, most: true, why: "phonenumbers reads all numbering plans at the start, which alone takes about as long as the empty program's whole start"},
			{title: "start to the first answer, to the same, " + large, metric: "large/empty", limit: 5, most: true}}},
		{"./cmd/saqbol", "Idle", append([]string{"-benchtime=1x"}, kept...), []metricGoal{
			{title: "memory when idle, MB", metric: "new-MB", limit: 30, most: true, why: idle},
			{title: "memory when idle, MB, " + large, metric: "large-MB", limit: 60, most: true, why: "the filter is 20 of it, and the check of the whole database goes on at that moment"}}},
		{"./storage", "Filed", []string{"-benchtime=4x"}, []metricGoal{
			{title: "reports filed, 64 people at once, to one by one", metric: "64/one", limit: 4, why: filed},
			{title: "reports filed, 1024 people at once, to one by one", metric: "1024/one", limit: 8, why: filed}}},
		{"./storage", "Import", []string{"-benchtime=1x", "-timeout=2h", subjects, rows}, []metricGoal{
			{title: "import of a list into an empty store, to row by row", metric: "naive/import", limit: 15, of: "/subjects=0", why: imported},
			{title: "import of a list, to row by row, " + large, metric: "naive/import", limit: 8, of: "/subjects=" + strconv.Itoa(o.many), why: imported + "; almost every row is on a page of its own"}}},
	}
}

// goBenchmarks runs the Go benchmarks; one that fails costs its own rows.
func goBenchmarks(o options) (rows []row) {
	for _, b := range goBenchmarkList(o) {
		args := append([]string{"test", "-run", "^$", "-bench", "^Benchmark" + b.name + "$", b.pkg}, b.args...)
		fmt.Fprintln(os.Stderr, "+ go", strings.Join(args, " "))
		cmd := exec.Command("go", args...)
		cmd.Dir = o.root
		out, err := cmd.CombinedOutput()
		fmt.Fprintf(os.Stderr, "%s", out)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s %s: %v\n", b.pkg, b.name, err)
			continue
		}
		for _, g := range b.goals {
			if value, ok := metric(out, "Benchmark"+b.name+g.of, g.metric); ok {
				rows = append(rows, g.judge(value))
			}
		}
	}
	return rows
}

func (g metricGoal) judge(value float64) row {
	sign, met := "≥", value >= g.limit
	if g.most {
		sign, met = "≤", value <= g.limit
	}
	return row{g.title, fmt.Sprintf("%s %g", sign, g.limit), fmt.Sprintf("%.2f", value), met, g.why}
}

// metric finds a metric in go test's output: a line is a name with the number of
// processors, a count, and pairs of a value and its unit.
func metric(out []byte, name, unit string) (value float64, ok bool) {
	for line := range bytes.Lines(out) {
		fields := strings.Fields(string(line))
		if len(fields) < 4 || (fields[0] != name && !strings.HasPrefix(fields[0], name+"-")) {
			continue
		}
		for i := 2; i+1 < len(fields); i += 2 {
			if fields[i+1] == unit {
				value, err := strconv.ParseFloat(fields[i], 64)
				return value, err == nil
			}
		}
	}
	return 0, false
}
