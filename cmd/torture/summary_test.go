package main

import (
	"strings"
	"testing"

	"saqbol/fraud"
	"saqbol/locales"
)

// TestSummary: what the program's page shows is read back, in both languages.
func TestSummary(t *testing.T) {
	catalogue, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	page := func(lang fraud.Lang, d fraud.Details) string {
		said := func(question, choice string) locales.Msg {
			value := locales.M("report.unsaid")
			if choice != "" {
				value = locales.M(question + "." + choice)
			}
			if question == "loss" && d.Amount > 0 {
				value = locales.M("report.sum.amount", "Amount", locales.Money(d.Amount))
			}
			return locales.M("report.sum."+question, "Value", value)
		}
		return catalogue.Plain(lang, locales.M("report.summary")) + "\n" + catalogue.Plain(lang,
			said("channel", string(d.Channel)), said("claim", string(d.Claim)), said("scenario", string(d.Scenario)),
			said("voice", string(d.Voice)), said("loss", string(d.Loss)))
	}
	for _, lang := range locales.Langs() {
		for _, want := range []fraud.Details{
			{},
			{Channel: fraud.ChannelSMS, Claim: fraud.ClaimBank, Scenario: fraud.Scenarios()[0], Voice: fraud.VoiceNone, Loss: fraud.LossData},
			{Channel: fraud.ChannelCall, Loss: fraud.LossMoney},
			{Channel: fraud.ChannelCall, Loss: fraud.LossMoney, Amount: 150_000},
		} {
			got, err := readSummary(catalogue, page(lang, want)).details(150_000)
			if err != nil {
				t.Errorf("%s: %v", lang, err)
			}
			if got.Channel != want.Channel || got.Claim != want.Claim || got.Scenario != want.Scenario || got.Voice != want.Voice ||
				got.Loss != want.Loss || got.Amount != want.Amount {
				t.Errorf("%s: the page of %+v reads as %+v", lang, want, got)
			}
		}
	}
	text := page(fraud.Russian, fraud.Details{Channel: fraud.ChannelSMS})
	w := &writing{form: form{draft: "AAAABBBB", text: text}, answers: map[string]string{"channel": "call"}}
	if _, err := w.meant(catalogue); err == nil || !strings.Contains(err.Error(), "its person said") {
		t.Errorf("a page with another answer than was given passes: %v", err)
	}
	w.turned = true
	if meant, err := w.meant(catalogue); err != nil || meant.Channel != fraud.ChannelSMS {
		t.Errorf("who went back once means %+v, %v", meant, err)
	}
}
