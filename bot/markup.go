package bot

import (
	"encoding/json"
	"fmt"
	"strings"

	"saqbol/fraud"
	"saqbol/handlers"
)

// inlineKeyboard stands in for the library's, whose every button carries an empty
// copy_text that a strict server refuses.
type inlineKeyboard struct {
	Rows [][]inlineButton `json:"inline_keyboard"`
}

type inlineButton struct {
	Text string `json:"text"`
	Data string `json:"callback_data,omitempty"`
	URL  string `json:"url,omitempty"`
}

type replyKeyboard struct {
	Rows    [][]replyButton `json:"keyboard"`
	Resize  bool            `json:"resize_keyboard"`
	OneTime bool            `json:"one_time_keyboard"`
}

type replyButton struct {
	Text    string `json:"text"`
	Contact bool   `json:"request_contact"`
}

// needsKeyboard reports whether a message changes the keyboard under the input
// field, which an edit can't.
func needsKeyboard(m handlers.Message) bool {
	return len(m.Buttons) == 0 && (!m.Contact.Zero() || m.Unkey)
}

// markup renders what stands under a message: buttons, or else the keyboard that
// shares a contact, or else its removal. A message can have only one of them.
func (r renderer) markup(lang fraud.Lang, m handlers.Message) (json.RawMessage, error) {
	switch {
	case len(m.Buttons) > 0:
		keyboard, err := r.inline(lang, m.Buttons)
		if len(keyboard.Rows) == 0 {
			return nil, err
		}
		return encoded(keyboard), err
	case !m.Contact.Zero():
		label := shorten(r.catalogue.Plain(lang, m.Contact), maxLabel)
		return encoded(replyKeyboard{Rows: [][]replyButton{{{Text: label, Contact: true}}}, Resize: true, OneTime: true}), nil
	case m.Unkey:
		return json.RawMessage(`{"remove_keyboard":true}`), nil
	}
	return nil, nil
}

// inline renders buttons. Those that Telegram would refuse are left out, so that
// the message arrives; the error tells the programmer.
func (r renderer) inline(lang fraud.Lang, rows [][]handlers.Button) (inlineKeyboard, error) {
	var keyboard inlineKeyboard
	var err error
	for _, row := range rows {
		var made []inlineButton
		for _, b := range row {
			label := shorten(strings.TrimSpace(b.Mark+" "+r.catalogue.Plain(lang, b.Label)), maxLabel)
			switch {
			case label == "" || (b.Data == "") == (b.URL == ""):
				err = fmt.Errorf("the button %q needs a label and either data or a URL", b.Label.Key)
			case len(b.Data) > maxData:
				err = fmt.Errorf("the data of the button %q is longer than %d bytes", b.Label.Key, maxData)
			default:
				made = append(made, inlineButton{Text: label, Data: b.Data, URL: b.URL})
			}
		}
		if len(made) > 0 {
			keyboard.Rows = append(keyboard.Rows, made)
		}
	}
	return keyboard, err
}

// encoded is for types whose encoding can't fail.
func encoded(v any) json.RawMessage {
	out, err := json.Marshal(v)
	if err != nil {
		panic("bot: writing a keyboard: " + err.Error())
	}
	return out
}
