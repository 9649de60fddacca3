package fraud

import "testing"

func TestJudge(t *testing.T) {
	bank := &Official{Number: "7111"}
	reported := Standing{Reporters: 3}
	confirmed := Standing{Reporters: 3, Confirmed: true}
	for _, tt := range []struct {
		name     string
		kind     Kind
		standing Standing
		official *Official
		level    Level
		mark     string
		forged   bool
	}{
		{"nobody reported it", KindPhone, Standing{}, nil, LevelNone, "⚪", false},
		{"reported", KindPhone, reported, nil, LevelReported, "🟠", false},
		{"one report", KindCard, Standing{Reporters: 1}, nil, LevelReported, "🟠", false},
		{"confirmed", KindIBAN, confirmed, nil, LevelConfirmed, "🔴", false},
		{"confirmed without reports", KindPhone, Standing{Confirmed: true}, nil, LevelConfirmed, "🔴", false},
		{"official", KindShort, Standing{}, bank, LevelOfficial, "🔵", false},
		{"official and reported", KindShort, reported, bank, LevelOfficial, "🔵", true},
		{"official and confirmed", KindShort, confirmed, bank, LevelOfficial, "🔵", true},
		{"disputes alone", KindPhone, Standing{Disputes: 9}, nil, LevelNone, "⚪", false},
		{"impossible", KindImpossible, Standing{}, nil, LevelImpossible, "⛔", false},
		{"impossible and reported", KindImpossible, reported, nil, LevelImpossible, "⛔", false},
		{"mistyped card", KindBadCard, Standing{}, nil, LevelMistyped, "⛔", false},
		{"mistyped account", KindBadIBAN, Standing{}, nil, LevelMistyped, "⛔", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := Judge(tt.kind, tt.standing, tt.official)
			if v.Level != tt.level || v.Level.Mark() != tt.mark || v.Forged != tt.forged {
				t.Errorf("Judge = level %d %s, forged %v; want level %d %s, forged %v", v.Level, v.Level.Mark(), v.Forged, tt.level, tt.mark, tt.forged)
			}
			if v.Standing != tt.standing {
				t.Errorf("the standing was lost: %+v", v.Standing)
			}
		})
	}
}

func TestReportable(t *testing.T) {
	for kind, want := range map[Kind]bool{
		KindPhone: true, KindShort: true, KindImpossible: true, KindCard: true, KindIBAN: true,
		KindBadCard: false, KindBadIBAN: false, "": false,
	} {
		if kind.Reportable() != want {
			t.Errorf("%q.Reportable() = %v", kind, !want)
		}
	}
}
