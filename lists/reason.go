package lists

// Reason says what is wrong with a line. None repeats anything of the line.
type Reason uint8

// The reasons.
const (
	_ Reason = iota
	ReasonLong
	ReasonQuote
	ReasonFields
	ReasonEmpty
	ReasonKindUnknown
	ReasonKindOther
	ReasonNothing
	ReasonSeveral
	ReasonCardDigit
	ReasonIBANDigit
	ReasonSpreadsheet
	ReasonLink
	ReasonShort
	ReasonOfficial
	ReasonScenario
	ReasonReporters
	ReasonDate
	reasonEnd
)

// String says it in words.
func (r Reason) String() string {
	return [...]string{"",
		"the line is longer than 4096 bytes",
		"a quote is not closed, or stands in the middle of a field",
		"more fields than the heading names: put what holds a separator in quotes",
		"value is empty",
		"unknown kind: phone, short, impossible, card, iban, or empty",
		"value is of another kind than kind says",
		"value holds no phone number, card or account",
		"value holds several numbers: write a line for each",
		"the check digit of the card is wrong; spreadsheets keep 15 digits of a number: format the column as text",
		"the check digits of the account are wrong",
		"a spreadsheet has shortened the number (as in 8.7E+10): format the column as text and export again",
		"links can't be listed in this version",
		"a short number needs kind short",
		"an official or emergency number",
		"unknown scenario: docs/flows/import.md lists them",
		"reporters is no whole number from 1 to 100000",
		"last is no date like 2026-11-22 or 22.11.2026, or not one of the past",
	}[r]
}

// Bad is a line that can't be used.
type Bad struct {
	Line   int // from 1 on, the heading included
	Reason Reason
}
