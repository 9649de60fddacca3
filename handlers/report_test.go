package handlers

import (
	"strings"
	"testing"
	"time"

	"saqbol/fraud"
)

// one is the only report stored, as its owner filed it.
func (c *chat) one() fraud.Report {
	c.t.Helper()
	if len(c.store.reports) != 1 {
		c.t.Fatalf("%d reports are stored, not one", len(c.store.reports))
	}
	return c.store.reports[0].report
}

func TestReportByButtonsAndByWordsIsTheSame(t *testing.T) {
	want := fraud.Details{
		Channel: fraud.ChannelWhatsApp, Claim: fraud.ClaimPolice, Scenario: fraud.ScenarioSafeAccount, Voice: fraud.VoicePerson,
		When: time.Date(2026, time.November, 20, 19, 0, 0, 0, time.UTC), Loss: fraud.LossMoney, Amount: 1_500_000, Words: "«ҰҚК» <b>",
	}
	for name, answers := range map[string][]string{
		"kk by buttons": {"[whatsapp", "[police", "[safe_account", "[person", "[yesterday", "[money", "1,5 млн", "«ҰҚК» <b>", "[file"},
		"ru by buttons": {"[whatsapp", "[police", "[safe_account", "[person", "[yesterday", "[money", "1 500 000", "«ҰҚК» <b>", "[file"},
		"kk by labels":  {"WhatsApp", "Полиция, ҰҚК", "«Қауіпсіз шот»", "Адам", "Кеше", "Ақша", "1,5 миллион теңге", "«ҰҚК» <b>", "Жіберу"},
		"ru by labels":  {"whatsapp", "полиция", "безопасный счет", "ЧЕЛОВЕК", "вчера", "деньги", "1500 тыс", "«ҰҚК» <b>", "✅"},
		"kk in Latin":   {"uatsap", "polıcıa, ŪQK", "qauipsiz shot", "adam", "keshe", "aqsha", "1,5 mln", "«ҰҚК» <b>", "jiberu"},
		"kk plain":      {"ватсап 📱", "укк", "кауипсиз шот", "адам", "кеше", "акша", "1,5 млн тенге", "«ҰҚК» <b>", "иә"},
		"ru by numbers": {"3", "2", "1.", "1)", "2", "3", "1.5 млн", "«ҰҚК» <b>", "да"},
		"ru in phrases": {"написали в ватсапе", "сказали, что из полиции", "переведите на безопасный счет", "живой человек", "вчера", "1 500 000 тенге", "«ҰҚК» <b>", "отправить"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newChat(t, name[:2])
			c.say("/report")
			c.say("8 701 123 45 67")
			for _, answer := range answers {
				if choice, ok := strings.CutPrefix(answer, "["); ok {
					c.choose(choice)
				} else {
					c.say(answer)
				}
			}
			report := c.one()
			if got := report.Details; !got.When.Equal(want.When) {
				t.Errorf("when: %v, want %v", got.When, want.When)
			}
			got := report.Details
			got.When = want.When
			if len(got.Files) > 0 || got.Channel != want.Channel || got.Claim != want.Claim || got.Scenario != want.Scenario || got.Voice != want.Voice ||
				got.Loss != want.Loss || got.Amount != want.Amount || got.Words != want.Words {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if text := c.read(c.last); !strings.Contains(text, "<code>"+report.Code+"</code>") || !strings.Contains(text, "102") {
				t.Errorf("the answer lacks the code or the next step:\n%s", text)
			}
			if c.store.sessions[c.person].Open() {
				t.Error("the conversation stays open")
			}
		})
	}
}

// Who somebody claimed to be is taken from words that say so, not from a name in them.
func TestClaimsInWords(t *testing.T) {
	for words, want := range map[string]fraud.Claim{
		"звонили с …, представились банком":                  fraud.ClaimBank,
		"представился сотрудником полиции, просил код":       fraud.ClaimPolice,
		"назвалась следователем":                             fraud.ClaimPolice,
		"позвонили из банка и просили код":                   fraud.ClaimBank,
		"мне звонят якобы из Казпочты":                       fraud.ClaimDelivery,
		"сказали, что из КНБ":                                fraud.ClaimPolice,
		"не представились, просили код":                      fraud.ClaimNobody,
		"өзін банк қызметкері деп таныстырды":                fraud.ClaimBank,
		"банктенмін деді":                                    fraud.ClaimBank,
		"полициядан қоңырау шалды":                           fraud.ClaimPolice,
		"bankten qonyrau shaldy":                             fraud.ClaimBank,
		"перевела деньги через банк":                         "",
		"позвонили, просили деньги из банка":                 "",
		"звонили, сказали перевести деньги из банка":         "",
		"представился полицией, а потом представился банком": "",
		"представился мужчиной, я позвонил в банк":           "",
		"банкке қоңырау шалдым":                              "",
		"қоңырау шалып, банктегі ақшаны аудар деді":          "",
	} {
		d := &reportDraft{Answers: map[string]string{}}
		if guess(d, words); d.Answers[stepClaim] != string(want) {
			t.Errorf("%q: %q, want %q", words, d.Answers[stepClaim], want)
		}
	}
}

