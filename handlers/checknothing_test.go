package handlers

import (
	"strings"
	"testing"

	"saqbol/fraud"
)

func TestCriesForHelpAreAnsweredWithCareFirst(t *testing.T) {
	for _, text := range []string{
		"что делать если отдал код", "маған банктен қоңырау шалды", "pul jiberip qoidym komektesinizder", "kod aityp qoidym",
		"көмектесіңіз", "комектесиниздер", "помогите", "перевела деньги мошенникам", "Перевёл деньги!", "ПОМОГИТЕ ПОЖАЛУЙСТА",
		"кодты айтып койдым", "ақша аударып қойдым", "aqshamdy alyp ketti", "меня обманули", "не істеймін", "мне звонят из банка",
		"помогите http://kaspi-bonus.xyz", "назвал код 4821",
	} {
		for _, code := range []string{"kk", "ru"} {
			c := newChat(t, code)
			reply := c.say(text)
			got := keys(reply)
			if !strings.HasPrefix(got, "check.care ") || strings.Contains(got, "check.nothing") || !strings.HasSuffix(got, "check.next.care") {
				t.Errorf("%q answers %q", text, got)
			}
			if len(reply.Messages[0].Buttons) == 0 || reply.Messages[0].Buttons[0][0].Data != "now:" {
				t.Errorf("%q: the first button is not what to do now:\n%s", text, c.read(reply))
			}
			if said := c.read(reply); !strings.Contains(said, "/report") || !strings.Contains(said, "102") {
				t.Errorf("%q does not lead on:\n%s", text, said)
			}
		}
	}
}

// TestLifeComesFirst: somebody who does not want to live on reads that first,
// wherever they write it.
func TestLifeComesFirst(t *testing.T) {
	for text, want := range map[string]string{
		"не хочу жить":                          "check.life check.care check.next.care",
		"өлгім келеді":                          "check.life check.care check.next.care",
		"не хочу жить, звонили с 8 701 1234567": "check.life check.care",
	} {
		if got := keys(newChat(t, "ru").say(text)); !strings.HasSuffix(got, want) {
			t.Errorf("%q answers %q, want %q", text, got, want)
		}
	}
	c := newChat(t, "kk")
	c.say("/report")
	if got := keys(c.say("өмір сүргім келмейді")); !strings.HasPrefix(got, "check.life check.care") {
		t.Errorf("inside a report: %q", got)
	}
}

func TestCareIsTheNextStepWhereSomethingWasGiven(t *testing.T) {
	c := newChat(t, "ru")
	for text, want := range map[string]bool{
		"назвала код, звонили с 87011234567": true, "код айтып қойдым, 87011234567": true,
		"мне звонят с 87011234567": false, "87011234567": false,
	} {
		if got := keys(c.say(text)); strings.HasSuffix(got, "check.care") != want || !strings.HasPrefix(got, "check.head") {
			t.Errorf("%q answers %q", text, got)
		}
	}
}

