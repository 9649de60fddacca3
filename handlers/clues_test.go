package handlers

import (
	"slices"
	"strings"
	"testing"

	"saqbol/fraud"
)

func TestResembles(t *testing.T) {
	clues := readClues(cluesTSV)
	for text, want := range map[string]fraud.Scenario{
		"Служба безопасности банка просит перевести на безопасный счёт": fraud.ScenarioSafeAccount,
		"Банктің қауіпсіздік қызметі «қауіпсіз шот» дейді":              fraud.ScenarioSafeAccount,
		"кауипсиз шот туралы айтты":                                     fraud.ScenarioSafeAccount,
		"qauipsiz shotqa audar deidi": fraud.ScenarioSafeAccount,
		"просят назвать КОД ИЗ SMS":   fraud.ScenarioCode,
		"SMS-кодты сұрап жатыр":       fraud.ScenarioCode,
		"установите AnyDesk":          fraud.ScenarioRemoteControl,
		"балаға дауыс беріңізші":      fraud.ScenarioVote,
		"домофонды ауыстырамыз":       fraud.ScenarioIntercom,
		"сдать карту в аренду":        fraud.ScenarioDropper,
		"Сәлем! Қалайсың?":            "",
		"Когда приедешь?":             "",
		"":                            "",
		"87011234567":                 "",
	} {
		if got := resembles(clues, text); got != want {
			t.Errorf("%q resembles %q, want %q", text, got, want)
		}
	}
}

func TestClueTableIsWhole(t *testing.T) {
	clues := readClues(cluesTSV)
	lines := 0
	for line := range strings.Lines(cluesTSV) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines++
		}
	}
	if lines != len(clues) {
		t.Errorf("%d of %d lines are read", len(clues), lines)
	}
	seen := map[fraud.Scenario]bool{}
	for _, c := range clues {
		if !slices.Contains(tipScenarios(), c.scenario) || seen[c.scenario] {
			t.Errorf("%q is no scenario with a tip, or stands twice", c.scenario)
		}
		seen[c.scenario] = true
		for _, word := range c.words {
			if len([]rune(word)) < 3 {
				t.Errorf("%s: %q is too short to mean anything", c.scenario, word)
			}
			if got := resembles(clues, word); got == "" {
				t.Errorf("%s: %q is not found in itself", c.scenario, word)
			}
		}
	}
}

func FuzzResembles(f *testing.F) {
	clues := readClues(cluesTSV)
	f.Add("Қауіпсіз шот, SMS-код 1234")
	f.Add("\xff\x00İ")
	f.Fuzz(func(t *testing.T, text string) {
		if got := resembles(clues, text); got != "" && !slices.Contains(tipScenarios(), got) {
			t.Errorf("%q resembles %q", text, got)
		}
	})
}
