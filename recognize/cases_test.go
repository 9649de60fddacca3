package recognize

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"saqbol/fraud"
)

// newRecogniser builds a Recogniser or fails the test.
func newRecogniser(t testing.TB) *Recogniser {
	t.Helper()
	r, err := New()
	if err != nil {
		t.Fatalf("building the recogniser: %v", err)
	}
	return r
}

// listed writes subjects as the case files do.
func listed(subjects []fraud.Subject) string {
	parts := make([]string, len(subjects))
	for i, s := range subjects {
		parts[i] = string(s.Kind) + ":" + s.Value
	}
	return strings.Join(parts, " ")
}

// cases reads a case file: a JSON string, a tab, the subjects in order. Links
// are not recognised yet, so an expected link is left out.
func cases(t testing.TB, name string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("reading the cases: %v", err)
	}
	found := map[string]string{}
	for number, line := range strings.Split(string(raw), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		quoted, expected, ok := strings.Cut(line, "\t")
		var input string
		if err := json.Unmarshal([]byte(quoted), &input); err != nil || !ok {
			t.Fatalf("%s:%d: not a case: %q (%v)", name, number+1, line, err)
		}
		var kept []string
		for _, subject := range strings.Fields(expected) {
			if !strings.HasPrefix(subject, "link:") {
				kept = append(kept, subject)
			}
		}
		if _, twice := found[input]; twice {
			t.Fatalf("%s:%d: the case stands twice: %q", name, number+1, input)
		}
		found[input] = strings.Join(kept, " ")
	}
	return found
}

func TestFindCases(t *testing.T) {
	r := newRecogniser(t)
	for _, name := range []string{"testdata/recognize.tsv", "testdata/more.tsv"} {
		t.Run(name, func(t *testing.T) {
			for input, expected := range cases(t, name) {
				if got := listed(r.Find(input)); got != expected {
					t.Errorf("Find(%q)\n got %q\nwant %q", input, got, expected)
				}
			}
		})
	}
}