func TestWhatIsNoSubjectIsExplained(t *testing.T) {
	for _, tt := range []struct {
		in   Input
		want string
	}{
		{Input{Text: "482193"}, "check.maybe_code check.nothing"},
		{Input{Text: "123-456"}, "check.maybe_code check.nothing"},
		{Input{Text: "4821"}, "check.head check.none check.about.short check.maybe_code check.next.none_call"},
		{Input{Text: "7111"}, "check.head check.official check.next.official"},
		{Input{Text: "30400"}, "check.head check.none check.about.short check.next.none_call"},
		{Input{Text: "https://kaspi-bonus.xyz/win"}, "check.link check.next.link"},
		{Input{Text: "Сізге сыйлық: halyk-bonus.top/a?b=1"}, "check.link check.next.link"},
		{Input{Text: "www.сайт.рф"}, "check.link check.next.link"},
		{Input{Text: "получите выплату", Links: []string{"https://example.kz"}}, "check.link check.next.link"},
		{Input{Text: "проголосуйте за племянницу http://vote.example"}, "check.clue check.link check.next.link"},
		{Input{Text: "пишите на a@b.kz"}, "check.nothing"},
		{Input{Text: "Да.Нет. т.е. 2.5kg"}, "check.nothing"},
		{Input{Text: "8 701 123 45"}, "check.unfinished"},
		{Input{Text: "870112345"}, "check.unfinished"},
		{Input{Text: "87011234567890"}, "check.unfinished"},
		{Input{Text: "Звонили с 8 701 123 45, кто это?"}, "check.unfinished"},
		{Input{Text: "+7 701 12"}, "check.unfinished"},
		{Input{Contacts: []string{"12"}}, "check.unfinished"},
		{Input{Text: "выиграл 8 500 000 000 тенге"}, "check.nothing"},
		{Input{Text: "в 2026 году"}, "check.nothing"},
		{Input{Text: "DE89 3704 0044 0532 0130 00"}, "check.foreign_account"},
		{Input{Text: "DE88370400440532013000"}, "check.foreign_account"},
		{Input{Text: "gb29 nwbk 6016 1331 9268 19"}, "check.secret check.foreign_account"},
		{Input{Text: "KZ86 125K ZT50 0410 010"}, "check.unfinished_account"},
		{Input{Text: "KZ86125KZT50041001000"}, "check.unfinished_account"},
		{Input{Text: "счёт kz84722c00001234567, это он?"}, "check.unfinished_account"},
		{Input{Text: "КЗ84 722C 0000 1234 567"}, "check.unfinished_account"},
		{Input{Text: "KZ84 722 C 0000 1234 5671"}, "check.unfinished_account"},
		{Input{Text: "KZ84722C000012345671"}, "check.head check.badiban check.next.mistyped"},
		{Input{Text: "KZ8612"}, "check.nothing"},
		{Input{Text: "KZ86125 hello fine people"}, "check.nothing"},
		{Input{Text: "IP45 hello fine people"}, "check.nothing"},
	} {
		c := newChat(t, "ru")
		reply := c.send(tt.in)
		if got := keys(reply); got != tt.want {
			t.Errorf("%+v answers %q, want %q", tt.in, got, tt.want)
		}
		warned := strings.Contains(tt.want, "check.maybe_code")
		if text := c.read(reply); warned != strings.Contains(text, "del:") && !strings.Contains(tt.want, "check.secret") {
			t.Errorf("%+v: the button that deletes the message:\n%s", tt.in, text)
		}
	}
}

func TestLinksAreNotRepeated(t *testing.T) {
	c := newChat(t, "kk")
	for _, in := range []Input{{Text: "https://kaspi-bonus.xyz/win"}, {Text: "сыйлық", Links: []string{"https://kaspi-bonus.xyz"}}} {
		if said := c.read(c.send(in)); strings.Contains(said, "kaspi") {
			t.Errorf("repeats the link:\n%s", said)
		}
	}
}

func TestNumbersOfTwoCountriesAreNotForeign(t *testing.T) {
	for _, number := range []string{"8 800 080 18 13", "8 808 080 18 13", "8 809 080 18 13"} {
		c := newChat(t, "ru")
		if got := keys(c.say(number)); got != "check.head check.none check.about.shared check.next.none_call" {
			t.Errorf("%s answers %q", number, got)
		}
	}
}

func TestTipOfTheNamedScheme(t *testing.T) {
	for _, tt := range []struct {
		text string
		top  fraud.Scenario
		want string
	}{
		{"87011234567", fraud.ScenarioCode, "tip:+sms_code"},
		{"87011234567", fraud.ScenarioOther, ""},
		{"87011234567", "", ""},
		{"87011234567 просит установить AnyDesk", fraud.ScenarioCode, "tip:+remote_control"},
	} {
		c := newChat(t, "ru")
		c.store.standings[c.ref("87011234567").Key] = fraud.Standing{Reporters: 2, Top: tt.top, Last: lastWeek}
		for _, reply := range []Reply{c.say(tt.text), c.press("dis:")} {
			var got []string
			for _, row := range reply.Messages[0].Buttons {
				if strings.HasPrefix(row[0].Data, "tip:") {
					got = append(got, row[0].Data)
				}
			}
			want := tt.want
			if reply.Toast.Key != "" && tt.top == fraud.ScenarioCode {
				want = "tip:+sms_code" // the words are not known any more
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%q with %q offers %q, want %q", tt.text, tt.top, got, want)
			}
		}
	}
}

func FuzzNothingFound(f *testing.F) {
	for _, text := range []string{"8 701 123 45", "https://a.b/c", "DE89 3704 0044 0532 0130 00", "4821", "помогите", "+", "www.", ".рф", "\xff"} {
		f.Add(text)
	}
	cries := readCries(careTSV)
	f.Fuzz(func(t *testing.T, text string) {
		turn := Turn{Input: Input{Text: text}}
		_, _, _, _, _ = hasLink(turn), unfinished(turn), foreignAccount(text), maybeCode(text), cries.hear(text)
	})
}
