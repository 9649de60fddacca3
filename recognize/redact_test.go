package recognize

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	r := newRecogniser(t)
	raw, err := os.ReadFile("testdata/redact.tsv")
	if err != nil {
		t.Fatalf("reading the cases: %v", err)
	}
	for number, line := range strings.Split(string(raw), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		before, after, ok := strings.Cut(line, "\t")
		if after == "=" {
			after = before
		}
		var input, expected string
		if err := json.Unmarshal([]byte(before), &input); err != nil || !ok {
			t.Fatalf("line %d is not a case: %v", number+1, err)
		}
		if err := json.Unmarshal([]byte(after), &expected); err != nil {
			t.Fatalf("line %d is not a case: %v", number+1, err)
		}
		got, found := r.Redact(input)
		if got != expected || found != (expected != input) {
			t.Errorf("Redact(%q)\n got %q, %v\nwant %q, %v", input, got, found, expected, expected != input)
		}
		if again, found := r.Redact(got); again != got || found {
			t.Errorf("masking twice: %q became %q", got, again)
		}
	}
}
