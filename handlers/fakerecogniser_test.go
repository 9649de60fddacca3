package handlers

import (
	"regexp"
	"strings"
	"testing"

	"saqbol/fraud"
)

// fakeRecogniser knows the few forms that these tests use, so that they say what
// the conversations do with subjects and not how subjects are found.
type fakeRecogniser struct{}

func testRecogniser(*testing.T) Recogniser { return fakeRecogniser{} }

var (
	fakeSubject = regexp.MustCompile(`\+?\d[\d ()-]{8,22}\d|\b(?:102|1414|7111|3131)\b|KZ\d{2}[0-9A-Z]{16}`)
	fakeSecret  = regexp.MustCompile(`(?i)(код|cvv|пароль|құпиясөз)\S*\s+\d{3,6}`)
	fakeNoise   = strings.NewReplacer(" ", "", "(", "", ")", "", "-", "")
)

func (fakeRecogniser) Find(text string) []fraud.Subject {
	var out []fraud.Subject
	seen := map[string]bool{}
	for _, found := range fakeSubject.FindAllString(text, -1) {
		s, ok := fakeParse(fakeNoise.Replace(found))
		if ok && !seen[s.Value] {
			seen[s.Value] = true
			out = append(out, s)
		}
	}
	return out
}

func fakeParse(v string) (fraud.Subject, bool) {
	switch {
	case strings.HasPrefix(v, "KZ"):
		s := fraud.Subject{Kind: fraud.KindIBAN, Value: v, Shown: v, Hint: "Kaspi Bank"}
		if strings.HasSuffix(v, "1") {
			s.Kind, s.Hint = fraud.KindBadIBAN, ""
		}
		return s, true
	case len(v) == 16:
		s := fraud.Subject{Kind: fraud.KindCard, Value: v, Shown: v[:4] + " " + v[4:6] + "•• •••• " + v[12:], Hint: "Visa"}
		if strings.HasSuffix(v, "12") {
			s.Kind, s.Hint = fraud.KindBadCard, ""
		}
		return s, true
	case len(v) < 5:
		return fraud.Subject{Kind: fraud.KindShort, Value: v, Shown: v}, true
	}
	return fakePhone(strings.TrimPrefix(v, "+"))
}

func fakePhone(digits string) (fraud.Subject, bool) {
	if len(digits) == 11 && digits[0] == '8' {
		digits = "7" + digits[1:]
	}
	if len(digits) < 11 || len(digits) > 12 {
		return fraud.Subject{}, false
	}
	s := fraud.Subject{Kind: fraud.KindPhone, Value: "+" + digits, Shown: "+" + digits, Country: "UZ"}
	if digits[0] == '7' {
		s.Shown = "+7 " + digits[1:4] + " " + digits[4:7] + " " + digits[7:9] + " " + digits[9:]
		s.Country, s.Hint = "KZ", "Kcell / activ"
		if digits[1] == '9' {
			s.Country, s.Hint = "RU", ""
		}
		if strings.HasPrefix(digits, "7703") {
			s.Kind, s.Country, s.Hint = fraud.KindImpossible, "", ""
		}
	}
	return s, true
}

func (fakeRecogniser) Redact(text string) (string, bool) {
	masked := fakeSecret.ReplaceAllString(text, "••••")
	for _, s := range (fakeRecogniser{}).Find(text) {
		if s.Kind == fraud.KindCard {
			return masked, true
		}
	}
	return masked, masked != text
}
