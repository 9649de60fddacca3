package lists

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"saqbol/fraud"
	"saqbol/recognize"
)

// options are what the tests read lists with; a key is a hash of kind and value.
func options(t testing.TB) Options {
	t.Helper()
	recogniser, err := recognize.New()
	if err != nil {
		t.Fatal(err)
	}
	official, err := fraud.DefaultDirectory()
	if err != nil {
		t.Fatal(err)
	}
	return Options{Find: recogniser.Find, Key: key, Official: official, Now: time.Date(2026, time.November, 22, 9, 30, 0, 0, time.UTC)}
}

func key(s fraud.Subject) fraud.Key {
	sum := sha256.Sum256([]byte(string(s.Kind) + s.Value))
	return fraud.Key(sum[:16])
}

func phone(value string) fraud.Key { return key(fraud.Subject{Kind: fraud.KindPhone, Value: value}) }

func read(t *testing.T, text string) List {
	t.Helper()
	list, err := Read(t.Context(), strings.NewReader(text), options(t))
	if err != nil {
		t.Fatalf("Read(%q): %v", text, err)
	}
	return list
}

func TestValuesAsPeopleWriteThem(t *testing.T) {
	card, iban := key(fraud.Subject{Kind: fraud.KindCard, Value: "4400430000001237"}), key(fraud.Subject{Kind: fraud.KindIBAN, Value: "KZ84722C000012345678"})
	for line, want := range map[string]fraud.Key{
		"phone,8 701 123 45 67":         phone("+77011234567"),
		"phone,+7(701)123-45-67":        phone("+77011234567"),
		",7011234567":                   phone("+77011234567"),
		"Phone,'87011234567":            phone("+77011234567"),
		`phone,"=""87011234567"""`:      phone("+77011234567"),
		"phone,998901234567":            phone("+998901234567"),
		",+998 90 123 45 67":            phone("+998901234567"),
		"phone,+7 000 000 00 00":        key(fraud.Subject{Kind: fraud.KindImpossible, Value: "+70000000000"}),
		"card,4400 4300 0000 1237":      card,
		",4400430000001237":             card,
		"iban,KZ84 722C 0000 1234 5678": iban,
		",kz84722c000012345678":         iban,
		"short,9595":                    key(fraud.Subject{Kind: fraud.KindShort, Value: "9595"}),
	} {
		list := read(t, "kind,value\n"+line+"\n")
		if len(list.Subjects) != 1 || len(list.Bad) != 0 || list.Subjects[0].Key != want || list.Subjects[0].Reporters != 1 {
			t.Errorf("%q: %+v", line, list)
		}
	}
}

func TestBadLinesAreToldByNumberAndReason(t *testing.T) {
	for line, want := range map[string]Reason{
		`phone,"8 701`:                           ReasonQuote,
		"phone,87011234567,1,2,3,4":              ReasonFields,
		"phone":                                  ReasonEmpty,
		"telephone,87011234567":                  ReasonKindUnknown,
		"card,87011234567":                       ReasonKindOther,
		"phone,Иван":                             ReasonNothing,
		"phone,870112345":                        ReasonNothing,
		"phone,87011234567 87011234568":          ReasonSeveral,
		"card,4400 4300 0000 1230":               ReasonCardDigit,
		"card,4400430000001230":                  ReasonCardDigit,
		"iban,KZ84 722C 0000 1234 5679":          ReasonIBANDigit,
		`phone,"8,7011E+10"`:                     ReasonSpreadsheet,
		"card,4.40043E+15":                       ReasonSpreadsheet,
		"link,https://bonus.example/x":           ReasonLink,
		",https://bonus.example/x":               ReasonLink,
		",9595":                                  ReasonShort,
		"short,102":                              ReasonOfficial,
		",112":                                   ReasonOfficial,
		"short,109":                              ReasonOfficial,
		"phone,+7 771 000 77 22":                 ReasonOfficial,
		"phone,87011234567,theft":                ReasonScenario,
		"phone,87011234567,,0":                   ReasonReporters,
		"phone,87011234567,,many":                ReasonReporters,
		"phone,87011234567,,100001":              ReasonReporters,
		"phone,87011234567,,1,yesterday":         ReasonDate,
		"phone,87011234567,,1,2027-01-01":        ReasonDate,
		"phone,87011234567,,1,1970-01-01":        ReasonDate,
		"phone," + strings.Repeat("8", maxLine):  ReasonLong,
		"phone," + strings.Repeat("8", 600<<10):  ReasonLong,
		"phone," + strings.Repeat("8 ", 100<<10): ReasonLong,
	} {
		list := read(t, "kind,value,scenario,reporters,last\n,87011111111\n"+line+"\n\n,87022222222\n")
		if diff := cmp.Diff([]Bad{{Line: 3, Reason: want}}, list.Bad); diff != "" || len(list.Subjects) != 2 || list.Lines != 3 {
			t.Errorf("%.60q: %d subjects, %s", line, len(list.Subjects), diff)
		}
	}
	for reason := ReasonLong; reason < reasonEnd; reason++ {
		if reason.String() == "" {
			t.Errorf("reason %d has no words", reason)
		}
	}
}

