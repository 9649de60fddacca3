package fraud

import "testing"

func TestLimits(t *testing.T) {
	l := Limits{ChecksPerDay: 100, ChecksAll: 1000, ChecksShare: 25, ReportsPerDay: 10, ReportsAll: 50, ReportsShare: 3}
	for _, tt := range []struct {
		name           string
		limits         Limits
		mine, all      Usage
		checks, report Excess
	}{
		{"a first question", l, Usage{}, Usage{}, ExcessNone, ExcessNone},
		{"the last that is allowed", l, Usage{Checks: 99, Reports: 9}, Usage{}, ExcessNone, ExcessNone},
		{"one more", l, Usage{Checks: 100, Reports: 10}, Usage{}, ExcessDay, ExcessDay},
		{"a busy day, a newcomer", l, Usage{}, Usage{Checks: 5000, Reports: 500}, ExcessNone, ExcessNone},
		{"a busy day, less than a share", l, Usage{Checks: 24, Reports: 2}, Usage{Checks: 1000, Reports: 50}, ExcessNone, ExcessNone},
		{"a busy day, a share", l, Usage{Checks: 25, Reports: 3}, Usage{Checks: 1000, Reports: 50}, ExcessBusy, ExcessBusy},
		{"almost a busy day", l, Usage{Checks: 25, Reports: 3}, Usage{Checks: 999, Reports: 49}, ExcessNone, ExcessNone},
		{"erased: one report is left", l, Usage{Erasures: 1}, Usage{}, ExcessNone, ExcessNone},
		{"erased, and that one is filed", l, Usage{Erasures: 1, Reports: 1}, Usage{}, ExcessNone, ExcessErased},
		{"erased twice, nothing filed", l, Usage{Erasures: 2}, Usage{}, ExcessNone, ExcessNone},
		{"erased twice, one filed", l, Usage{Erasures: 2, Reports: 1}, Usage{}, ExcessNone, ExcessErased},
		{"erased on a busy day, nothing filed", l, Usage{Erasures: 1}, Usage{Reports: 50}, ExcessNone, ExcessNone},
		{"no limits", Limits{}, Usage{Checks: 1e6, Reports: 1e6, Erasures: 5}, Usage{Checks: 1e9, Reports: 1e9}, ExcessNone, ExcessNone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.limits.Check(tt.mine, tt.all); got != tt.checks {
				t.Errorf("a check: %q, want %q", got, tt.checks)
			}
			if got := tt.limits.Report(tt.mine, tt.all); got != tt.report {
				t.Errorf("a report: %q, want %q", got, tt.report)
			}
		})
	}
}

// Whoever uses SaqBol for themselves or for a family stays far from the limits.
func TestDefaultLimitsFitHonestUse(t *testing.T) {
	l := DefaultLimits()
	if l.ChecksPerHour < 2*20 || l.ChecksPerDay < 2*50 || l.ReportsPerDay < 2*4 {
		t.Errorf("%+v leaves less than twice what honest people need: 20 an hour, 50 a day, 4 reports", l)
	}
	if l.ChecksShare < 50 || l.ReportsShare < 2 {
		t.Errorf("%+v: on a busy day somebody frightened is turned away", l)
	}
}
