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

// languageChosen answers lang:kk and lang:ru: from here on everything is said in
// that language, beginning with the confirmation.
func (r *Router) languageChosen(ctx context.Context, t Turn) (Reply, error) {
	lang := fraud.Lang(strings.TrimPrefix(t.Button, "lang:"))
	if !slices.Contains(locales.Langs(), lang) {
		return stale(ctx, t)
	}
	m := welcome(lang)
	m.Edit = t.Message
	m.Text = append([]locales.Msg{locales.M("language.changed"), {}}, m.Text...)
	if t.Session.Open() {
		m.Text = append(m.Text, locales.Msg{}, locales.M("common.draft_kept"))
	}
	return Reply{
		Lang: lang, Messages: []Message{m}, Toast: locales.M("language.changed"),
		Change: fraud.Change{Lang: lang},
	}, nil
}
