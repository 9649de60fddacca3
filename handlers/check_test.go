package handlers

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"saqbol/fraud"
)

func TestCheckStoresNothingAndAsksOnce(t *testing.T) {
	c := newChat(t, "ru")
	reply := c.say("87011234567, 87771234567, +998 90 123 45 67")
	if !reply.Change.Empty() {
		t.Errorf("a check stores %+v", reply.Change)
	}
	if c.store.asked != 1 {
		t.Errorf("the store was asked %d times", c.store.asked)
	}
	if len(reply.Messages) != 1 {
		t.Errorf("%d messages for one", len(reply.Messages))
	}
}

func TestVerdicts(t *testing.T) {
	reported := fraud.Standing{Reporters: 3, Top: fraud.ScenarioCode, Last: lastWeek, Disputes: 1}
	confirmed := reported
	confirmed.Confirmed = true
	for _, tt := range []struct {
		text     string
		standing fraud.Standing
		mark     string
		keys     string // after check.head
	}{
		{"87011234567", fraud.Standing{}, "⚪", "check.none check.about.operator check.next.none_call"},
		{"87011234567", fraud.Standing{Disputes: 4}, "⚪", "check.none check.about.operator check.next.none_call"},
		{"87011234567", reported, "🟠", "check.reported check.top check.last check.disputes check.about.operator check.next.scam_call"},
		{"87011234567", fraud.Standing{Reporters: 1, Last: lastWeek}, "🟠", "check.reported check.last check.about.operator check.next.scam_call"},
		{"87011234567", confirmed, "🔴", "check.confirmed check.people check.top check.last check.disputes check.about.operator check.next.scam_call"},
		{"87011234567", fraud.Standing{Confirmed: true}, "🔴", "check.confirmed check.about.operator check.next.scam_call"},
		{"+79161234567", fraud.Standing{}, "⚪", "check.none check.about.country check.note.abroad check.next.none_call"},
		{"1414", fraud.Standing{}, "🔵", "check.official check.clue check.next.official"},
		{"7111", reported, "🔵", "check.official check.forged check.top check.last check.next.official"},
		{"7111", confirmed, "🔵", "check.official check.forged_confirmed check.top check.last check.next.official"},
		{"+77031234567", fraud.Standing{}, "⛔", "check.impossible check.next.impossible"},
		{"+77031234567", reported, "⛔", "check.impossible check.people check.top check.last check.next.impossible"},
		{"+7 701 123 45 6", fraud.Standing{}, "⛔", "check.miscounted check.next.miscounted"},
		{"+770112345678", fraud.Standing{}, "⛔", "check.miscounted check.next.miscounted"},
		{"+770112345678", reported, "⛔", "check.impossible check.people check.top check.last check.next.impossible"},
		{"4400430000001237", fraud.Standing{}, "⚪", "check.none check.about.card check.secret check.next.none_pay"},
		{"KZ84722C000012345678", reported, "🟠", "check.reported check.top check.last check.disputes check.about.iban check.next.scam_pay"},
		{"4111 1111 1111 1112", reported, "⛔", "check.badcard check.secret check.next.mistyped"},
		{"KZ84722C000012345671", reported, "⛔", "check.badiban check.next.mistyped"},
	} {
		c := newChat(t, "ru")
		c.store.standings[c.ref(tt.text).Key] = tt.standing
		reply := c.say(tt.text)
		if got := keys(reply); got != "check.head "+tt.keys {
			t.Errorf("%s with %+v:\n got %s\nwant check.head %s", tt.text, tt.standing, got, tt.keys)
		}
		if text := c.read(reply); !strings.HasPrefix(text, tt.mark) {
			t.Errorf("%s with %+v does not begin with %s:\n%s", tt.text, tt.standing, tt.mark, text)
		}
	}
}

func TestNextStepFitsTheGravest(t *testing.T) {
	c := newChat(t, "ru")
	c.store.standings[c.ref("87771234567").Key] = fraud.Standing{Reporters: 1}
	c.store.standings[c.ref("KZ84722C000012345678").Key] = fraud.Standing{Confirmed: true}
	for text, want := range map[string]string{
		"87011234567, +77031234567":                 "check.next.impossible",
		"87011234567, 1414":                         "check.next.official",
		"87011234567, +7 701 123 45 6":              "check.next.miscounted",
		"1414, +7 701 123 45 6":                     "check.next.official",
		"87771234567, +7 701 123 45 6":              "check.next.scam_call",
		"+7 701 123 45 6, KZ84722C000012345678":     "check.next.scam_pay",
		"4111 1111 1111 1112, 87011234567":          "check.next.none_call",
		"1414, 87771234567":                         "check.next.scam_call",
		"87771234567, 7111, KZ84722C000012345678":   "check.next.scam_both",
		"+77031234567, KZ84722C000012345678":        "check.next.scam_both",
		"87011234567, KZ84722C000012345678":         "check.next.scam_pay",
		"4400 4300 0000 1237, 4111 1111 1111 1112.": "check.next.none_pay",
	} {
		if got := keys(c.say(text)); !strings.HasSuffix(got, want) {
			t.Errorf("%q ends with %q, want %q", text, got, want)
		}
	}
}

