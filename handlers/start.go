package handlers

import (
	"context"
	"strings"

	"saqbol/fraud"
	"saqbol/locales"
)

// reportPayload begins the payload of a link from a group that reports a subject.
const reportPayload = "rep_"

// start answers /start: a link's payload opens what it names; who speaks neither
// language, as far as is known, is asked once; everybody else is welcomed.
func (r *Router) start(ctx context.Context, t Turn) (Reply, error) {
	payload := strings.TrimSpace(t.Text)
	if token, ok := strings.CutPrefix(payload, reportPayload); ok {
		t.Button, t.Text, t.Message = "rep:"+token, "", 0
		return r.reportFromCheck(ctx, t)
	}
	if command, ok := r.commands[payload]; ok && payload != "start" {
		t.Command, t.Text = payload, ""
		return command.run(ctx, t)
	}
	if _, speaks := spoken(t.Language); t.Known.Lang == "" && !speaks {
		return Reply{Messages: []Message{{
			Text:    []locales.Msg{locales.M("start.choose")},
			Buttons: [][]Button{{languageButton(fraud.Kazakh), languageButton(fraud.Russian)}},
		}}}, nil
	}
	return Reply{Messages: []Message{welcome(t.Lang)}}, nil
}

// welcome says what the bot does and offers the other language.
func welcome(lang fraud.Lang) Message {
	other := fraud.Kazakh
	if lang == fraud.Kazakh {
		other = fraud.Russian
	}
	return Message{Text: []locales.Msg{locales.M("start.welcome")}, Buttons: [][]Button{{languageButton(other)}}}
}

// privately answers a command in a group that is nobody else's business: a link
// that opens the private chat and runs it there.
func (r *Router) privately(_ context.Context, t Turn) (Reply, error) {
	link := "https://t.me/" + r.deps.Username
	if command := strings.ToLower(t.Command); command != "start" {
		link = r.deepLink(command)
	}
	return Reply{Messages: []Message{{
		Text:    []locales.Msg{locales.M("start.privately")},
		Buttons: [][]Button{{{Label: locales.M("start.open"), URL: link}}},
	}}}, nil
}

// presence remembers that a person has blocked the bot or has come back. Of
// somebody unknown nothing is kept, not even that.
func (r *Router) presence(_ context.Context, t Turn) (Reply, error) {
	if !t.Private || !t.Known.Known {
		return Reply{}, nil
	}
	gone := t.Kind == KindBlocked
	return Reply{Change: fraud.Change{Gone: &gone}}, nil
}
