package handlers

import (
	"strconv"
	"strings"
	"unicode"
)

// amountResult says what became of a typed sum; but for amountFine it is the end
// of the key of what the person reads.
type amountResult string

const (
	amountFine     amountResult = ""
	amountUnclear  amountResult = "unclear"
	amountZero     amountResult = "zero"
	amountTooBig   amountResult = "too_big"
	amountCurrency amountResult = "currency" // not in tenge
)

// maxAmount bounds a loss: ten billion tenge is more than any one person lost.
const maxAmount = 10_000_000_000

// amountPart is a number and the word or sign after it.
var amountPart = pattern(`(\d+(?:[.,]\d+)*)\s*([\pL₸$€₽£]*)`)

// parseAmount reads a sum in whole tenge as people type it in Kazakh or Russian:
// "150 000", "150 тыс", "1,5 млн", "2 млн 600 мың теңге".
func parseAmount(text string) (int64, amountResult) {
	text = joinThousands(foldLetters(text))
	for _, sign := range []string{"$", "€", "₽", "£", "доллар", "бакс", "евро", "еуро", "рубл", "усд"} {
		if strings.Contains(text, sign) {
			return 0, amountCurrency
		}
	}
	parts := amountPart().FindAllStringSubmatch(text, -1)
	if len(parts) == 0 || strings.HasPrefix(text, "-") {
		return 0, amountUnclear
	}
	var sum, before int64
	for i, part := range parts {
		scale := scaleOf(part[2])
		if i > 0 && scale >= before {
			return 0, amountUnclear // "150000 тг 2 карты" may be anything
		}
		before = scale
		value, result := partValue(part[1], scale)
		if result != amountFine {
			return 0, result
		}
		if sum += value; sum > maxAmount {
			return 0, amountTooBig
		}
	}
	if sum == 0 {
		return 0, amountZero
	}
	return sum, amountFine
}

// joinThousands takes out what separates thousands but the dot and the comma,
// which may be decimal.
func joinThousands(text string) string {
	runes := []rune(strings.TrimSpace(text))
	var out strings.Builder
	for i, c := range runes {
		gap := c == ' ' || c == '\'' || c == '’' || c == '_'
		if gap && i > 0 && i+3 < len(runes) && unicode.IsDigit(runes[i-1]) && threeDigits(runes[i+1:]) {
			continue
		}
		out.WriteRune(c)
	}
	return out.String()
}

// threeDigits tells a group of thousands from a number of its own.
func threeDigits(runes []rune) bool {
	for i := range 3 {
		if !unicode.IsDigit(runes[i]) {
			return false
		}
	}
	return len(runes) == 3 || !unicode.IsDigit(runes[3])
}

// scaleOf is what the word after a number multiplies it by, in the spelling that
// foldLetters leaves.
func scaleOf(word string) int64 {
	switch {
	case hasHead(word, "млрд", "миллиард", "милиард"):
		return 1_000_000_000
	case hasHead(word, "млн", "миллион", "милион", "лям"):
		return 1_000_000
	case hasHead(word, "тис", "тищ") || word == "мин" || word == "минг" || word == "к" || word == "т" || word == "тк":
		return 1_000
	}
	return 1
}

// partValue reads "150.000", "1,5" or "1500" times the scale.
func partValue(number string, scale int64) (int64, amountResult) {
	groups := strings.FieldsFunc(number, func(c rune) bool { return c == '.' || c == ',' })
	last := groups[len(groups)-1]
	whole, fraction := strings.Join(groups, ""), ""
	// One separator before anything but three digits is decimal, and so is any
	// before a word: "1.500 млн". Two are thousands: "1.500.000".
	if len(groups) > 1 && (len(last) != 3 || scale > 1 && len(groups) == 2) {
		whole, fraction = strings.Join(groups[:len(groups)-1], ""), last
	}
	for _, g := range groups[1:max(1, len(groups)-1)] {
		if len(g) != 3 {
			return 0, amountUnclear
		}
	}
	if len(strings.TrimLeft(whole, "0")) > 11 {
		return 0, amountTooBig
	}
	value, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0, amountUnclear
	}
	if value > maxAmount/scale {
		return 0, amountTooBig
	}
	value *= scale
	for _, digit := range fraction {
		if scale /= 10; scale == 0 {
			break
		}
		value += int64(digit-'0') * scale
	}
	return value, amountFine
}