func TestHeadings(t *testing.T) {
	for heading, want := range map[string]error{
		"value":               nil,
		"\ufeffvalue":         nil,
		"Value ;KIND":         nil,
		"comment\tvalue":      nil,
		`"value","kind"`:      nil,
		"sep=;\r\nvalue;kind": nil,
		"\ufeffSEP=,\nvalue":  nil,
		"sep=;":               ErrHeading,
		"sep=;\nsep=;\nvalue": ErrHeading,
		"":                    ErrHeading,
		"phone,87011234567":   ErrHeading,
		"kind":                ErrHeading,
		`"value`:              ErrHeading,
		"value,value":         ErrTwice,
		"value\xf1":           ErrEncoding,
		"\xff\xfev\x00":       ErrUTF16,
		"\xfe\xff\x00v":       ErrUTF16,
		"\xff\xfe" + strings.Repeat("v\x00", maxLine):  ErrUTF16,
		"PK\x03\x04" + strings.Repeat("\x00", maxLine): ErrWorkbook,
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":             ErrWorkbook,
		"sep=|\nvalue|kind":                            ErrSeparator,
		"sep=\t\nvalue\tkind":                          nil,
		strings.Repeat(",", 70) + "value":              ErrColumns,
		strings.Repeat("value", maxLine):               ErrHeading,
		strings.Repeat(",", 300<<10) + "value":         ErrHeading,
	} {
		list, err := Read(t.Context(), strings.NewReader(heading+"\r\n"), options(t))
		if !errors.Is(err, want) || err == nil && list.Lines != 0 {
			t.Errorf("%.40q: %v, want %v", heading, err, want)
		}
	}
	for text, line := range map[string]string{"87011234567\n": "line 1: ", "sep=;\n87011234567\n": "line 2: ", "sep=|\nvalue\n": "line 1: ", "value,value\n": "line 1: "} {
		if _, err := Read(t.Context(), strings.NewReader(text), options(t)); err == nil || !strings.HasPrefix(err.Error(), line) {
			t.Errorf("%q: %v, want %s", text, err, line)
		}
	}
	if _, err := Read(t.Context(), strings.NewReader("value\n87011234567\n\xcf\xf0\xe8\n"), options(t)); !errors.Is(err, ErrEncoding) || !strings.HasPrefix(err.Error(), "line 3:") {
		t.Errorf("Windows-1251 in line 3: %v", err)
	}
	if list := read(t, "comment,value,Операция,\nx,87011234567,y,\n"); !cmp.Equal(list.Unused, []string{"comment", "Операция"}) || len(list.Subjects) != 1 {
		t.Errorf("columns that are not read: %+v", list)
	}
}

