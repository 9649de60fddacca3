package handlers

import (
	"strings"

	"saqbol/fraud"
	"saqbol/locales"
)

// block says what is known of one subject, beginning with the verdict's mark.
// Where one answer holds several, a block says what a subject shows about itself
// in fewer words.
func block(f finding, lang fraud.Lang, several bool) []locales.Msg {
	v, s := f.verdict, f.verdict.Standing
	out := []locales.Msg{locales.M("check.head", "Mark", v.Level.Mark(), "Subject", f.subject.Shown)}
	out = append(out, verdictLines(f, lang)...)
	if v.Level == fraud.LevelMistyped {
		return out
	}
	switch named := locales.M("scenario." + string(s.Top)); {
	case s.Reporters == 1 && s.Top != "":
		out = append(out, locales.M("check.scheme", "Scenario", named))
	case s.Reporters > 1 && s.Top != "":
		out = append(out, locales.M("check.top", "Scenario", named))
	}
	if s.Reporters > 0 && !s.Last.IsZero() {
		out = append(out, locales.M("check.last", "Day", locales.Day(s.Last)))
	}
	if s.Disputes > 0 && (v.Level == fraud.LevelReported || v.Level == fraud.LevelConfirmed) {
		out = append(out, locales.M("check.disputes").N(s.Disputes))
	}
	if v.Level != fraud.LevelOfficial {
		out = append(out, about(f.subject, several)...)
	}
	return out
}

// verdictLines is the verdict in words and how many people stand behind it.
func verdictLines(f finding, lang fraud.Lang) []locales.Msg {
	v, reporters := f.verdict, f.verdict.Standing.Reporters
	switch v.Level {
	case fraud.LevelReported:
		return []locales.Msg{locales.M("check.reported").N(reporters)}
	case fraud.LevelConfirmed:
		return withPeople(locales.M("check.confirmed"), reporters)
	case fraud.LevelImpossible:
		if f.slipped() {
			return []locales.Msg{locales.M("check.miscounted")}
		}
		return withPeople(locales.M("check.impossible"), reporters)
	case fraud.LevelOfficial:
		return officialLines(f, lang)
	case fraud.LevelMistyped:
		if f.subject.Kind == fraud.KindBadIBAN {
			return []locales.Msg{locales.M("check.badiban")}
		}
		return []locales.Msg{locales.M("check.badcard")}
	}
	return []locales.Msg{locales.M("check.none")}
}

func withPeople(verdict locales.Msg, reporters int) []locales.Msg {
	if reporters == 0 {
		return []locales.Msg{verdict}
	}
	return []locales.Msg{verdict, locales.M("check.people").N(reporters)}
}

func officialLines(f finding, lang fraud.Lang) []locales.Msg {
	v := f.verdict
	out := []locales.Msg{locales.M("check.official", "Name", v.Official.Names[lang])}
	switch {
	case v.Forged && v.Standing.Confirmed:
		out = append(out, locales.M("check.forged_confirmed"))
	case v.Forged:
		out = append(out, locales.M("check.forged").N(v.Standing.Reporters))
	}
	return out
}

// about is what a subject shows about itself: a country, an operator, a bank.
// All of it is a hint, none of it a proof.
func about(s fraud.Subject, several bool) []locales.Msg {
	one := func(key string, pairs ...any) []locales.Msg { return []locales.Msg{locales.M(key, pairs...)} }
	switch {
	case s.Kind == fraud.KindShort:
		return one("check.about.short")
	case s.Kind == fraud.KindCard && s.Hint != "":
		return one("check.about.card", "Network", s.Hint)
	case s.Kind == fraud.KindIBAN && s.Hint != "":
		return one("check.about.iban", "Bank", s.Hint)
	case s.Kind != fraud.KindPhone:
		return nil
	case s.Country == "KZ" && s.Hint != "" && several:
		return one("check.about.operator_short", "Operator", s.Hint)
	case s.Country == "KZ" && s.Hint != "":
		return one("check.about.operator", "Operator", s.Hint)
	case s.Country == "KZ":
		return one("check.about.kz")
	case shared(s):
		return one("check.about.shared")
	case named(s.Country):
		return one("check.about.country", "Country", locales.M("country."+s.Country))
	}
	return one("check.about.abroad")
}

// named tells which countries the catalogue names: those from which people in
// Kazakhstan are called and to which they have ties. Others are "another country".
func named(country string) bool {
	const countries = " AE AM AZ BY CN DE GB GE IN KG KR LT LV MD MN PK PL RU TJ TM TR UA US UZ "
	return country != "" && strings.Contains(countries, " "+country+" ")
}

// shared tells the numbers behind +7 that belong to no country: 8 800, 8 808 and
// 8 809 are dialled in Kazakhstan and in Russia alike.
func shared(s fraud.Subject) bool {
	return s.Kind == fraud.KindPhone && s.Country == "" && strings.HasPrefix(s.Value, "+7")
}

// foreign reports whether a phone number of another country is among findings.
func foreign(findings []finding) bool {
	for _, f := range findings {
		if f.subject.Kind == fraud.KindPhone && f.subject.Country != "KZ" && !shared(f.subject) && f.verdict.Level != fraud.LevelOfficial {
			return true
		}
	}
	return false
}

// next is the one next step, fitting the gravest verdict.
func next(findings []finding) locales.Msg {
	worst := gravest(findings)
	calls, pays := reportedWays(findings)
	switch level := worst.verdict.Level; {
	case calls && pays:
		return locales.M("check.next.scam_both")
	case (level == fraud.LevelConfirmed || level == fraud.LevelReported) && pays:
		return locales.M("check.next.scam_pay")
	case level == fraud.LevelConfirmed || level == fraud.LevelReported:
		return locales.M("check.next.scam_call")
	case worst.slipped():
		return locales.M("check.next.miscounted")
	case level == fraud.LevelImpossible:
		return locales.M("check.next.impossible")
	case level == fraud.LevelOfficial:
		return locales.M("check.next.official")
	case level == fraud.LevelMistyped:
		return locales.M("check.next.mistyped")
	case receives(worst):
		return locales.M("check.next.none_pay")
	}
	return locales.M("check.next.none_call")
}

// gravest is the finding that the next step must fit; of equals the first.
func gravest(findings []finding) finding {
	worst := findings[0]
	for _, f := range findings[1:] {
		if gravity(f) > gravity(worst) {
			worst = f
		}
	}
	return worst
}

// reportedWays reports whether among findings somebody calls who is reported or
// shows a number that can't exist and is no slip, and whether money goes where it is reported.
func reportedWays(findings []finding) (calls, pays bool) {
	for _, f := range findings {
		reported := f.verdict.Level == fraud.LevelConfirmed || f.verdict.Level == fraud.LevelReported
		pays = pays || reported && receives(f)
		calls = calls || !receives(f) && (reported || f.verdict.Level == fraud.LevelImpossible && !f.slipped())
	}
	return calls, pays
}

// receives tells what money is sent to from what people call from.
func receives(f finding) bool {
	return f.subject.Kind == fraud.KindCard || f.subject.Kind == fraud.KindIBAN
}

// gravity orders findings by how much harm the next minute may do.
func gravity(f finding) int {
	switch level := f.verdict.Level; {
	case level == fraud.LevelConfirmed:
		return 7
	case f.slipped():
		return 2
	case level == fraud.LevelImpossible:
		return 6
	case level == fraud.LevelReported:
		return 5
	case f.verdict.Forged:
		return 4
	case level == fraud.LevelOfficial:
		return 3
	case level == fraud.LevelNone:
		return 1
	}
	return 0
}
