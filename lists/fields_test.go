package lists

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func texts(fields [][]byte) []string {
	out := make([]string, len(fields))
	for i, field := range fields {
		out[i] = string(field)
	}
	return out
}

func TestSplit(t *testing.T) {
	for line, want := range map[string]string{
		``:                     `[]`,
		`a,b`:                  `[a|b]`,
		` a , b `:              `[a|b]`,
		`,,`:                   `[||]`,
		`"a,b",c`:              `[a,b|c]`,
		`"say ""no""",c`:       `[say "no"|c]`,
		`""`:                   `[]`,
		`"""",x`:               `["|x]`,
		` "a" ,b`:              `[a|b]`,
		`a;b`:                  `[a;b]`,
		`5" pipe,b`:            `[5" pipe|b]`,
		`"not closed,b`:        `!`,
		`"closed"too early,b`:  `!`,
		`"closed""not again,b`: `!`,
	} {
		fields, reason := split([]byte(line), ',', nil)
		got := "[" + strings.Join(texts(fields), "|") + "]"
		if reason != 0 {
			got = "!"
		}
		if got != want {
			t.Errorf("split(%q) = %s, want %s", line, got, want)
		}
	}
}

// FuzzSplit: a line that encoding/csv takes is split as there; none is the end of us.
func FuzzSplit(f *testing.F) {
	for _, line := range []string{`a,b`, `"a,b","c""d"`, `"open`, `;;`, "\t", `a,"b"c`, `"",""""`} {
		f.Add(line, byte(','))
	}
	f.Add("phone;8 701 123 45 67;2", byte(';'))
	f.Fuzz(func(t *testing.T, line string, sep byte) {
		if sep >= 0x80 || sep == '"' || sep == ' ' || sep == 0 || strings.ContainsAny(line, "\r\n") || strings.ContainsAny(string(sep), "\r\n") {
			return
		}
		before := bytes.Clone([]byte(line))
		fields, reason := split([]byte(line), sep, nil)
		if string(before) != line {
			t.Fatal("the line was changed")
		}
		in := csv.NewReader(strings.NewReader(line))
		in.Comma = rune(sep)
		want, err := in.Read()
		if err != nil || errors.Is(err, io.EOF) {
			return
		}
		for i := range want {
			want[i] = string(bytes.TrimSpace([]byte(want[i])))
		}
		if got := texts(fields); reason != 0 || !slices.Equal(got, want) {
			t.Errorf("split(%q) = %q (%d), encoding/csv has %q", line, got, reason, want)
		}
	})
}
