package handlers

import (
	"strings"
	"testing"

	"saqbol/fraud"
)

// The sample cards and accounts of these tests: C is of somebody, D of another.
var ownSamples = strings.NewReplacer("C", "4400 4300 0000 1237", "D", "4111 1111 1111 1111", "A", "KZ86 125K ZT50 0410 0100")

// What people call their own is neither taken into a report nor offered for it;
// what they name of others is.
func TestOwnCards(t *testing.T) {
	for _, tt := range []struct {
		said string
		own  string // the letters of what is the person's own
	}{
		{"моя карта C", "C"},
		{"Моя каспи голд карта C", "C"},
		{"мой номер карты C", "C"},
		{"это карта моя C", "C"},
		{"C это моя карта", "C"},
		{"C — моя карта", "C"},
		{"с моей карты C списали 50 000", "C"},
		{"списали деньги с моей карты C", "C"},
		{"сняли 150000 с карты C", "C"},
		{"с карты C сняли все деньги", "C"},
		{"со счёта A украли деньги", "A"},
		{"мой счёт A", "A"},
		{"с моего счета A ушли деньги", "A"},
		{"с моей карты C перевели на карту D", "C"},
		{"с моей карты перевели деньги на D", ""},
		{"перевёл на D с моей карты C", "C"},
		{"моя карта C, карта мошенника D", "C"},
		{"на мою карту C пришли деньги по ошибке", "C"},
		{"spisali dengi s moei karty C", "C"},
		{"картам C", "C"},
		{"менің картам C", "C"},
		{"менин картам C", "C"},
		{"картамнан C ақша шешіп алды", "C"},
		{"C картамнан ақша кетті", "C"},
		{"C картамнан D картасына аударды", "C"},
		{"картамнан C ақшаны D картасына аударды", "C"},
		{"картамды C бұғаттады", "C"},
		{"карточкам C", "C"},
		{"карточкамнан C акша алды", "C"},
		{"kartamnan C aqsha ketti", "C"},
		{"qartam C", "C"},
		{"картадан C ақша шешті", "C"},
		{"шотымнан A ақша кетті", "A"},
		{"менің шотым A", "A"},
		{"shotymnan A aqsha ketti", "A"},

		{"переведи на мою карту C", ""},
		{"сказал: скиньте на мою карту C", ""},
		{"картама жібер C", ""},
		{"карта мошенника D", ""},
		{"просили перевести на карту D", ""},
		{"перевела деньги на карту D", ""},
		{"сказали, что моя карта заблокирована, и просили перевести на карту D", ""},
		{"сказали, что моя карта заблокирована. Их карта D", ""},
		{"моя мама перевела деньги на карту D", ""},
		{"мне перевели с карты D", ""},
		{"алаяқтың картасы D", ""},
		{"D картасына аудардым", ""},
		{"картаға D ақша аудардым", ""},
		{"картамен төледім D", ""},
		{"пришло сообщение по картам D", ""},
		{"D", ""},
	} {
		c := newChat(t, "ru")
		heard := c.router.hear(Turn{Input: Input{Text: ownSamples.Replace(tt.said)}})
		for _, s := range heard.found {
			letter := map[string]string{"4400430000001237": "C", "4111111111111111": "D", "KZ86125KZT5004100100": "A"}[s.Value]
			own := !has(heard.refs, c.router.keep(s))
			if want := strings.Contains(tt.own, letter); own != want {
				t.Errorf("%q: %s is own: %v, want %v", tt.said, letter, own, want)
			}
		}
		if len(heard.found) == 0 {
			t.Errorf("%q: nothing found", tt.said)
		}
	}
	c := newChat(t, "ru")
	if heard := c.router.hear(Turn{Input: Input{Text: ownSamples.Replace("моя карта C"), Forwarded: true}}); heard.own || len(heard.refs) != 1 {
		t.Errorf("what a fraudster wrote of a card of theirs: %+v", heard)
	}
}

// At no step can one's own card get into the report by a word or two and a button.
func TestOwnCardsAreNotOffered(t *testing.T) {
	for _, lang := range []string{"kk", "ru"} {
		for _, at := range reached() {
			c := openAt(t, lang, at.step)
			before := len(c.draft().Subjects)
			reply := c.say(ownSamples.Replace(c.in("картамнан C ақша шешіп алды", "списали деньги с моей карты C")))
			text := c.read(reply)
			if strings.Contains(text, ":"+choiceAdd+"]") || len(c.draft().Subjects) != before {
				t.Errorf("%s, %s: one's own card is offered or taken:\n%s", lang, at.step, text)
			}
			if _, takes := stepNamed(at.step); at.step == stepSubjects && takes && !strings.Contains(keys(reply), "report.own") {
				t.Errorf("%s, %s: nobody says why:\n%s", lang, at.step, text)
			}
		}
	}
}

