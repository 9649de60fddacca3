package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	chosen, err := parse([]string{"--only", "cut, kill", "--long", "--seed", "7"}, io.Discard)
	if err != nil || len(chosen.rows) != 2 || chosen.rows[0].name != "cut" || !chosen.long || chosen.seed != 7 {
		t.Errorf("the choice is %+v, %v", chosen, err)
	}
	if chosen, err = parse(nil, io.Discard); err != nil || len(chosen.rows) != len(scenarios()) || chosen.long {
		t.Errorf("without flags the choice is %+v, %v", chosen, err)
	}
	for _, args := range [][]string{{"--only", "fire"}, {"--long", "--short"}, {"kill"}, {"--no-such-flag"}} {
		var stderr bytes.Buffer
		if status := run(t.Context(), args, io.Discard, &stderr); status != exitUsage || stderr.Len() == 0 {
			t.Errorf("%v ends with %d: %s", args, status, stderr.String())
		}
	}
}

// TestTable: every row is there with its verdict, in columns.
func TestTable(t *testing.T) {
	out := table([]outcome{
		{row: scenario{name: "kill", target: "жоғалмайды"}, measured: "50 kills", took: 3 * time.Second},
		{row: scenario{name: "cut", target: "0 lost"}, measured: "8 cuts", err: errors.New("one is lost")},
	})
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 4 || !strings.Contains(lines[2], "holds") || !strings.Contains(lines[3], "FAILED") {
		t.Fatalf("the table is\n%s", out)
	}
	for _, line := range lines {
		if len([]rune(line)) != len([]rune(lines[0])) {
			t.Errorf("the columns do not stand below each other:\n%s", out)
		}
	}
}
