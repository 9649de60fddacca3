package recognize

import (
	"strings"
	"testing"
)

func TestReadNames(t *testing.T) {
	for _, c := range []struct{ name, content, problem string }{
		{"right", "code,name,source,date\n722,Kaspi Bank,a list,2026-11-22\n", ""},
		{"no such code", "code,name,source,date\n72,Kaspi Bank,a list,2026-11-22\n", "no number of the kind"},
		{"letters", "code,name,source,date\n7a2,Kaspi Bank,a list,2026-11-22\n", "no number of the kind"},
		{"no name", "code,name,source,date\n722,,a list,2026-11-22\n", "empty column"},
		{"no source", "code,name,source,date\n722,Kaspi Bank,,2026-11-22\n", "empty column"},
		{"no date", "code,name,source,date\n722,Kaspi Bank,a list,yesterday\n", "the date of 722"},
		{"a column short", "code,name,source,date\n722,Kaspi Bank,a list\n", "wrong number of fields"},
		{"empty", "", "it is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readNames("banks.csv", c.content, 4, 3)
			if c.problem == "" && err != nil || c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)) {
				t.Errorf("got the error %v, want %q", err, c.problem)
			}
		})
	}
}

// TestWordsAreFoundAsWritten: case, the special Kazakh letters and two scripts
// in one word make no difference.
func TestWordsAreFoundAsWritten(t *testing.T) {
	words, err := readWords()
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]meaning{
		"НӨМІРІНЕН": meansNumber, "номиринен": meansNumber, "Қоңырау": meansCall, "конырау": meansCall, "құпиясөзім": meansPassword,
		"купиясозим": meansPassword, "СVV": meansCVV, "теңге": meansCurrency, "тенгеден": meansCurrency, "звонили": meansCall,
	} {
		if got := words.meaning(normalise(word)); got&want == 0 {
			t.Errorf("%q means %b, want %b in it", word, got, want)
		}
	}
	for _, word := range []string{"", "кодекс", "закодировать", "кот", strings.Repeat("звон", 40)} {
		if got := words.meaning(normalise(word)); got&(meansCode|meansCall) != 0 {
			t.Errorf("%q means %b", word, got)
		}
	}
}
