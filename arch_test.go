// Package saqbol_test holds the house to its plan: who may import whom, and how
// large a file may grow (docs/ARCHITECTURE.md).
package saqbol_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "saqbol"

// arrows lists, for every package of ours, which others of ours it may import.
func arrows() map[string][]string {
	return map[string][]string{
		"fraud":               nil,
		"recognize":           {"fraud"},
		"locales":             {"fraud"},
		"lists":               {"fraud"},
		"storage":             {"fraud", "storage/seal"},
		"storage/seal":        {"fraud"},
		"storage/storagetest": {"fraud", "storage", "storage/seal"},
		"storage/pgtest":      nil,
		"handlers":            {"fraud", "recognize", "locales"},
		"console":             {"fraud", "locales"},
		"bot":                 {"fraud", "handlers", "locales"},
		"emulator":            nil,
		"cmd/torture":         {"emulator", "fraud", "locales", "recognize", "storage", "storage/pgtest", "storage/seal"},
		"cmd/saqbol":          {"bot", "console", "emulator", "fraud", "handlers", "lists", "locales", "recognize", "storage", "storage/seal"},
	}
}

// owners lists libraries that exactly one package may import.
func owners() map[string]string {
	return map[string]string{
		"github.com/go-telegram/bot":         "bot",
		"github.com/go-telegram/bot/models":  "bot",
		"github.com/nyaruka/phonenumbers":    "recognize",
		"modernc.org/sqlite":                 "storage",
		"github.com/prometheus/":             "cmd/saqbol",
		"github.com/pressly/goose/v3":        "storage",
		"github.com/pelletier/go-toml/v2":    "locales",
		"github.com/spf13/":                  "cmd/saqbol",
		"github.com/tink-crypto/tink-go/v2/": "storage/seal",
	}
}

type pkg struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImportsFollowTheHouse(t *testing.T) {
	allowed := arrows()
	found := 0
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		if name == module { // this folder: tests only
			continue
		}
		may, known := allowed[name]
		if !known {
			t.Errorf("package %s is not in the house plan: add it to the table here and to docs/ARCHITECTURE.md, and say why in docs/adr/", name)
			continue
		}
		for _, path := range p.Imports {
			if to, ours := strings.CutPrefix(path, module+"/"); ours {
				found++
				if !slices.Contains(may, to) {
					t.Errorf("%s imports %s: the house plan has no such arrow", name, to)
				}
			}
			for library, owner := range owners() {
				if (path == library || strings.HasPrefix(path, strings.TrimSuffix(library, "/")+"/")) && name != owner {
					t.Errorf("%s imports %s, which belongs to %s alone", name, path, owner)
				}
			}
			if name == "fraud" && strings.Contains(strings.SplitN(path, "/", 2)[0], ".") {
				t.Errorf("fraud imports %s: the domain uses the standard library only", path)
			}
		}
	}
	if found == 0 {
		t.Error("no import of ours was seen: the test reads nothing")
	}
}

// Where a method is called by a name that only the running program knows, the linker
// keeps every exported method of every type that is reached (docs/adr/0004-libraries.md).
func TestNoMethodIsCalledByName(t *testing.T) {
	if testing.Short() {
		t.Skip("it links the program")
	}
	out, err := exec.Command("go", "build", "-o", filepath.Join(t.TempDir(), "saqbol"), "-ldflags=-dumpdep", "./cmd/saqbol").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("-> main.run\n")) {
		t.Fatalf("the program can't be linked, or the linker does not say what needs what: %v", err)
	}
	for line := range bytes.Lines(out) {
		if caller, calls := bytes.CutSuffix(bytes.TrimSpace(line), []byte(" <ReflectMethod>")); calls {
			t.Errorf("a method is called by name: %s", caller)
		}
	}
}

func TestFilesStaySmall(t *testing.T) {
	const limit = 400
	seen := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != "." {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		seen++
		if n := lines(t, path); n > limit {
			t.Errorf("%s has %d lines, %d are allowed: split it by what it does", path, n, limit)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 10 {
		t.Errorf("only %d files seen: the test reads nothing", seen)
	}
}

func lines(t *testing.T, path string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		n++
	}
	return n
}
