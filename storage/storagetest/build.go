package storagetest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"time"

	"saqbol/fraud"
)

// Now is the moment at which tests happen unless they say otherwise.
func Now() time.Time { return time.Date(2026, time.November, 22, 9, 30, 0, 0, time.UTC) }

// Phone is the n-th of a row of made-up phone numbers.
func Phone(n int) fraud.Ref {
	value := fmt.Sprintf("+7700%07d", n)
	return fraud.Ref{Kind: fraud.KindPhone, Key: hash(value), Value: value,
		Shown: value[:2] + " " + value[2:5] + " " + value[5:8] + " " + value[8:10] + " " + value[10:]}
}

// Card is the n-th of a row of made-up cards.
func Card(n int) fraud.Ref {
	value := fmt.Sprintf("%04d", n%10000)
	return fraud.Ref{Kind: fraud.KindCard, Key: hash(fmt.Sprint("card", n)), Value: value, Shown: "•••• " + value}
}

// hash stands in for the keyed hash; a store takes a Ref's key as it comes.
func hash(value string) fraud.Key {
	sum := sha256.Sum256([]byte(value))
	return fraud.Key(sum[:16])
}

// Code is the n-th of a row of report codes.
func Code(n int) string {
	sum := sha256.Sum256(fmt.Append(nil, "code", n))
	code, err := fraud.NewCode(bytes.NewReader(sum[:]))
	if err != nil {
		panic(err) // a reader of 32 bytes has five
	}
	return code
}

// Report is a report with every answer given, filed at Now.
func Report(code string, subjects ...fraud.Ref) *fraud.Report {
	return &fraud.Report{
		Code: code, Subjects: subjects, Status: fraud.StatusReceived, Created: Now(), Updated: Now(),
		Details: fraud.Details{
			Channel: fraud.ChannelCall, Claim: fraud.ClaimBank, Scenario: fraud.ScenarioSafeAccount, Voice: fraud.VoicePerson,
			When: Now().Add(-2 * time.Hour).Truncate(time.Hour), Loss: fraud.LossMoney, Amount: 150_000,
			Words: "Банктің қауіпсіздік қызметі деді. Сказали перевести на «безопасный счёт».",
			Files: []fraud.File{{Kind: "photo", ID: "AgACAgIAAxkBAAIBY2"}, {Kind: "voice", ID: "AwACAgIAAxkBAAIBZG"}},
		},
	}
}

// About is a short report: a scenario, a time and nothing else.
func About(code string, scenario fraud.Scenario, at time.Time, subjects ...fraud.Ref) *fraud.Report {
	return &fraud.Report{Code: code, Subjects: subjects, Status: fraud.StatusReceived, Created: at, Updated: at,
		Details: fraud.Details{Scenario: scenario}}
}
