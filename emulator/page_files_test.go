package emulator

import (
	"bytes"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"testing"
)

// The page runs under a strict content policy and on machines without a
// network. What breaks that shows only in a browser, and there only as a page
// that silently misses a part, so it is caught here, as is what loses the end of a
// long text.
func TestPageNeedsNothingFromElsewhere(t *testing.T) {
	forbidden := map[string]*regexp.Regexp{
		"an address elsewhere":        regexp.MustCompile(`(?i)(?:src|href|url\(|import|from|fetch\()[ ="'(]*(?:https?:)?//`),
		"an inline script":            regexp.MustCompile(`(?i)<script[^>]*>[^<\s]`),
		"an inline style":             regexp.MustCompile(`(?i)<style|\sstyle\s*=`),
		"an inline handler":           regexp.MustCompile(`(?i)<[a-z][^>]*\son[a-z]+\s*=`),
		"a text that is cut silently": regexp.MustCompile(`(?i)<textarea[^>]*\smaxlength`),
		"markup parsed into the page": regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function`),
	}
	for name, source := range pageSources(t) {
		for what, shape := range forbidden {
			if found := shape.Find(source); found != nil {
				t.Errorf("%s has %s: %q", name, what, found)
			}
		}
	}
}

func TestPageNamesOnlyFilesItHas(t *testing.T) {
	sources := pageSources(t)
	named := regexp.MustCompile(`"/static/([\w.]+)"|from "\./([\w.]+)"`)
	seen := 0
	for name, source := range sources {
		for _, match := range named.FindAllSubmatch(source, -1) {
			seen++
			file := string(match[1]) + string(match[2])
			if _, ok := sources[file]; !ok {
				t.Errorf("%s names %s, which is not there", name, file)
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d names of files were found: the pattern no longer fits the page", seen)
	}
}

// Every label stands in both languages, is used, and every used one stands.
func TestPageLabelsInBothLanguages(t *testing.T) {
	sources := pageSources(t)
	kk, ru := labelsOf(t, sources["labels.js"], "kk"), labelsOf(t, sources["labels.js"], "ru")
	if !slices.Equal(kk, ru) {
		t.Errorf("the labels differ:\nkk %q\nru %q", kk, ru)
	}
	uses := []*regexp.Regexp{
		regexp.MustCompile(`data-l-[a-z-]+="(\w+)"`),
		regexp.MustCompile(`\bword\([^"()]*"(\w+)"`),
		regexp.MustCompile(`\bword\([^"()]*"\w+" : "(\w+)"`),
	}
	used := map[string]bool{}
	for name, source := range sources {
		for _, use := range uses {
			for _, match := range use.FindAllSubmatch(source, -1) {
				used[string(match[1])] = true
				if !slices.Contains(kk, string(match[1])) {
					t.Errorf("%s uses the label %s, which is not there", name, match[1])
				}
			}
		}
	}
	for _, label := range kk {
		if !used[label] {
			t.Errorf("the label %s is used nowhere", label)
		}
	}
}

func pageSources(t *testing.T) map[string][]byte {
	t.Helper()
	sources := map[string][]byte{}
	err := fs.WalkDir(pageFiles, "page", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		sources[path.Base(name)], err = fs.ReadFile(pageFiles, name)
		return err
	})
	if err != nil {
		t.Fatalf("reading the page: %v", err)
	}
	return sources
}

// labelsOf reads the sorted names of one language's block in labels.js.
func labelsOf(t *testing.T, source []byte, lang string) []string {
	t.Helper()
	_, block, ok := bytes.Cut(source, []byte("\n  "+lang+": {\n"))
	if !ok {
		t.Fatalf("labels.js has no block for %s", lang)
	}
	block, _, _ = bytes.Cut(block, []byte("\n  },"))
	var labels []string
	for _, match := range regexp.MustCompile(`(?m)^    (\w+): "[^"]+",$`).FindAllSubmatch(block, -1) {
		labels = append(labels, string(match[1]))
	}
	if lines := bytes.Count(block, []byte("\n")) + 1; len(labels) != lines {
		t.Fatalf("%s: %d labels in %d lines: a label is empty or misshapen", lang, len(labels), lines)
	}
	slices.Sort(labels)
	return labels
}
