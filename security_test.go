package saqbol_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// testsInCode are the names of all tests and fuzz targets.
func testsInCode(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	for _, pattern := range []string{"*_test.go", "*/*_test.go", "*/*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			code, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range declared.FindAllSubmatch(code, -1) {
				names[string(found[1])] = true
			}
		}
	}
	return names
}

// What docs/security.md shows by a test or a file must be there: a table that
// nobody checks is believed long after it has stopped being true.
func TestSecurityPageQuotesWhatIsThere(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := testsInCode(t)
	quoted := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllSubmatch(page, -1)
	for _, name := range quoted {
		if !names[string(name[1])] {
			t.Errorf("%s is no test: show the row by another, or mend what it says", name[1])
		}
	}
	links := regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllSubmatch(page, -1)
	files := regexp.MustCompile(`\b((?:bot|cmd/saqbol|storage|ops|flows|handlers)/[\w./-]+\.(?:go|md|service))\b`).FindAllSubmatch(page, -1)
	for _, found := range append(links, files...) {
		path := string(found[1])
		if _, err := os.Stat(path); err != nil {
			if _, err = os.Stat(filepath.Join("docs", path)); err != nil {
				t.Errorf("%s is not there", path)
			}
		}
	}
	if len(quoted) < 100 || len(links)+len(files) < 20 {
		t.Errorf("%d tests and %d files are quoted: the test reads nothing", len(quoted), len(links)+len(files))
	}
}

// Every row of the checklist has an answer and something beside it.
func TestSecurityChecklistHasNoGaps(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows, numbers := 0, map[string]bool{}
	for line := range bytes.Lines(page) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(string(line)), "|"), "|")
		if len(cells) != 4 || !regexp.MustCompile(`^ \d+\.\d+\.\d+`).MatchString(cells[0]) {
			continue
		}
		for _, number := range strings.Split(cells[0], ",") {
			rows++
			number = strings.TrimSpace(number)
			if numbers[number] {
				t.Errorf("%s stands twice", number)
			}
			numbers[number] = true
		}
		switch strings.TrimSpace(cells[2]) {
		case "yes", "n/a", "operator", "part":
		default:
			t.Errorf("%s has the answer %q", cells[0], cells[2])
		}
		if strings.TrimSpace(cells[3]) == "" {
			t.Errorf("%s is shown by nothing", cells[0])
		}
	}
	if rows < 130 {
		t.Errorf("%d requirements are answered", rows)
	}
}