func TestOneLineAsksOnlyForTheRest(t *testing.T) {
	for text, c := range map[string]struct {
		channel  fraud.Channel
		scenario fraud.Scenario
		words    string
		subjects int
		step     string
	}{
		"87011234567":                {step: stepChannel, subjects: 1},
		"87011234567, +998901234567": {step: stepChannel, subjects: 2},
		"87011234567 мошенники":      {step: stepChannel, subjects: 1, words: "мошенники"},
		"87011234567 позвонили, предлагали безопасный счет": {fraud.ChannelCall, fraud.ScenarioSafeAccount, "позвонили, предлагали безопасный счет", 1, stepClaim},
		"87011234567 қоңырау шалып, қауіпсіз шот деді":      {fraud.ChannelCall, fraud.ScenarioSafeAccount, "қоңырау шалып, қауіпсіз шот деді", 1, stepClaim},
		"звонили с 8 701 123 45 67, просили код из смс":     {fraud.ChannelCall, fraud.ScenarioCode, "звонили с …, просили код из смс", 1, stepClaim},
		"+7 701 123 45 67 позвонили по ватсапу":             {channel: fraud.ChannelWhatsApp, words: "позвонили по ватсапу", subjects: 1, step: stepClaim},
		"87011234567 писали в ватсап и телеграм":            {words: "писали в ватсап и телеграм", subjects: 1, step: stepChannel},
		"87011234567 то ли курьер, то ли инвестиции":        {words: "то ли курьер, то ли инвестиции", subjects: 1, step: stepChannel},
		"4400 4300 0000 1237 сумма 1 500 000":               {words: "сумма 1 500 000", subjects: 1, step: stepChannel},
		"мошенники звонили":                                 {channel: fraud.ChannelCall, words: "мошенники звонили", step: stepSubjects},
		"мне звонили с 8 701 123 45 67.":                    {channel: fraud.ChannelCall, words: "мне звонили с …", subjects: 1, step: stepClaim},
		"4400 4300 0000 1237 12/27 123 карта":               {words: "12/27 •••• карта", subjects: 1, step: stepChannel},
		"1414": {subjects: 1, step: stepChannel},
		"87011234567 просят назвать код 1414":                                     {scenario: fraud.ScenarioCode, words: "просят назвать код 1414", subjects: 1, step: stepChannel},
		"87011234567,87770000001,87770000002,87770000003,87770000004,87770000005": {subjects: 5, step: stepChannel},
	} {
		chat := newChat(t, "ru")
		chat.say("/report " + text)
		d := chat.draft()
		details := d.details()
		if details.Channel != c.channel || details.Scenario != c.scenario || details.Words != c.words || len(d.Subjects) != c.subjects {
			t.Errorf("%q: %+v, %d subjects, want %+v", text, details, len(d.Subjects), c)
		}
		if step := chat.store.sessions[chat.person].Step; step != c.step {
			t.Errorf("%q leads to %q, want %q", text, step, c.step)
		}
	}
}

func TestReportFromCheckAndDeepLink(t *testing.T) {
	c := newChat(t, "ru")
	c.say("8 701 123 45 67")
	reply := c.press("rep:")
	if m := reply.Messages[0]; m.Edit != 0 || !m.Anchor || c.store.sessions[c.person].Step != stepChannel {
		t.Errorf("the report takes the check's place: %+v", m)
	}
	c.say("/cancel")
	token, err := c.deps.Tokens.Token(c.ref("87011234567"))
	if err != nil {
		t.Fatal(err)
	}
	c.say("/start rep_" + token)
	if d := c.draft(); len(d.Subjects) != 1 || c.store.sessions[c.person].Step != stepChannel {
		t.Errorf("the link from a group leads to %+v", c.store.sessions[c.person])
	}
	if reply := c.send(Input{Kind: KindButton, Button: "rep:forged"}); reply.Toast.Key != "common.stale" {
		t.Errorf("a token nobody made: %+v", reply)
	}
}