// Nor does a check of one's own card lead to a report of it.
func TestOwnCardsHaveNoReportButton(t *testing.T) {
	for _, tt := range []struct {
		said      string
		forwarded bool
		buttons   int
	}{
		{"списали деньги с моей карты C", false, 0},
		{"картамнан C ақша шешіп алды", false, 0},
		{"карта мошенника C", false, 1},
		{"моя карта C, просили перевести на D", false, 1},
		{"моя карта C, скинь на неё", true, 1},
	} {
		c := newChat(t, "ru")
		text := c.read(c.send(Input{Kind: KindText, Text: ownSamples.Replace(tt.said), Forwarded: tt.forwarded}))
		if got := strings.Count(text, "rep:"); got != tt.buttons || !strings.Contains(text, "now:") {
			t.Errorf("%q: %d buttons to report:\n%s", tt.said, got, text)
		}
	}
}

// A card's number in what is sent within a report is warned of as under a check, at
// every step and whoever's card it is.
func TestSecretsWithinAReport(t *testing.T) {
	for _, at := range reached() {
		for _, said := range []string{"моя карта C", "карта мошенника C", "C", "мне прислали код 4821"} {
			c := openAt(t, "ru", at.step)
			message := c.message + 1
			reply := c.say(ownSamples.Replace(said))
			form := reply.Messages[len(reply.Messages)-1]
			if got := keys(Reply{Messages: []Message{form}}); !strings.Contains(got, "check.secret") && !strings.Contains(got, "report.masked") {
				t.Errorf("%s, %q: no warning in %q", at.step, said, got)
			}
			if n := strings.Count(c.read(reply), "del:"); n != 1 || form.Buttons[len(form.Buttons)-1][0].Data != deleteButton(Turn{Input: Input{Message: message}})[0].Data {
				t.Errorf("%s, %q: %d buttons that delete:\n%s", at.step, said, n, c.read(reply))
			}
		}
		c := openAt(t, "ru", at.step)
		if got := keys(c.send(Input{Kind: KindEdited, Text: "4400 4300 0000 1237"})); !strings.Contains(got, "check.secret") {
			t.Errorf("%s, changed: %q", at.step, got)
		}
	}
	c := newChat(t, "ru")
	if text := c.read(c.say("/report 4400 4300 0000 1237")); !strings.Contains(text, "del:") {
		t.Errorf("behind the command:\n%s", text)
	}
}

// An offer outlives what is changed from the summary, and is said again with its
// button; who goes on at another step leaves it out.
func TestOffersAtTheSummary(t *testing.T) {
	for name, back := range map[string]func(*chat){
		"✏️ and ◀":         func(c *chat) { c.choose(choiceEdit + stepWhen); c.choose(choiceBack) },
		"✏️ and an answer": func(c *chat) { c.choose(choiceEdit + stepWhen); c.choose("today") },
		"✏️ and a word":    func(c *chat) { c.choose(choiceEdit + stepClaim); c.say("банк") },
		"◀ and ▶":          func(c *chat) { c.choose(choiceBack); c.choose(choiceNext) },
		"a question and ▶": func(c *chat) { c.say("/start"); c.press("drop:no") },
		"a page and ▶":     func(c *chat) { c.say("/privacy"); c.press("drop:on") },
		"nonsense":         func(c *chat) { c.say("ә?") },
	} {
		c := openAt(t, "kk", stepWords)
		c.say("Олар маған 8 777 000 00 01 нөмірінен де хабарласты")
		if c.data(choiceAdd); c.store.sessions[c.person].Step != stepSummary {
			t.Fatal("no summary")
		}
		back(c)
		if c.data(choiceAdd); c.store.sessions[c.person].Step != stepSummary || !strings.Contains(keys(c.last), "report.offer") {
			t.Errorf("%s: %q", name, keys(c.last))
		}
	}
	c := openAt(t, "ru", stepChannel)
	c.say("8 777 000 00 01")
	c.choose(string(fraud.ChannelCall))
	if got := keys(c.last); strings.Contains(got, "report.offer") || len(c.draft().Offered) > 0 {
		t.Errorf("after going on: %q", got)
	}
}
