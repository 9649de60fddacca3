package handlers

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"saqbol/fraud"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// script is a chat that writes down what is said, for a reviewer to read.
type script struct {
	*chat
	out strings.Builder
}

func (s *script) says(text string) {
	s.out.WriteString("> " + text + "\n" + s.read(s.say(text)) + "\n")
}

func (s *script) presses(words string) {
	s.out.WriteString("> [" + words + "]\n" + s.read(s.press(words)) + "\n")
}

func (s *script) sends(what string, in Input) {
	s.out.WriteString("> (" + what + ")\n" + s.read(s.send(in)) + "\n")
}

// stands gives a subject a standing without the reports behind it.
func (s *script) stands(text string, standing fraud.Standing) {
	s.store.standings[s.ref(text).Key] = standing
}

// ref is the kept form of the one subject in a text.
func (c *chat) ref(text string) fraud.Ref {
	c.t.Helper()
	found := c.deps.Recognise.Find(text)
	if len(found) != 1 {
		c.t.Fatalf("%q holds %d subjects, not one", text, len(found))
	}
	return c.deps.Tokens.Identify(found[0])
}

var lastWeek = testNow.Add(-5 * 24 * time.Hour)

// goldenCases are the conversations of which a copy is kept in both languages.
// Buttons are pressed by their data, so that one script serves both.
func goldenCases() map[string]func(*script) {
	return map[string]func(*script){
		"check_none": func(s *script) { s.says("8 701 123 45 67") },
		"check_one_person": func(s *script) {
			s.stands("87011234567", fraud.Standing{Reporters: 1, Top: fraud.ScenarioSafeAccount, Last: testNow})
			s.says("8 701 123 45 67")
			s.presses("dis:")
			s.presses("now:")
		},
		"check_reported": func(s *script) {
			s.stands("87011234567", fraud.Standing{Reporters: 22, Top: fraud.ScenarioCode, Last: lastWeek, Disputes: 2})
			s.says("/check 8 701 123 45 67")
		},
		"check_confirmed": func(s *script) {
			s.stands("+79161234567", fraud.Standing{Reporters: 5, Top: fraud.ScenarioCourier, Last: lastWeek, Confirmed: true})
			s.says("+7 916 123-45-67")
		},
		"check_official": func(s *script) { s.says("1414") },
		"check_official_forged": func(s *script) {
			s.stands("7111", fraud.Standing{Reporters: 3, Top: fraud.ScenarioSafeAccount, Last: lastWeek})
			s.says("7111")
		},
		"check_short": func(s *script) { s.says("3131") },
		"check_impossible": func(s *script) {
			s.says("+7 703 123 45 67")
			s.stands("+77031234567", fraud.Standing{Reporters: 2, Top: fraud.ScenarioCode, Last: lastWeek})
			s.says("+7 703 123 45 67")
		},
		"check_miscounted": func(s *script) {
			s.says("+7 701 123 45 6")
			s.says("+770112345678")
			s.stands("+7701123456", fraud.Standing{Reporters: 2, Top: fraud.ScenarioCode, Last: lastWeek})
			s.says("+7701123456")
			s.says("/report +7 701 123 45 678")
		},
		"check_foreign": func(s *script) { s.says("+998 90 123 45 67") },
		"check_card": func(s *script) {
			s.stands("4400430000001237", fraud.Standing{Reporters: 4, Top: fraud.ScenarioFakeShop, Last: lastWeek})
			s.says("4400 4300 0000 1237")
			s.presses("del:")
		},
		"check_account": func(s *script) { s.says("KZ84722C000012345678") },
		"check_mistyped": func(s *script) {
			s.says("4111 1111 1111 1112")
			s.says("KZ84722C000012345671")
		},
		"check_several": func(s *script) {
			s.stands("87771234567", fraud.Standing{Reporters: 2, Last: lastWeek})
			s.says("87011234567, +79161234567, 87771234567, 4111 1111 1111 1112; 1414")
		},
		"check_too_many": func(s *script) { s.says(manyNumbers(23)) },
		"check_nothing": func(s *script) {
			s.says("Сәлем!")
			s.says("Мне звонит служба безопасности банка про безопасный счёт")
			s.says("1414-тен код келді деп кодты сұрады, код 1234")
			s.says("/check")
		},
		"check_care": func(s *script) {
			s.says("pul jiberip qoidym komektesinizder")
			s.says("назвала код, звонили с 87011234567")
		},
		"check_no_subject": func(s *script) {
			s.says("482193")
			s.says("https://kaspi-bonus.xyz/win")
			s.says("8 701 123 45")
			s.says("KZ86 125K ZT50 0410 010")
			s.says("DE89 3704 0044 0532 0130 00")
			s.says("/көмек")
		},
		"check_landline": func(s *script) { s.says("8 7172 70 70 70, 8 727 250 00 00, 8 71036 4 12 34, 8 800 080 18 13, 103") },
		"check_both": func(s *script) {
			s.stands("87011234567", fraud.Standing{Reporters: 2, Top: fraud.ScenarioOther, Last: lastWeek})
			s.stands("KZ84722C000012345678", fraud.Standing{Reporters: 1, Top: fraud.ScenarioCode, Last: lastWeek})
			s.says("87011234567, KZ84722C000012345678")
		},
		"check_language_unknown": func(s *script) { s.code = "en"; s.says("magan qongyrau shaldy 87011234567") },
		"check_down": func(s *script) {
			s.store.down = fmt.Errorf("the disk is gone")
			_, err := s.router.answer(s.t.Context(), Turn{Lang: fraud.Lang(s.code)}, s.deps.Recognise.Find("87011234567"))
			s.out.WriteString(s.read(s.refusal(err)))
		},
		"start": func(s *script) { s.says("/start"); s.presses("lang:") },
		"start_unknown_language": func(s *script) {
			lang := s.code
			s.code = "de"
			s.says("/start")
			s.presses("lang:" + lang)
			s.says("/start")
		},
		"language": func(s *script) { s.says("/language"); s.presses("lang:" + s.code) },
		"emergency": func(s *script) {
			s.says("/emergency")
		},
		"tips": func(s *script) {
			s.says("/tips")
			s.presses("tip:1")
			for i, scenario := range tipScenarios() {
				s.last = Reply{Messages: []Message{tipPage(i / tipsPerPage)}}
				s.presses("tip:" + string(scenario))
			}
			s.presses("tip:1")
		},
		"help":    func(s *script) { s.says("/help") },
		"privacy": func(s *script) { s.says("/privacy") },
		"stats": func(s *script) {
			s.says("/stats")
			for i := range 12 {
				s.fileReport(int64(i), testNow.Add(-time.Duration(i)*24*time.Hour))
			}
			s.says("/stats")
		},
		"settings": func(s *script) {
			s.says("/settings")
			s.presses("set:export")
			s.says("/settings")
			s.presses("set:erase")
			s.says("/settings")
			s.presses("set:language")
			s.presses("set:menu")
			s.presses("set:language")
			s.presses("lang:" + s.code)
			s.fileReport(s.person, lastWeek)
			s.says("/settings")
			s.presses("set:export")
			s.says("/settings")
			s.presses("set:erase")
			s.presses("set:erased")
		},
		"unknown": func(s *script) {
			s.says("/foo")
			s.sends("a voice message", Input{Kind: KindMedia, File: fraud.File{Kind: "voice", ID: "v"}})
			s.sends("a photo", Input{Kind: KindMedia, File: fraud.File{Kind: "photo", ID: "p"}})
			s.sends("a sticker", Input{Kind: KindOther})
			s.sends("an old button", Input{Kind: KindButton, Button: "old:1"})
		},
		"group": func(s *script) {
			group := Input{Kind: KindCommand, Command: "check", Quoted: "Позвоните 8 701 123 45 67", Chat: -100, Message: 7}
			s.sends("in a group, /check as the answer to a message", group)
			group.Command, group.Quoted = "report", ""
			s.sends("in a group, /report", group)
		},
	}
}

