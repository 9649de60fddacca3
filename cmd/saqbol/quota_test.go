package main

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"saqbol/fraud"
)

func TestQuotaSettings(t *testing.T) {
	c, err := readConfig(environment{})
	if err != nil || c.quotas != fraud.DefaultLimits() {
		t.Errorf("without settings: %+v, %v", c.quotas, err)
	}
	env := environment{}
	for i, setting := range quotaSettings(&fraud.Limits{}) {
		env[setting.name] = strings.Repeat("1", i+1)
	}
	c, err = readConfig(env)
	want := fraud.Limits{ChecksPerHour: 1, ChecksPerDay: 11, ChecksAll: 111, ChecksShare: 1111, ReportsPerDay: 11111, ReportsAll: 111111, ReportsShare: 1111111}
	if err != nil || c.quotas != want {
		t.Errorf("%+v, %v; want %+v", c.quotas, err, want)
	}
	if c, err := readConfig(environment{"SAQBOL_CHECKS_PER_HOUR": "0"}); err != nil || c.quotas.ChecksPerHour != 0 {
		t.Errorf("no limit: %+v, %v", c.quotas, err)
	}
}

// The documents name every setting with the default that holds.
func TestQuotaSettingsAreDocumented(t *testing.T) {
	limits := fraud.DefaultLimits()
	for _, file := range []string{"../../README.md", "../../.env.example"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, setting := range quotaSettings(&limits) {
			if !strings.Contains(string(text), setting.name) {
				t.Errorf("%s does not name %s", file, setting.name)
			}
			if line := "#" + setting.name + "=" + strconv.Itoa(*setting.into) + "\n"; strings.HasSuffix(file, "example") && !strings.Contains(string(text), line) {
				t.Errorf("%s lacks the line %q", file, line)
			}
		}
	}
}
