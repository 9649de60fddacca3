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
		if got := clues.resembles(text); got != want {
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
	if lines != len(clues.scenarios) {
		t.Errorf("%d of %d lines are read", len(clues.scenarios), lines)
	}
	hints := map[fraud.Scenario]int{}
	for _, list := range clues.byHead {
		for _, c := range list {
			hints[clues.scenarios[c.scenario]]++
			if got := clues.resembles("а " + c.words); got == "" {
				t.Errorf("%q is not found in itself", c.words)
			}
		}
	}
	for _, s := range tipScenarios() {
		if hints[s] == 0 {
			t.Errorf("nothing hints at %s", s)
		}
	}
	for s := range hints {
		if !slices.Contains(tipScenarios(), s) {
			t.Errorf("%q is no scenario with a tip", s)
		}
	}
}

func FuzzResembles(f *testing.F) {
	clues := readClues(cluesTSV)
	f.Add("Қауіпсіз шот, SMS-код 1234")
	f.Add("\xff\x00İ")
	f.Fuzz(func(t *testing.T, text string) {
		if got := clues.resembles(text); got != "" && !slices.Contains(tipScenarios(), got) {
			t.Errorf("%q resembles %q", text, got)
		}
	})
}