// ✅ pressed twice, on a second device, or after ✖️: no error, no second report.
func TestFilingTwice(t *testing.T) {
	c := openAt(t, "ru", stepSummary)
	file := Input{Kind: KindButton, Button: c.data(choiceFile)}
	c.send(file)
	code := c.one().Code
	again := c.send(file)
	if toast := c.deps.Catalogue.Plain(fraud.Russian, again.Toast); !strings.Contains(toast, code) || len(again.Messages) > 0 || !again.Change.Empty() {
		t.Errorf("a second press: %q, %+v", toast, again)
	}
	c.one()

	c = openAt(t, "ru", stepSummary)
	file.Button = c.data(choiceFile)
	c.choose(choiceCancel)
	if reply := c.send(file); reply.Toast.Key != "report.closed" || len(c.store.reports) > 0 {
		t.Errorf("after ✖️: %+v, %d reports", reply.Toast, len(c.store.reports))
	}
	c.say("/report 87770000000")
	if reply := c.send(file); reply.Toast.Key != "common.stale" || len(c.store.reports) > 0 {
		t.Errorf("with another report open: %+v", reply.Toast)
	}
}

func TestReportingAgainUpdates(t *testing.T) {
	c := newChat(t, "ru")
	c.say("/report 87011234567, 4400 4300 0000 1237 перевод")
	c.tell("call", "bank", "safe_account", "skip", "yesterday", "money")
	c.say("50 000")
	c.choose(choiceFile)
	first := c.one()
	c.say("/report 87011234567, +998901234567")
	c.tell("telegram", "skip", "skip", "person", "skip", "skip", "skip", "file")
	got := c.one()
	if got.Code != first.Code || !strings.Contains(c.read(c.last), first.Code) || !strings.Contains(c.read(c.last), "обновлено") {
		t.Errorf("the code was %s and is %s:\n%s", first.Code, got.Code, c.read(c.last))
	}
	d := got.Details
	if len(got.Subjects) != 3 || d.Channel != fraud.ChannelTelegram || d.Claim != fraud.ClaimBank || d.Scenario != fraud.ScenarioSafeAccount ||
		d.Voice != fraud.VoicePerson || d.Loss != fraud.LossMoney || d.Amount != 50_000 || d.Words != "перевод" || !d.When.Equal(first.Details.When) {
		t.Errorf("the update lost or kept the wrong things: %+v", got)
	}
	if s := c.store.standing(c.ref("87011234567").Key); s.Reporters != 1 {
		t.Errorf("one person counts as %d", s.Reporters)
	}
	// Another person's report of the same is another report.
	o := c.other(1002, "kk")
	o.say("/report 87011234567")
	o.tell("call", "skip", "skip", "skip", "skip", "skip", "skip", "file")
	if s := c.store.standing(c.ref("87011234567").Key); s.Reporters != 2 || len(c.store.reports) != 2 {
		t.Errorf("two people count as %d with %d reports", s.Reporters, len(c.store.reports))
	}
	// A withdrawn report is not updated: what is filed then is new.
	c.say("/my")
	c.press("my:w:")
	c.press("my:y:")
	c.say("/report 87011234567")
	c.tell("call", "skip", "skip", "skip", "skip", "skip", "skip", "file")
	if len(c.store.reports) != 3 || c.store.reports[2].report.Code == first.Code {
		t.Errorf("after the withdrawal: %+v", c.store.reports)
	}
}

// Several earlier reports of this person's: the latest is updated.
func TestReportingSeveralAgainUpdatesTheLatest(t *testing.T) {
	c := newChat(t, "ru")
	for _, numbers := range []string{"87770000001", "87770000002", "87770000001, 87770000002"} {
		c.say("/report " + numbers)
		c.tell("call", "skip", "skip", "skip", "skip", "skip", "skip", "file")
	}
	if len(c.store.reports) != 2 || len(c.store.reports[1].report.Subjects) != 2 || len(c.store.reports[0].report.Subjects) != 1 {
		t.Errorf("%+v", c.store.reports)
	}
	if !strings.Contains(c.read(c.last), c.store.reports[1].report.Code) {
		t.Errorf("the answer names another code:\n%s", c.read(c.last))
	}
}

func TestTheVoiceIsNotAskedWhereNobodySpeaks(t *testing.T) {
	for choice, want := range map[string]fraud.Voice{"sms": fraud.VoiceNone, "shop": fraud.VoiceNone, "person": fraud.VoicePerson} {
		c := newChat(t, "ru")
		c.say("/report 87011234567")
		c.tell(choice, "skip", "skip")
		if step := c.store.sessions[c.person].Step; step != stepWhen {
			t.Errorf("%s: the next step is %q", choice, step)
		}
		c.tell("skip", "skip", "skip", "file")
		if got := c.one().Details.Voice; got != want {
			t.Errorf("%s: the voice is %q, want %q", choice, got, want)
		}
	}
}

