package recognize

import (
	"strings"
	"testing"
)

// TestShown holds the forms that people read.
func TestShown(t *testing.T) {
	r := newRecogniser(t)
	for _, c := range []struct{ input, shown, hint string }{
		{"87011234567", "+7 701 123 45 67", "Kcell / activ"},
		{"8 7172 55 12 34", "+7 7172 55 12 34", ""},
		{"87172707070", "+7 7172 70 70 70", ""},
		{"+77272500000", "+7 727 250 00 00", ""},
		{"+77103641234", "+7 71036 4 12 34", ""},
		{"87104112345", "+7 710 411 23 45", ""}, // a district the library does not divide
		{"+998901234567", "+998 90 123 45 67", ""},
		{"+7 703 1234567", "+7 703 123 45 67", ""},
		{"+770112345", "+7 701 123 45", ""},
		{"+7701123456", "+7 701 123 45 6", ""},
		{"+7 701 123 45 678", "+7 701 123 45 678", ""},
		{"+7701123456789", "+7701123456789", ""},
		{"+999123456789", "+999123456789", ""},
		{"4400430000001237", "4400 43•• •••• 1237", "Visa"},
		{"5169-0000-0000-4560", "5169 00•• •••• 4560", "Mastercard"},
		{"2200 7000 0000 7897", "2200 70•• •••• 7897", "Mir"},
		{"6200000000000005", "6200 00•• •••• 0005", "UnionPay"},
		{"378282246310005", "3782 82•••• •0005", "American Express"},
		{"4222222222222", "4222 22•• •222 2", "Visa"},
		{"6011 1111 1111 1117", "6011 11•• •••• 1117", ""},
		{"4111 1111 1111 1112", "4111 11•• •••• 1112", "Visa"},
		{"KZ86125KZT5004100100", "KZ86 125K ZT50 0410 0100", ""},
		{"KZ84722C000012345678", "KZ84 722C 0000 1234 5678", "Kaspi Bank"},
		{"102", "102", ""},
	} {
		found := r.Find(c.input)
		if len(found) != 1 || found[0].Shown != c.shown || found[0].Hint != c.hint {
			t.Errorf("Find(%q) = %+v, want shown %q and hint %q", c.input, found, c.shown, c.hint)
		}
	}
}

// TestShownHidesCards: no form that people read holds a whole card number.
func TestShownHidesCards(t *testing.T) {
	r := newRecogniser(t)
	for _, card := range []string{"4400430000001237", "378282246310005", "4222222222222", "4111 1111 1111 1112"} {
		for _, s := range r.Find(card) {
			bare := strings.NewReplacer(" ", "", "•", "").Replace(s.Shown)
			if len(bare) != 10 {
				t.Errorf("%q shows %d digits, want 10", s.Shown, len(bare))
			}
		}
	}
}