func TestCheckReadsEverythingAround(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   Input
		want string // subjects
	}{
		{"contact without a plus", Input{Contacts: []string{"77011234567"}}, "+77011234567"},
		{"foreign contact without a plus", Input{Contacts: []string{"998901234567"}}, "+998901234567"},
		{"contact from a phone book", Input{Contacts: []string{"8 (701) 123-45-67"}}, "+77011234567"},
		{"two contacts", Input{Contacts: []string{"77011234567", "77771234567"}}, "+77011234567 +77771234567"},
		{"tel link", Input{Text: "Позвоните нам", Links: []string{"tel:+7%20701%20123%2045%2067"}}, "+77011234567"},
		{"wa.me link", Input{Text: "Напишите", Links: []string{"https://wa.me/77011234567?text=hi"}}, "+77011234567"},
		{"whatsapp link", Input{Text: "Напишите", Links: []string{"https://api.whatsapp.com/send?phone=%2B77011234567&text=1"}}, "+77011234567"},
		{"other link", Input{Text: "87771234567", Links: []string{"https://example.kz/87011234567"}}, "+77771234567"},
		{"the same twice", Input{Text: "87011234567", Contacts: []string{"+77011234567"}, Links: []string{"tel:87011234567"}}, "+77011234567"},
		{"quoted, nothing of its own", Input{Text: "что это?", Quoted: "87011234567"}, "+77011234567"},
		{"quoted, something of its own", Input{Text: "87771234567", Quoted: "87011234567"}, "+77771234567"},
		{"command with both", Input{Kind: KindCommand, Command: "check", Text: "87771234567", Quoted: "87011234567"}, "+77771234567 +77011234567"},
		{"caption", Input{Kind: KindMedia, Text: "87011234567", File: fraud.File{Kind: "photo", ID: "p"}}, "+77011234567"},
		{"forwarded", Input{Text: "87011234567", Forwarded: true}, "+77011234567"},
		{"edited", Input{Kind: KindEdited, Text: "87011234567"}, "+77011234567"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newChat(t, "ru")
			var got []string
			for _, line := range c.send(tt.in).Messages[0].Text {
				if line.Key == "check.head" {
					got = append(got, strings.ReplaceAll(line.Args["Subject"].(string), " ", ""))
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("checks %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAtMostTenBlocks(t *testing.T) {
	c := newChat(t, "kk")
	reply := c.say(manyNumbers(13))
	if got := strings.Count(keys(reply), "check.head"); got != maxBlocks {
		t.Errorf("%d blocks", got)
	}
	if text := c.read(reply); !strings.Contains(text, "Тағы 3 көрсетілмеді") {
		t.Errorf("does not say how many were left out:\n%s", text)
	}
	buttons := 0
	for _, row := range reply.Messages[0].Buttons {
		for _, b := range row {
			if strings.HasPrefix(b.Data, "rep:") {
				buttons++
			}
		}
	}
	if buttons != maxReportButtons {
		t.Errorf("%d buttons to report", buttons)
	}
	if strings.Contains(keys(c.say(manyNumbers(10))), "check.more") {
		t.Error("ten subjects are said to be too many")
	}
}

// The longest answer there can be must still be one message; chat.send fails on
// one that is longer.
func TestLongestAnswerFitsOneMessage(t *testing.T) {
	for _, lang := range []string{"kk", "ru"} {
		for _, text := range []string{manyNumbers(500), longForeign(60), strings.Repeat("назвал код из SMS, безопасный счёт ", 110) + "4400 4300 0000 1237 " + manyNumbers(30)} {
			c := newChat(t, lang)
			for _, s := range c.deps.Recognise.Find(text) {
				c.store.standings[c.deps.Tokens.Identify(s).Key] = fraud.Standing{
					Reporters: 123456, Top: fraud.ScenarioRemoteControl, Last: lastWeek, Disputes: 123456, Confirmed: true,
				}
			}
			reply := c.say(text)
			t.Logf("%s: %d characters", lang, utf16Length(c.deps.Catalogue.HTML(reply.Lang, reply.Messages[0].Text...)))
		}
	}
}

func longForeign(n int) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("+9989012345%02d", i))
	}
	return strings.Join(out, "; ") + " код 123456"
}

func TestNotAScamIsOfferedWhereItMeansSomething(t *testing.T) {
	for _, tt := range []struct {
		text     string
		standing fraud.Standing
		want     bool
	}{
		{"87011234567", fraud.Standing{}, false},
		{"87011234567", fraud.Standing{Reporters: 1}, true},
		{"87011234567", fraud.Standing{Confirmed: true}, true},
		{"7111", fraud.Standing{Reporters: 1}, false},
		{"+77031234567", fraud.Standing{Reporters: 1}, false},
		{"87011234567, 87771234567", fraud.Standing{Reporters: 1}, false},
	} {
		c := newChat(t, "ru")
		c.store.standings[c.deps.Tokens.Identify(c.deps.Recognise.Find(tt.text)[0]).Key] = tt.standing
		if got := strings.Contains(c.read(c.say(tt.text)), "| dis:"); got != tt.want {
			t.Errorf("%s with %+v: offered = %v", tt.text, tt.standing, got)
		}
	}
}

func TestReportButtonOfAGroupLeadsToThePrivateChat(t *testing.T) {
	c := newChat(t, "ru")
	reply := c.send(Input{Kind: KindCommand, Command: "check", Text: "87011234567", Chat: -1001})
	link := reply.Messages[0].Buttons[0][0].URL
	_, payload, ok := strings.Cut(link, "https://t.me/saqbol_bot?start=")
	if !ok || len(payload) > 64 {
		t.Fatalf("the link is %q", link)
	}
	c.say("/start " + payload)
	session := c.store.sessions[c.person]
	if !session.Open() || !strings.Contains(string(session.Draft), "+77011234567") {
		t.Errorf("the link opens %+v", session)
	}
	if got := c.router.deepLink(strings.Repeat("x", 65)); got != "https://t.me/saqbol_bot?start=report" {
		t.Errorf("too long a payload gives %q", got)
	}
	if got := c.router.deepLink("rep_a+b/c="); got != "https://t.me/saqbol_bot?start=report" {
		t.Errorf("a payload Telegram refuses gives %q", got)
	}
}

func TestUnavailableStoreIsSaidInWords(t *testing.T) {
	c := newChat(t, "ru")
	c.store.down = errors.New("the disk is gone")
	_, err := c.router.answer(t.Context(), Turn{Lang: fraud.Russian}, c.deps.Recognise.Find("87011234567"))
	var refused *fraud.Error
	if !errors.As(err, &refused) || refused.Code != fraud.CodeUnavailable || refused.Key != "check.unavailable" || !errors.Is(err, c.store.down) {
		t.Errorf("error = %v", err)
	}
}

// Help does not wait for a disk: it is given, in the person's language, while the
// store can't be read.
func TestHelpIsGivenWithoutAStore(t *testing.T) {
	c := newChat(t, "kk")
	want := map[string]Reply{}
	inputs := map[string]Input{
		"/emergency": {Kind: KindCommand, Command: "emergency"}, "/tips": {Kind: KindCommand, Command: "tips"},
		"/help": {Kind: KindCommand, Command: "help"}, "/privacy": {Kind: KindCommand, Command: "privacy"},
		"what to do now": {Kind: KindButton, Button: "now:"}, "a tip": {Kind: KindButton, Button: "tip:1"},
	}
	for _, down := range []error{nil, errors.New("the disk is gone")} {
		c.store.down = down
		for name, in := range inputs {
			in.Person, in.Chat, in.Private, in.Language = 1, 1, true, "kk"
			reply, err := c.router.Handle(t.Context(), in)
			if err != nil || reply.Lang != fraud.Kazakh || len(reply.Messages) == 0 {
				t.Errorf("%s with %v: %v in %q, error %v", name, down, reply.Messages, reply.Lang, err)
			}
			if down == nil {
				want[name] = reply
			} else if !reflect.DeepEqual(reply.Messages, want[name].Messages) {
				t.Errorf("%s reads otherwise without a store", name)
			}
		}
	}
	if _, err := c.router.Handle(t.Context(), Input{Kind: KindCommand, Command: "my", Person: 1, Chat: 1, Private: true}); err == nil {
		t.Error("reports are listed without a store")
	}
}

// What the store says of itself is not said in other words.
func TestADamagedStoreIsSaidInItsOwnWords(t *testing.T) {
	c := newChat(t, "ru")
	c.store.down = &fraud.Error{Code: fraud.CodeUnavailable, Key: "check.damaged", Err: errors.New("a row is not as it was written")}
	_, err := c.router.Handle(t.Context(), Input{Kind: KindText, Person: 1, Chat: 1, Private: true, Text: "87011234567"})
	var said *fraud.Error
	if !errors.As(err, &said) || said.Key != "check.damaged" {
		t.Errorf("error = %v", err)
	}
}

func TestEveryNamedCountryHasAName(t *testing.T) {
	c := newChat(t, "ru")
	for _, country := range []string{"RU", "UZ", "KG", "UA", "TR", "CN"} {
		if !named(country) {
			t.Errorf("%s has no name", country)
		}
	}
	for first := 'A'; first <= 'Z'; first++ {
		for second := 'A'; second <= 'Z'; second++ {
			country := string(first) + string(second)
			if !named(country) {
				continue
			}
			lines := about(fraud.Subject{Kind: fraud.KindPhone, Country: country}, false)
			for _, lang := range []fraud.Lang{fraud.Kazakh, fraud.Russian} {
				if text := c.deps.Catalogue.HTML(lang, lines...); strings.Contains(text, "country.") {
					t.Errorf("%s: %s has no name in the catalogue", lang, country)
				}
			}
		}
	}
	if named("") || named("XX") || named("R") {
		t.Error("a country that is none has a name")
	}
}
