package recognize

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"saqbol/fraud"
)

// scraps are what texts are made of in the properties: words, numbers and signs
// that rules look at.
func scraps() []string {
	return []string{"8", "7", "+7", "+", "701", "123", "45", "67", "87011234567", "+77011234567", "7011234567", "4400 4300 0000 1237",
		"4400430000001237", "5169", "0000", "4560", "1414", "102", "7111", "KZ86125KZT5004100100", "KZ86", "125K", "ZT50", "0410", "0100",
		"код", "cvv", "пароль", "құпиясөз", "qwerty1", "4821", "123-456", "тенге", "₸", "звонили", "с", "нөмірінен", "қоңырау",
		"и", "және", "№", "заказ", "ИИН", "990101300123", "12.05.2026", "18:30", "1.2.3.4", "150 000", "810", "00", "998", "+998 90 123 45 67",
		"О", "o", "\u200b", "\u202a", "\u00a0", "\n", ", ", "/", "-", "–", ".", " ", " ", " ", "(", ")", ":", "wa.me/", "https://", "•••• 1237", "٨", "８", "7️⃣", "🙂", "\xff"}
}

func text(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(scraps()), 0, 24).Draw(t, "scraps"), rapid.SampledFrom([]string{"", " "}).Draw(t, "joint"))
}

// withCheckDigit makes a number of the given beginning and length for which Luhn holds.
func withCheckDigit(t *rapid.T, beginning string, length int) string {
	digits := []byte(beginning)
	for len(digits) < length-1 {
		digits = append(digits, byte('0'+rapid.IntRange(0, 9).Draw(t, "digit")))
	}
	for check := byte('0'); check <= '9'; check++ {
		if luhn(append(digits, check)) {
			return string(append(digits, check))
		}
	}
	t.Fatal("no check digit holds")
	return ""
}

// TestFindHoldsTogether: order, uniqueness, and that every value and every shown
// form is recognised as the same subject.
func TestFindHoldsTogether(t *testing.T) {
	r := newRecogniser(t)
	rapid.Check(t, func(t *rapid.T) {
		input := text(t)
		seen := map[string]bool{}
		for _, s := range r.Find(input) {
			key := string(s.Kind) + s.Value
			if seen[key] {
				t.Fatalf("%s stands twice in Find(%q)", key, input)
			}
			seen[key] = true
			same(t, r, s, input)
		}
	})
}

// same fails unless the value and the shown form of a subject give the subject.
func same(t *rapid.T, r *Recogniser, s fraud.Subject, input string) {
	forms := []string{s.Value}
	switch s.Kind {
	case fraud.KindBadCard: // a wrong number is asked of only where it is grouped
		var grouped []string
		for at := 0; at < len(s.Value); at += 4 {
			grouped = append(grouped, s.Value[at:min(at+4, len(s.Value))])
		}
		forms = []string{strings.Join(grouped, " ")}
		if len(s.Value) == 15 && s.Value[0] == '3' {
			return
		}
	case fraud.KindCard:
		if s.Hint == "" {
			return // of unknown networks only grouped numbers count
		}
	default:
		forms = append(forms, s.Shown)
	}
	for _, form := range forms {
		if again := r.Find(form); len(again) != 1 || again[0] != s {
			t.Fatalf("Find(%q) gave %+v in %q but %+v alone", form, s, input, again)
		}
	}
}

// TestLandlineShown: the form in which a fixed line is shown is read as the same
// number, whatever the town.
func TestLandlineShown(t *testing.T) {
	r := newRecogniser(t)
	rapid.Check(t, func(t *rapid.T) {
		number := "+77" + rapid.StringMatching(`[12][0-9]{8}`).Draw(t, "number")
		for _, s := range r.Find(number) {
			same(t, r, s, number)
		}
	})
}

// TestPhoneAmongWords: a number is found whatever ordinary words surround it
// and however it is grouped.
func TestPhoneAmongWords(t *testing.T) {
	r := newRecogniser(t)
	words := []string{"маған", "звонили", "с", "номера", "нөмірінен", "банк", "сказали", "что", "карта", "қоңырау шалды", "they", "called",
		"from", "please", "check", "срочно", "ақша", "және", "и", "это", "кто?", "!!!", "«Halyk»", "👍", "бұл", "алаяқ"}
	forms := []string{"8%s%s%s%s", "+7%s%s%s%s", "8 %s %s %s %s", "+7 (%s) %s-%s-%s", "8(%s)%s%s%s", "+7-%s-%s-%s-%s", "8.%s.%s.%s.%s", "7%s%s%s%s",
		"8\u00a0%s\u2009%s–%s–%s", "\u202a+7 %s %s %s %s\u202c"}
	rapid.Check(t, func(t *rapid.T) {
		prefix := rapid.SampledFrom([]string{"700", "701", "702", "705", "707", "747", "771", "775", "777", "778", "916", "495"}).Draw(t, "prefix")
		rest := rapid.StringMatching(`[0-9]{7}`).Draw(t, "rest")
		form := fmt.Sprintf(rapid.SampledFrom(forms).Draw(t, "form"), prefix, rest[:3], rest[3:5], rest[5:])
		around := rapid.SliceOfN(rapid.SampledFrom(words), 0, 5)
		input := strings.Join(append(append(around.Draw(t, "before"), form), around.Draw(t, "after")...), " ")
		if got := listed(r.Find(input)); got != "phone:+7"+prefix+rest {
			t.Fatalf("Find(%q) = %q", input, got)
		}
		if masked, found := r.Redact(input); found {
			t.Fatalf("Redact(%q) = %q", input, masked)
		}
	})
}

