package locales

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"saqbol/fraud"
)

// uses reads the program's own files: every string in them, and every key given
// to M, whole ("start.hello") or as the head of a family ("scenario.").
func uses(t *testing.T) (literals map[string]bool, keysOfM map[string]token.Position) {
	t.Helper()
	literals, keysOfM = map[string]bool{}, map[string]token.Position{}
	files := token.NewFileSet()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := text(n); ok {
				literals[s] = true
			}
			if call, ok := n.(*ast.CallExpr); ok && isM(call.Fun) && len(call.Args) > 0 {
				if key, ok := head(call.Args[0]); ok {
					keysOfM[key] = files.Position(call.Pos())
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return literals, keysOfM
}

func text(n ast.Node) (string, bool) {
	lit, ok := n.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

func isM(fun ast.Expr) bool {
	switch f := fun.(type) {
	case *ast.Ident:
		return f.Name == "M"
	case *ast.SelectorExpr:
		return f.Sel.Name == "M"
	}
	return false
}

// head is the constant part that a key begins with.
func head(e ast.Expr) (string, bool) {
	if sum, ok := e.(*ast.BinaryExpr); ok {
		return head(sum.X)
	}
	return text(e)
}

func TestEveryKeyIsUsedAndEveryUseHasAKey(t *testing.T) {
	catalogue := read(t, fraud.Russian)
	literals, keysOfM := uses(t)
	if len(keysOfM) == 0 {
		t.Fatal("no use of M was seen: the test reads nothing")
	}
	for key, at := range keysOfM {
		if strings.HasSuffix(key, ".") {
			if !anyWithPrefix(catalogue, key) {
				t.Errorf("%s: the catalogue has no key that begins with %q", at, key)
			}
		} else if _, ok := catalogue[key]; !ok {
			t.Errorf("%s: the catalogue has no key %q", at, key)
		}
	}
	for key := range catalogue {
		if !used(literals, key) {
			t.Errorf("nothing uses the key %q: remove it from both files", key)
		}
	}
}

func anyWithPrefix(catalogue map[string]message, prefix string) bool {
	for key := range catalogue {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// used looks for the key itself or for the head of its family: "scenario." in
// the program uses "scenario.boss".
func used(literals map[string]bool, key string) bool {
	if literals[key] {
		return true
	}
	for i := range key {
		if key[i] == '.' && literals[key[:i+1]] {
			return true
		}
	}
	return false
}

// TestFamiliesAreComplete checks the keys that the program puts together.
func TestFamiliesAreComplete(t *testing.T) {
	catalogue := read(t, fraud.Russian)
	want := map[string][]string{"month.": nil}
	for m := range 12 {
		want["month."] = append(want["month."], strconv.Itoa(m+1))
	}
	for _, s := range fraud.Scenarios() {
		want["scenario."] = append(want["scenario."], string(s))
	}
	for _, c := range fraud.Channels() {
		want["channel."] = append(want["channel."], string(c))
	}
	for _, c := range fraud.Claims() {
		want["claim."] = append(want["claim."], string(c))
	}
	for _, v := range fraud.Voices() {
		want["voice."] = append(want["voice."], string(v))
	}
	for _, l := range fraud.Losses() {
		want["loss."] = append(want["loss."], string(l))
	}
	for _, s := range []fraud.Status{fraud.StatusReceived, fraud.StatusWithdrawn} {
		want["status."] = append(want["status."], string(s))
	}
	want["command."] = []string{"start", "check", "report", "my", "emergency", "tips", "stats", "settings", "language", "privacy", "help", "cancel"}
	for family, members := range want {
		for _, member := range members {
			if _, ok := catalogue[family+member]; !ok {
				t.Errorf("the catalogue lacks %q", family+member)
			}
		}
	}
}
