package handlers

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"saqbol/fraud"
)

// choose presses the button of the last answer's report whose choice this is.
func (c *chat) choose(choice string) Reply {
	c.t.Helper()
	return c.send(Input{Kind: KindButton, Button: c.data(choice)})
}

// data is the whole data of the report's button with this choice.
func (c *chat) data(choice string) string {
	c.t.Helper()
	for _, m := range c.last.Messages {
		for _, row := range m.Buttons {
			for _, b := range row {
				if strings.HasPrefix(b.Data, "r:") && strings.HasSuffix(b.Data, ":"+choice) {
					return b.Data
				}
			}
		}
	}
	c.t.Fatalf("no button %q under:\n%s", choice, c.read(c.last))
	return ""
}

func (s *script) chooses(choice string) {
	reply := s.choose(choice)
	s.out.WriteString("> [" + choice + "]\n" + s.read(reply) + "\n")
}

// tell answers the questions after the subject by buttons, up to the summary.
func (c *chat) tell(choices ...string) {
	c.t.Helper()
	for _, choice := range choices {
		c.choose(choice)
	}
}

// in picks what this person would type, in Kazakh or in Russian.
func (c *chat) in(kazakh, russian string) string {
	if c.code == "kk" {
		return kazakh
	}
	return russian
}

// reportCases are reports from their beginning to their end.
func reportCases() map[string]func(*script) {
	return map[string]func(*script){
		"report_buttons": func(s *script) {
			s.says("/report")
			s.says("8 701 123 45 67")
			for _, choice := range []string{"call", "bank", "safe_account", "person", "yesterday", "money"} {
				s.chooses(choice)
			}
			s.says(s.in("150 мың", "150 тыс"))
			s.says(s.in("Банктенмін деді, код 4821 сұрады. <b>Сақ болыңыздар!</b>", "Сказал, что из банка, просил код 4821. <b>Будьте осторожны!</b>"))
			s.chooses("file")
			s.says("/my")
		},
		"report_typed": func(s *script) {
			s.says("/report")
			s.says(s.in("жоқ", "нет"))
			s.says("4111 1111 1111 1112")
			s.says("4400 4300 0000 1237, KZ84722C000012345678")
			s.says(s.in("уатсап", "ВАТСАП"))
			s.says(s.in("polisiya", "из полиции"))
			s.says(s.in("kod", "код"))
			s.says("1")
			s.says(s.in("ертең 10:00", "31.12.2030"))
			s.says(s.in("2 күн бұрын", "3 дня назад"))
			s.says(s.in("деректер", "данные"))
			s.says(s.in("жоқ", "пропустить"))
			s.says(s.in("иә", "да"))
			s.one()
		},
		"report_one_line": func(s *script) {
			s.says(s.in("/report 87011234567 қоңырау шалып, 1414-тен келген кодты айт деді", "/report 87011234567 позвонили и просили код из SMS от 1414"))
			s.chooses("bank")
			s.chooses("person")
			s.chooses("today")
			s.chooses("data")
			s.chooses("file")
		},
		"report_from_check": func(s *script) {
			s.says("8 701 123 45 67")
			s.presses("rep:")
			s.chooses("sms")
			s.chooses("nobody")
			s.chooses("parcel_code")
			s.chooses("week")
			s.chooses("nothing")
			s.chooses("skip")
			s.chooses("edit-channel")
			s.chooses("call")
			s.chooses("edit-voice")
			s.chooses("recording")
			s.chooses("edit-loss")
			s.chooses("money")
			s.chooses("skip")
			s.says("+998 90 123 45 67")
			s.chooses("add")
			s.chooses("file")
		},
		"report_again": func(s *script) {
			s.says("/report 87011234567")
			s.tell("call", "bank", "skip", "skip", "skip", "skip", "skip")
			s.chooses("file")
			s.says("8 701 123 45 67")
			s.presses("rep:")
			s.tell("skip", "skip", "safe_account", "skip", "skip", "skip", "skip")
			s.chooses("file")
			s.says("/my")
		},
	}
}

// reportTurns are the turns a report may take on its way, and the list.
func reportTurns() map[string]func(*script) {
	return map[string]func(*script){
		"report_files": func(s *script) {
			s.says("/report 87011234567")
			s.tell("skip", "skip", "skip", "skip", "skip", "skip")
			s.sends("a photo of an album", Input{Kind: KindMedia, File: fraud.File{Kind: "photo", ID: "p1"}, Album: "a"})
			s.sends("another photo of it", Input{Kind: KindMedia, File: fraud.File{Kind: "photo", ID: "p2"}, Album: "a"})
			s.sends("a voice message", Input{Kind: KindMedia, File: fraud.File{Kind: "voice", ID: "v"}})
			s.chooses("next")
			s.chooses("file")
		},
		"report_official": func(s *script) {
			s.says("/report 1414")
			s.tell("skip", "skip", "skip", "skip", "skip", "skip", "skip")
			s.out.WriteString(s.read(s.last))
			s.chooses("file")
		},
		"report_other_number": func(s *script) {
			s.says("/report 87011234567")
			s.says("+998 90 123 45 67")
			s.chooses("add")
			s.says(s.in("түсініксіз", "непонятно"))
			s.chooses("back")
			s.presses(markRemove)
			s.chooses("next")
		},
		"report_drop": func(s *script) {
			s.says("/report 87011234567")
			s.says("/privacy")
			s.presses("drop:on")
			s.says("/check")
			s.presses("drop:on")
			s.says("/start")
			s.presses("drop:no")
			s.says("/report +998 90 123 45 67")
			s.presses("drop:yes")
			s.says("/check 8 777 123 45 67")
			s.presses("drop:no")
			s.says("/cancel")
			s.says("/cancel")
		},
		"report_cry": func(s *script) {
			s.says("/report 87011234567")
			s.says(s.in("ақшам кетіп қалды, көмектесіңіздерші", "деньги ушли, помогите"))
			s.presses("drop:on")
			s.says(s.in("түсініксіз", "непонятно"))
			s.tell("skip", "skip", "skip", "skip", "skip")
			s.says(s.in("картамнан ақша шешіп алды", "у меня списали деньги с карты"))
			s.says("/cancel")
		},
		"report_amounts": func(s *script) {
			s.says("/report 87011234567")
			s.tell("skip", "skip", "skip", "skip", "skip", "money")
			for _, amount := range []string{"0", "$500", "???", "99 млрд", "8 777 123 45 67"} {
				s.says(amount)
			}
		},
		"my": func(s *script) {
			s.says("/my")
			for _, number := range []string{"87010000001", "87010000002", "87010000003", "87010000004", "87010000005", "87010000006"} {
				s.say("/report " + number)
				s.tell("skip", "skip", "relative", "skip", "skip", "skip", "skip", "file")
			}
			s.says("/my")
			s.presses("my:p:1")
			s.presses("my:p:0")
			s.presses("my:w:")
			s.presses("my:y:")
		},
	}
}

func TestGoldenReports(t *testing.T) {
	cases := reportCases()
	maps.Copy(cases, reportTurns())
	for name, play := range cases {
		for _, lang := range []string{"kk", "ru"} {
			t.Run(lang+"/"+name, func(t *testing.T) {
				s := &script{chat: newChat(t, lang)}
				play(s)
				golden(t, filepath.Join("testdata", "golden", lang, name+".txt"), s.out.String())
			})
		}
	}
}
