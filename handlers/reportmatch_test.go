package handlers

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"saqbol/fraud"
	"saqbol/locales"
)

func TestMatchOption(t *testing.T) {
	r := newChat(t, "ru").router
	for _, c := range []struct{ step, text, want string }{
		{stepChannel, "Қоңырау", "call"},
		{stepChannel, "конырау", "call"},
		{stepChannel, "qońyraý", "call"},
		{stepChannel, "QONYRAU", "call"},
		{stepChannel, "мне позвонили", "call"},
		{stepChannel, "  📞 звонок!!", "call"},
		{stepChannel, "смс", "sms"},
		{stepChannel, "SMS", "sms"},
		{stepChannel, "Whats App", "whatsapp"},
		{stepChannel, "уатсап", "whatsapp"},
		{stepChannel, "дүкен", "shop"},
		{stepChannel, "реклама", "shop"},
		{stepChannel, "жүзбе жүз", "person"},
		{stepChannel, "7", "other"},
		{stepChannel, "8", ""},
		{stepChannel, "0", ""},
		{stepChannel, "-1", ""},
		{stepChannel, "позвонили в ватсапе и телеграме", ""},
		{stepChannel, "😀", ""},
		{stepChannel, "", ""},
		{stepClaim, "полиция", "police"},
		{stepClaim, "КНБ", "police"},
		{stepClaim, "Банктен", "bank"},
		{stepClaim, "туыс", "relative"},
		{stepClaim, "банк и полиция", ""},
		{stepScenario, "безопасный счёт", "safe_account"},
		{stepScenario, "қауіпсіз шот", "safe_account"},
		{stepScenario, "anydesk скачать просили", "remote_control"},
		{stepScenario, "домофон", "intercom"},
		{stepVoice, "робот", "recording"},
		{stepVoice, "адам", "person"},
		{stepWhen, "бүгін", "today"},
		{stepWhen, "осы аптада", "week"},
		{stepWhen, "давно", "earlier"},
		{stepLoss, "жоқ", "nothing"},
		{stepLoss, "Нет", "nothing"},
		{stepLoss, "aqsha", "money"},
		{stepChannel, "не звонили", ""},
		{stepChannel, "не звонили, писали в ватсапе", ""},
		{stepChannel, "ne zvonili", ""},
		{stepChannel, "қоңырау шалған жоқ", ""},
		{stepChannel, "konyrau shalgan joq", ""},
		{stepChannel, "қоңырау шалмады", ""},
		{stepChannel, "қоңырау болған емес", ""},
		{stepChannel, "маған қоңырау шалды", "call"},
		{stepClaim, "это не банк", ""},
		{stepClaim, "банк емес", ""},
		{stepClaim, "bank emes", ""},
		{stepClaim, "он не представился", "nobody"},
		{stepClaim, "өзін таныстырмады ғой", "nobody"},
		{stepClaim, "никем", "nobody"},
		{stepScenario, "товар так и не пришёл, товар не пришёл", "fake_shop"},
		{stepScenario, "код не просили", ""},
		{stepVoice, "не робот", ""},
		{stepVoice, "не знаю", "unsure"},
		{stepLoss, "не потеряла", "nothing"},
		{stepAmount, "1", ""},
		{stepWords, "1", ""},
	} {
		s, ok := stepNamed(c.step)
		if !ok {
			t.Fatalf("no step %q", c.step)
		}
		if got, ok := r.matchOption(s, c.text); got != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q means %q %v, want %q", c.step, c.text, got, ok, c.want)
		}
	}
}

// Every label, in either language and however it is cased, spaced or spelled
// without the special letters, is the button it stands on.
func TestEveryLabelMatchesItsOption(t *testing.T) {
	r := newChat(t, "kk").router
	plain := strings.NewReplacer("ә", "а", "ғ", "г", "қ", "к", "ң", "н", "ө", "о", "ұ", "у", "ү", "у", "һ", "х", "і", "и", "ё", "е")
	for _, s := range reportSteps() {
		for _, o := range s.options {
			for _, lang := range locales.Langs() {
				label := r.deps.Catalogue.Plain(lang, o.label)
				for _, text := range []string{label, strings.ToUpper(label), "• " + label, strings.ReplaceAll(label, " ", ""), plain.Replace(strings.ToLower(label))} {
					if got, ok := r.matchOption(s, text); !ok || got != o.choice {
						t.Errorf("%s: %q means %q, want %q", s.name, text, got, o.choice)
					}
				}
			}
		}
	}
}

// Whole answers stand for one choice of a step only.
func TestVocabularyIsUnambiguous(t *testing.T) {
	for _, s := range reportSteps() {
		words := vocabulary(s.name)
		owner := map[string]string{}
		for choice, w := range words {
			if _, ok := s.option(choice); !ok {
				t.Errorf("%s has words for %q, which it does not offer", s.name, choice)
			}
			for whole := range strings.SplitSeq(w.whole, ",") {
				key := foldTight(whole)
				if other, taken := owner[key]; taken && other != choice {
					t.Errorf("%s: %q stands for %q and for %q", s.name, strings.TrimSpace(whole), choice, other)
				}
				owner[key] = choice
			}
		}
	}
}

func TestFoldingIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		once := foldTight(text)
		if twice := foldTight(once); twice != once {
			t.Fatalf("%q folds to %q and then to %q", text, once, twice)
		}
		if strings.ContainsFunc(once, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsPunct(c) }) {
			t.Fatalf("%q folds to %q", text, once)
		}
	})
}

func TestGuessing(t *testing.T) {
	for text, want := range map[string]struct {
		channel  fraud.Channel
		scenario fraud.Scenario
	}{
		"позвонили, безопасный счет":                  {fraud.ChannelCall, fraud.ScenarioSafeAccount},
		"пришло смс про посылку":                      {fraud.ChannelSMS, fraud.ScenarioParcel},
		"whatsapp арқылы қоңырау шалды":               {fraud.ChannelWhatsApp, ""},
		"в телеграме предлагали инвестиции":           {fraud.ChannelTelegram, fraud.ScenarioInvestment},
		"хотели деньги":                               {"", ""},
		"позвонили насчет домофона, установи anydesk": {fraud.ChannelCall, ""},
	} {
		d := &reportDraft{Answers: map[string]string{}}
		guess(d, text)
		if got := d.details(); got.Channel != want.channel || got.Scenario != want.scenario {
			t.Errorf("%q: %q %q, want %+v", text, got.Channel, got.Scenario, want)
		}
	}
}

// A day or a sum that is denied is not taken for the answer.
func TestDeniedDaysAndSums(t *testing.T) {
	for step, texts := range map[string][]string{
		stepWhen: {"не вчера", "кеше емес", "бүгін болған жоқ"},
		stepLoss: {"не отдал 50 000", "50 мың берген жоқпын", "50 000 бермедім"},
	} {
		for _, text := range texts {
			c := openAt(t, "ru", step)
			if c.say(text); c.store.sessions[c.person].Step != step || c.draft().answered(step) {
				t.Errorf("%q is taken for an answer: %+v", text, c.draft().Answers)
			}
		}
	}
}