func TestWordsAreMaskedCutAndReplaced(t *testing.T) {
	c := openAt(t, "ru", stepWords)
	reply := c.say("Просили код 4821 и ещё " + strings.Repeat("много слов ", 300))
	if text := c.read(reply); !strings.Contains(text, "скрыты") || !strings.Contains(text, "2000") || !strings.Contains(text, "del:") {
		t.Errorf("it is not said that the text was masked and cut:\n%s", text)
	}
	if raw := string(c.store.sessions[c.person].Draft); strings.Contains(raw, "4821") || len([]rune(c.draft().Words)) != maxWords {
		t.Errorf("the draft holds %d characters: %s", len([]rune(c.draft().Words)), raw)
	}
	c.choose(choiceEdit + stepWords)
	c.say("<Коротко> & ясно")
	c.choose(choiceFile)
	if got := c.one().Details.Words; got != "<Коротко> & ясно" {
		t.Errorf("the words are %q", got)
	}
}

func TestFilesOfAnyStepAreKept(t *testing.T) {
	c := newChat(t, "ru")
	photo := func(album, caption string) Input {
		return Input{Kind: KindMedia, File: fraud.File{Kind: "photo", ID: "p"}, Album: album, Text: caption}
	}
	c.say("/report")
	c.send(photo("", "8 701 123 45 67 звонили из банка, просили перевод"))
	if d := c.draft(); len(d.Files) != 1 || len(d.Subjects) != 1 || d.Words == "" {
		t.Fatalf("a photo with a caption gives %+v", d)
	}
	silent := 0
	for range 11 {
		if reply := c.send(photo("album", "")); len(reply.Messages) == 0 {
			silent++
		}
	}
	if d := c.draft(); len(d.Files) != maxFiles || silent != 8 {
		t.Errorf("%d files are kept, %d of an album were answered with silence", len(d.Files), silent)
	}
	if reply := c.send(photo("", "")); !strings.Contains(c.read(reply), "не добавлен") {
		t.Errorf("one file too many is dropped silently:\n%s", c.read(reply))
	}
	c.tell("skip", "skip", "skip", "skip", "file")
	if got := c.one().Details; len(got.Files) != maxFiles {
		t.Errorf("the report has %d files", len(got.Files))
	}
}

// The album at the step for words is one answer, its caption the words.
func TestAlbumIsOneAnswer(t *testing.T) {
	c := openAt(t, "kk", stepWords)
	answers := 0
	for i, caption := range []string{"Чек пен хат", "", "", ""} {
		reply := c.send(Input{Kind: KindMedia, File: fraud.File{Kind: "photo", ID: string(rune('a' + i))}, Album: "9", Text: caption})
		answers += len(reply.Messages)
	}
	if answers != 1 || c.store.sessions[c.person].Step != stepWords {
		t.Errorf("%d answers, step %q", answers, c.store.sessions[c.person].Step)
	}
	reply := c.say("Әрі қарай")
	if text := c.read(reply); !strings.Contains(text, "Тіркелген файл: 4") || !strings.Contains(text, "Чек пен хат") {
		t.Errorf("the summary lacks something:\n%s", text)
	}
}

// Whatever is sent, a card's number never reaches a draft.
func TestNoCardNumberInADraft(t *testing.T) {
	const pan = "4400430000001237"
	for _, send := range []func(c *chat){
		func(c *chat) { c.say("/report 4400 4300 0000 1237 мошенник с картой") },
		func(c *chat) { c.say("/report"); c.say(pan) },
		func(c *chat) {
			c.say("/report 87011234567")
			c.say("карта " + pan)
		},
		func(c *chat) { c.say("/report 87011234567"); c.say("/check " + pan) },
		func(c *chat) { c.say("/report 87011234567"); c.say("/report " + pan + " и слова") },
		func(c *chat) {
			c.say("/report 87011234567")
			c.send(Input{Kind: KindMedia, File: fraud.File{Kind: "photo", ID: "p"}, Text: "с карты 4400 4300 0000 1237 списали"})
		},
		func(c *chat) { // half of it in each caption of an album
			c.say("/report 87011234567")
			for _, caption := range []string{"карта 4400 4300", "0000 1237 моя"} {
				c.send(Input{Kind: KindMedia, File: fraud.File{Kind: "photo", ID: "p"}, Album: "9", Text: caption})
			}
		},
	} {
		c := newChat(t, "ru")
		send(c)
		raw := strings.NewReplacer(" ", "", "-", "", `\n`, "").Replace(string(c.store.sessions[c.person].Draft))
		if raw == "" || strings.Contains(raw, pan) || strings.Contains(raw, pan[:12]) {
			t.Errorf("the draft is %s", raw)
		}
	}
}
