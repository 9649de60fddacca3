package handlers

import (
	"context"
	"slices"
	"strings"

	"saqbol/fraud"
	"saqbol/locales"
)

// languageButton chooses a language; its name is written in that language.
func languageButton(lang fraud.Lang) Button {
	return Button{Label: locales.M("lang." + string(lang)), Data: "lang:" + string(lang)}
}

// kazakhWords are beginnings of words by which Kazakh is known where it is
// written without its own letters, in Cyrillic or in Latin.
const kazakhWords = "kk\tmagan,salem,komek,qongyrau,qonyrau,konyrau,kongyrau,nomir,aqsha,aksha,pul jib,jiber,zhiber,jatyr,zhatyr," +
	"qoid,koid,qoyd,koyd,aityp,aittym,berdim,deidi,kerek,alayaq,alayak,qalai,kalai,rahmet,rakhmet,tekser,isteimin,bankten," +
	"маган,конырау,акша,комектес,айтып кой,берип кой,керек,нешин,жатыр,дейди,тексер,калай,рахмет,номири,банктен,алаяк"

// offerLanguages puts the two languages under the answer to somebody who chose
// none and whose Telegram speaks neither. Choosing one there answers in a message
// of its own, so that a check stays in sight.
func offerLanguages(t Turn, reply *Reply) {
	if _, speaks := spoken(t.Language); speaks || !t.Private || t.Known.Lang != "" || t.Kind == KindButton || t.Session.Open() ||
		reply.Change.Session != nil || len(reply.Messages) == 0 {
		return
	}
	m := &reply.Messages[len(reply.Messages)-1]
	if m.Edit != 0 || m.Anchor || m.Unkey || m.Document != nil || !m.Contact.Zero() {
		return
	}
	for _, row := range m.Buttons {
		for _, b := range row {
			if strings.HasPrefix(b.Data, "lang:") {
				return
			}
		}
	}
	kk, ru := languageButton(fraud.Kazakh), languageButton(fraud.Russian)
	kk.Data, ru.Data = "lang:+"+string(fraud.Kazakh), "lang:+"+string(fraud.Russian)
	m.Buttons = append(m.Buttons, []Button{kk, ru})
}

// language answers /language: which one?
func (r *Router) language(_ context.Context, _ Turn) (Reply, error) {
	return Reply{Messages: []Message{askLanguage()}}, nil
}

func askLanguage() Message {
	return Message{
		Text:    []locales.Msg{locales.M("language.ask")},
		Buttons: [][]Button{{languageButton(fraud.Kazakh), languageButton(fraud.Russian)}},
	}
}

// languageChosen answers lang:kk and lang:ru in place, and lang:+kk and lang:+ru in
// a message of its own: from here on everything is said in that language,
// beginning with the confirmation.
func (r *Router) languageChosen(ctx context.Context, t Turn) (Reply, error) {
	choice, own := strings.CutPrefix(strings.TrimPrefix(t.Button, "lang:"), "+")
	lang := fraud.Lang(choice)
	if !slices.Contains(locales.Langs(), lang) {
		return stale(ctx, t)
	}
	m := welcome(lang)
	if !own {
		m.Edit = t.Message
	}
	m.Text = append([]locales.Msg{locales.M("language.changed"), {}}, m.Text...)
	return Reply{
		Lang: lang, Messages: []Message{m}, Toast: locales.M("language.changed"),
		Change: fraud.Change{Lang: lang},
	}, nil
}