func TestTheSameSubjectInSeveralLines(t *testing.T) {
	lines := []string{
		"87011234567;safe_account;2;20.11.2026",
		"8 701 123 45 67;loan;5;2026-11-01 14:00:00",
		"+77011234567;;9;",
		"8 702 123 45 67;;;",
		";;;",
	}
	want := []fraud.Listed{
		{Key: phone("+77011234567"), Reporters: 9, Day: uint32(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).Unix() / 86400), Scenario: 5},
		{Key: phone("+77021234567"), Reporters: 1},
	}
	if bytes.Compare(want[0].Key[:], want[1].Key[:]) > 0 {
		want[0], want[1] = want[1], want[0]
	}
	for range len(lines) {
		list := read(t, "value;scenario;reporters;last\r\n"+strings.Join(lines, "\r\n"))
		if diff := cmp.Diff(want, list.Subjects); diff != "" || list.Merged != 2 || list.Lines != 4 {
			t.Errorf("%d merged of %d: %s", list.Merged, list.Lines, diff)
		}
		lines = append(lines[1:], lines[0])
	}
}

// Line numbers and order hold over many blocks, whoever reads which.
func TestManyBlocks(t *testing.T) {
	var text strings.Builder
	text.WriteString("value\n")
	const n, every = 40_000, 1000
	for i := range n {
		if i%every == 0 {
			text.WriteString("nothing\n")
			continue
		}
		fmt.Fprintf(&text, "8 701 %07d\n", i)
	}
	list := read(t, text.String())
	if len(list.Subjects) != n-n/every || len(list.Bad) != n/every || list.Lines != n {
		t.Fatalf("%d subjects, %d bad lines, %d lines", len(list.Subjects), len(list.Bad), list.Lines)
	}
	for i, bad := range list.Bad {
		if bad != (Bad{Line: 2 + i*every, Reason: ReasonNothing}) {
			t.Errorf("bad line %+v", bad)
		}
	}
	if list.Sum != sha256.Sum256([]byte(text.String())) {
		t.Error("the sum is another file's")
	}
}

func TestAFileThatCannotBeRead(t *testing.T) {
	broken := errors.New("the disk fails")
	if _, err := Read(t.Context(), iotest.ErrReader(broken), options(t)); !errors.Is(err, broken) {
		t.Errorf("no heading: %v", err)
	}
	in := iotest.TimeoutReader(iotest.HalfReader(strings.NewReader("value\n" + strings.Repeat("87011234567\n", 1000))))
	if _, err := Read(t.Context(), in, options(t)); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("cut off: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o := options(t)
	o.Progress = func(int64) { cancel() }
	if _, err := Read(ctx, strings.NewReader("value\n"+strings.Repeat("87011234567\n", 1_000_000)), o); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// FuzzRead: nothing that is no list is the end of the program, and what is wrong is
// never told with the line itself.
func FuzzRead(f *testing.F) {
	f.Add([]byte("value\n87011234567\n"))
	f.Add([]byte("\ufeffkind;value;last\r\ncard;4400 4300 0000 1237;22.11.2026\r\n\"\r\n"))
	f.Add([]byte("kind,value\n\"phone\",\"8 701 \"\"123\"\" 45 67\",,,\n"))
	o := options(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := Read(t.Context(), bytes.NewReader(text), o)
		if err != nil {
			for _, known := range []error{ErrEncoding, ErrUTF16, ErrWorkbook, ErrSeparator, ErrHeading, ErrTwice, ErrColumns} {
				if errors.Is(err, known) {
					return
				}
			}
			t.Fatalf("an error of another sort: %v", err)
		}
		lines := bytes.Count(text, []byte("\n"))
		if list.Lines > lines || len(list.Subjects)+list.Merged+len(list.Bad) != list.Lines {
			t.Fatalf("%d lines make %d subjects, %d merged, %d bad, of %d", lines, len(list.Subjects), list.Merged, len(list.Bad), list.Lines)
		}
		for i, l := range list.Subjects {
			if l.Reporters < 1 || i > 0 && bytes.Compare(list.Subjects[i-1].Key[:], l.Key[:]) >= 0 {
				t.Fatalf("subject %d is out of order or without reporters", i)
			}
		}
	})
}
