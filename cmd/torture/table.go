package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// outcome is what became of a row.
type outcome struct {
	row      scenario
	measured string
	took     time.Duration
	err      error
}

func (o outcome) verdict() string {
	if o.err != nil {
		return "FAILED"
	}
	return "holds"
}

// table prints the results, as wide as they are.
func table(results []outcome) string {
	rows := [][]string{{"what", "target", "measured", "verdict"}}
	for _, o := range results {
		rows = append(rows, []string{o.row.name, o.row.target, fmt.Sprintf("%s (%.0f s)", o.measured, o.took.Seconds()), o.verdict()})
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var out strings.Builder
	for n, row := range rows {
		for i, cell := range row {
			fmt.Fprintf(&out, "| %s%s ", cell, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		out.WriteString("|\n")
		if n == 0 {
			for _, width := range widths {
				fmt.Fprintf(&out, "|%s", strings.Repeat("-", width+2))
			}
			out.WriteString("|\n")
		}
	}
	return out.String()
}
