package handlers

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestParseAmount(t *testing.T) {
	for text, want := range map[string]int64{
		"150000":             150_000,
		"150 000":            150_000,
		"150\u00a0000 ₸":     150_000,
		"150.000":            150_000,
		"150,000":            150_000,
		"150'000":            150_000,
		"1.500.000 тг":       1_500_000,
		"1,500,000.50":       1_500_000,
		"150 тыс":            150_000,
		"150тыс.":            150_000,
		"150 тысяч тенге":    150_000,
		"150 мың":            150_000,
		"150 мын":            150_000,
		"150 myń":            150_000,
		"150к":               150_000,
		"150k":               150_000,
		"150000 тг":          150_000,
		"2 600 000 теңге":    2_600_000,
		"1,5 млн":            1_500_000,
		"1.5 млн тенге":      1_500_000,
		"1,25 млн":           1_250_000,
		"1.500 млн":          1_500_000,
		"2 млн 600 тыс":      2_600_000,
		"2 миллион 600 мың":  2_600_000,
		"3 млн 50 000":       3_050_000,
		"1 млрд":             1_000_000_000,
		"10 млрд":            maxAmount,
		"1":                  1,
		"1500,75":            1500,
		"около 40 000 тенге": 40_000,
		"ақша: 40 000 тг":    40_000,
	} {
		if got, result := parseAmount(text); result != amountFine || got != want {
			t.Errorf("parseAmount(%q) = %d %q, want %d", text, got, result, want)
		}
	}
}

func TestParseAmountRefuses(t *testing.T) {
	for text, want := range map[string]amountResult{
		"":                      amountUnclear,
		"много":                 amountUnclear,
		"-500":                  amountUnclear,
		"150000 тг и 2 карты":   amountUnclear,
		"1.2.3":                 amountUnclear,
		"0":                     amountZero,
		"0,3":                   amountZero,
		"000 тг":                amountZero,
		"11 млрд":               amountTooBig,
		"99999999999999999999":  amountTooBig,
		"4400 4300 0000 1237":   amountUnclear,
		"10 млрд 1 тенге":       amountTooBig,
		"500 долларов":          amountCurrency,
		"$500":                  amountCurrency,
		"500 usd":               amountCurrency,
		"5000 рублей":           amountCurrency,
		"100 евро":              amountCurrency,
		"999999999999999999 мл": amountTooBig,
	} {
		if got, result := parseAmount(text); result != want || got != 0 {
			t.Errorf("parseAmount(%q) = %d %q, want %q", text, got, result, want)
		}
	}
}

// However thousands are set apart, the sum is the same.
func TestAmountHoweverWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Int64Range(1, maxAmount).Draw(t, "sum")
		gap := rapid.SampledFrom([]string{"", " ", "\u00a0", "'", "\u202f"}).Draw(t, "gap")
		unit := rapid.SampledFrom([]string{"", " тг", "тг", " теңге", " ₸", " tenge"}).Draw(t, "unit")
		digits := strconv.FormatInt(want, 10)
		text := ""
		for i, d := range digits {
			if i > 0 && (len(digits)-i)%3 == 0 {
				text += gap
			}
			text += string(d)
		}
		if got, result := parseAmount(text + unit); result != amountFine || got != want {
			t.Fatalf("parseAmount(%q) = %d %q, want %d", text+unit, got, result, want)
		}
	})
}

func FuzzParseAmount(f *testing.F) {
	for _, seed := range []string{"150 000", "1,5 млн", "2 млн 600 тыс", "$5", "1.2.3", "9999999999999 млрд", "0,000001", "''1 000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, result := parseAmount(text)
		if result == amountFine && (got < 1 || got > maxAmount) || result != amountFine && got != 0 {
			t.Errorf("parseAmount(%q) = %d %q, out of bounds", text, got, result)
		}
	})
}
