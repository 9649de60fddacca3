package bot

import (
	"errors"
	"time"

	"saqbol/fraud"
	"saqbol/handlers"
	"saqbol/locales"
)

// renderer turns a Reply into the calls that show it.
type renderer struct {
	catalogue *locales.Catalogue
	clock     func() time.Time
}

// target is whom a Reply is for.
type target struct {
	chat   int64
	person int64
	query  string // the press of a button that waits for an answer, "" = none
}

// render returns the calls in the order in which they are to be made: the answer
// to a pressed button comes first, always. The error names slips of the
// programmer; the calls are as good as they can be all the same.
func (r renderer) render(to target, reply handlers.Reply) ([]call, error) {
	var calls []call
	var slips []error
	if to.query != "" {
		toast := r.catalogue.Plain(reply.Lang, reply.Toast)
		calls = append(calls, call{Method: methodQuery, Query: to.query, Text: shorten(toast, maxToast)})
	}
	if to.chat != 0 {
		for _, m := range reply.Messages {
			made, err := r.message(reply.Lang, m)
			calls = append(calls, made...)
			slips = append(slips, err)
		}
		if reply.Delete != 0 { // last: what takes its place must be there first
			calls = append(calls, call{Method: methodDelete, Message: reply.Delete})
		}
	}
	for i := range calls {
		calls[i].Chat, calls[i].Person, calls[i].Born = to.chat, to.person, r.clock().UTC()
	}
	return calls, errors.Join(slips...)
}

// message returns the calls that show one message: several where its text is too
// long for one. The first edits and answers, the last has the buttons.
func (r renderer) message(lang fraud.Lang, m handlers.Message) ([]call, error) {
	text := r.catalogue.HTML(lang, m.Text...)
	markup, err := r.markup(lang, m)
	parts := split(text, maxText)
	var calls []call
	if m.Document != nil {
		document := call{Method: methodDocument, Name: m.Document.Name, Data: m.Document.Data}
		if captions := split(text, maxCaption); len(captions) == 1 {
			document.Text, parts = captions[0], nil
		}
		calls = append(calls, document)
	}
	for _, part := range parts {
		calls = append(calls, call{Method: methodSend, Text: part})
	}
	if len(calls) == 0 {
		return nil, errors.Join(err, errors.New("a message has no text"))
	}
	first, last := &calls[0], &calls[len(calls)-1]
	if m.Edit != 0 && first.Method == methodSend && !needsKeyboard(m) {
		first.Method, first.Message = methodEdit, m.Edit
	} else {
		first.ReplyTo = m.ReplyTo
	}
	last.Markup, last.Anchor = markup, m.Anchor
	return calls, err
}