// fileReport stores a report of one person about one number and one card.
func (c *chat) fileReport(person int64, at time.Time) {
	c.t.Helper()
	scenarios := fraud.Scenarios()
	report := fraud.Report{
		Code:     fmt.Sprintf("SB-0000-%04d", person),
		Subjects: []fraud.Ref{c.ref("87011234567"), c.ref("4400430000001237")},
		Details: fraud.Details{
			Channel: fraud.ChannelCall, Claim: fraud.ClaimBank, Scenario: scenarios[person%3], Voice: fraud.VoicePerson,
			When: at, Loss: fraud.LossMoney, Amount: 150000, Words: "«Служба безопасности» <банка>",
			Files: []fraud.File{{Kind: "photo", ID: "AgACAgIAAx"}},
		},
		Status: fraud.StatusReceived, Created: at, Updated: at,
	}
	*c.update++
	change := fraud.Change{Update: *c.update, Person: person, Now: at, File: &report, Dispute: &fraud.Dispute{Subject: c.ref("+79161234567"), On: true}}
	if err := c.store.Apply(change); err != nil {
		c.t.Fatal(err)
	}
}

func manyNumbers(n int) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("8701123%04d", i))
	}
	return strings.Join(out, ", ")
}

func TestGolden(t *testing.T) {
	for name, play := range goldenCases() {
		for _, lang := range []string{"kk", "ru"} {
			t.Run(lang+"/"+name, func(t *testing.T) {
				s := &script{chat: newChat(t, lang)}
				play(s)
				golden(t, filepath.Join("testdata", "golden", lang, name+".txt"), s.out.String())
			})
		}
	}
}

// golden compares with the kept copy; -update writes a new one.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run the test with -update to write it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; if the new text is meant, run with -update and read the diff:\n%s", path, diff)
	}
}