// TestCardBesidePhone: neither takes digits of the other.
func TestCardBesidePhone(t *testing.T) {
	r := newRecogniser(t)
	rapid.Check(t, func(t *rapid.T) {
		card := withCheckDigit(t, rapid.SampledFrom([]string{"4400", "5169", "2202"}).Draw(t, "network"), 16)
		phone := "7" + rapid.SampledFrom([]string{"701", "777", "705"}).Draw(t, "prefix") + rapid.StringMatching(`[0-9]{7}`).Draw(t, "rest")
		cards := []string{card, card[:4] + " " + card[4:8] + " " + card[8:12] + " " + card[12:]}
		phones := []string{"8" + phone[1:], "+" + phone, "8 " + phone[1:4] + " " + phone[4:7] + " " + phone[7:9] + " " + phone[9:]}
		first := rapid.SampledFrom(cards).Draw(t, "card")
		second := rapid.SampledFrom(phones).Draw(t, "phone")
		joint := rapid.SampledFrom([]string{" ", "\n", ", ", " / ", "; ", " тел "}).Draw(t, "joint")
		expected := "card:" + card + " phone:+" + phone
		if rapid.Bool().Draw(t, "phone first") {
			first, second, expected = second, first, "phone:+"+phone+" card:"+card
		}
		if got := listed(r.Find(first + joint + second)); got != expected {
			t.Fatalf("Find(%q) = %q, want %q", first+joint+second, got, expected)
		}
	})
}

// TestRedactHidesEveryCard: no card number comes through, however it is split
// and in whatever digits.
func TestRedactHidesEveryCard(t *testing.T) {
	r := newRecogniser(t)
	joints := []string{"", "", "", " ", "-", ".", "/", "_", "\n", "\r\n", "  ", "\u200b", "\u00a0", "–", " - ", "\u202e", ",", "*", "|", "\u2060"}
	scripts := []rune{'0', '٠', '۰', '０', '०', '𝟎'}
	rapid.Check(t, func(t *rapid.T) {
		// 810 is the way abroad: what begins so may be a telephone number.
		card := withCheckDigit(t, rapid.StringMatching(`[1-79]`).Draw(t, "first"), rapid.IntRange(shortestCard, longestCard).Draw(t, "length"))
		var split strings.Builder
		for i, d := range card {
			if i > 0 {
				split.WriteString(rapid.SampledFrom(joints).Draw(t, "joint"))
			}
			split.WriteRune(rapid.SampledFrom(scripts).Draw(t, "script") + d - '0')
		}
		input := rapid.SampledFrom([]string{"", "карта ", "моя карта: ", "картаның нөмірі ", "x"}).Draw(t, "before") + split.String() +
			rapid.SampledFrom([]string{"", " срок", "\nәрі қарай", "!"}).Draw(t, "after")
		masked, found := r.Redact(input)
		if !found || strings.Contains(plainDigits(masked), card) {
			t.Fatalf("Redact(%q) = %q, %v; the card %s comes through", input, masked, found, card)
		}
	})
}

// plainDigits leaves only the digits of a text, in ASCII.
func plainDigits(text string) string {
	var out strings.Builder
	for _, s := range normalise(text) {
		if s.kind == symbolDigit {
			out.WriteRune(s.r)
		}
	}
	return out.String()
}

// TestRedactTwice: masking a masked text changes nothing, and keeps valid UTF-8 valid.
func TestRedactTwice(t *testing.T) {
	r := newRecogniser(t)
	rapid.Check(t, func(t *rapid.T) { redactHolds(t, r, text(t)) })
}

func redactHolds(t interface{ Fatalf(string, ...any) }, r *Recogniser, input string) {
	masked, found := r.Redact(input)
	if again, more := r.Redact(masked); more || again != masked {
		t.Fatalf("Redact(%q) = %q, and again %q", input, masked, again)
	}
	if found == (masked == input) {
		t.Fatalf("Redact(%q) = %q says %v", input, masked, found)
	}
	if utf8.ValidString(input) && !utf8.ValidString(masked) {
		t.Fatalf("Redact(%q) = %q is no UTF-8", input, masked)
	}
	for _, s := range r.Find(masked) {
		if s.Kind == fraud.KindCard {
			t.Fatalf("Redact(%q) = %q holds the card %s", input, masked, s.Value)
		}
	}
}

func FuzzFind(f *testing.F) {
	for input := range cases(f, "testdata/recognize.tsv") {
		f.Add(input)
	}
	for input := range cases(f, "testdata/more.tsv") {
		f.Add(input)
	}
	r := newRecogniser(f)
	f.Fuzz(func(t *testing.T, input string) {
		seen := map[string]bool{}
		for _, s := range r.Find(input) {
			if s.Value == "" || s.Shown == "" || seen[string(s.Kind)+s.Value] {
				t.Fatalf("Find(%q) holds %+v", input, s)
			}
			seen[string(s.Kind)+s.Value] = true
			if s.Kind == fraud.KindCard && !luhn([]byte(s.Value)) {
				t.Fatalf("Find(%q) holds the card %s", input, s.Value)
			}
			if s.Kind == fraud.KindPhone || s.Kind == fraud.KindImpossible {
				if again := r.Find(s.Value); len(again) != 1 || again[0] != s {
					t.Fatalf("Find(%q) holds %+v, Find(%q) %+v", input, s, s.Value, again)
				}
			}
		}
	})
}

func FuzzRedact(f *testing.F) {
	for input := range cases(f, "testdata/recognize.tsv") {
		f.Add(input)
	}
	for _, scrap := range scraps() {
		f.Add("код " + scrap + " 4400430000001237 " + scrap)
	}
	r := newRecogniser(f)
	f.Fuzz(func(t *testing.T, input string) { redactHolds(t, r, input) })
}
