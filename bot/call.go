package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
)

// The methods that answers are made of.
const (
	methodSend     = "sendMessage"
	methodEdit     = "editMessageText"
	methodDocument = "sendDocument"
	methodQuery    = "answerCallbackQuery"
	methodDelete   = "deleteMessage"
)

// call is one call to Telegram, in the form in which it waits in the outbox.
type call struct {
	Method  string          `json:"method"`
	Chat    int64           `json:"chat,omitempty"`
	Person  int64           `json:"person,omitempty"`
	Message int64           `json:"message,omitempty"` // to edit or to delete
	Text    string          `json:"text,omitempty"`    // HTML, the caption of a document, the toast of a query
	Plain   bool            `json:"plain,omitempty"`   // Text has no markup
	Markup  json.RawMessage `json:"markup,omitempty"`
	ReplyTo int64           `json:"reply_to,omitempty"`
	Query   string          `json:"query,omitempty"`
	Name    string          `json:"name,omitempty"` // of a document
	Data    []byte          `json:"data,omitempty"` // of a document
	Anchor  bool            `json:"anchor,omitempty"`
	Born    time.Time       `json:"born"`
}

// lasting reports whether a call must not be lost: everything but the answer to
// a press of a button, which Telegram forgets within seconds.
func (k call) lasting() bool { return k.Method != methodQuery }

func (k call) encode() ([]byte, error) {
	payload, err := json.Marshal(k)
	if err != nil {
		return nil, fmt.Errorf("writing an answer for the outbox: %w", err)
	}
	return payload, nil
}

func decodeCall(payload []byte) (call, error) {
	var k call
	if err := json.Unmarshal(payload, &k); err != nil {
		return call{}, fmt.Errorf("reading an answer from the outbox: %w", err)
	}
	return k, nil
}

// perform makes the call and returns the id of the message it left, if any. Only a
// document goes through the library: its forms cost more than the rest of an answer.
func (c *Client) perform(ctx context.Context, k call) (message int64, err error) {
	switch k.Method {
	case methodSend:
		return c.leave(ctx, k.Method, k.send())
	case methodEdit:
		return c.leave(ctx, k.Method, k.edit())
	case methodQuery:
		return c.leave(ctx, k.Method, k.query())
	case methodDelete:
		return c.leave(ctx, k.Method, &tg.DeleteMessageParams{ChatID: k.Chat, MessageID: int(k.Message)})
	case methodDocument:
		sent, err := c.api.SendDocument(ctx, k.document())
		if err != nil {
			return 0, fmt.Errorf("calling %s: %w", k.Method, wordless(err))
		}
		return int64(sent.ID), nil
	}
	return 0, fmt.Errorf("%w: an answer of an unknown kind", tg.ErrorBadRequest)
}

// leave makes a call and returns the id of the message it left. A result that can't
// be read is no failure: what was sent must not be sent again because of that.
func (c *Client) leave(ctx context.Context, method string, params any) (message int64, err error) {
	var result json.RawMessage
	if err := c.post(ctx, method, params, &result, maxAnswer); err != nil {
		return 0, err
	}
	return messageID(result), nil
}

func (k call) send() *tg.SendMessageParams {
	return &tg.SendMessageParams{ChatID: k.Chat, Text: k.Text, ParseMode: k.mode(), LinkPreviewOptions: noPreview(),
		ReplyParameters: k.reply(), ReplyMarkup: k.markup()}
}

func (k call) edit() *tg.EditMessageTextParams {
	return &tg.EditMessageTextParams{ChatID: k.Chat, MessageID: int(k.Message), Text: k.Text, ParseMode: k.mode(),
		LinkPreviewOptions: noPreview(), ReplyMarkup: k.markup()}
}

func (k call) document() *tg.SendDocumentParams {
	params := &tg.SendDocumentParams{ChatID: k.Chat, Caption: k.Text, ReplyParameters: k.reply(), ReplyMarkup: k.markup(),
		Document: &models.InputFileUpload{Filename: k.Name, Data: bytes.NewReader(k.Data)}}
	if k.Text != "" {
		params.ParseMode = k.mode()
	}
	return params
}

func (k call) query() *tg.AnswerCallbackQueryParams {
	return &tg.AnswerCallbackQueryParams{CallbackQueryID: k.Query, Text: k.Text}
}

func (k call) mode() models.ParseMode {
	if k.Plain {
		return ""
	}
	return models.ParseModeHTML
}

func (k call) reply() *models.ReplyParameters {
	if k.ReplyTo == 0 {
		return nil
	}
	return &models.ReplyParameters{MessageID: int(k.ReplyTo), AllowSendingWithoutReply: true}
}

func (k call) markup() models.ReplyMarkup {
	if len(k.Markup) == 0 {
		return nil
	}
	return k.Markup
}

func noPreview() *models.LinkPreviewOptions {
	return &models.LinkPreviewOptions{IsDisabled: tg.True()}
}

// bare is HTML without its tags, for a server that can't read them.
func bare(text string) string {
	out := make([]byte, 0, len(text))
	for _, piece := range pieces(text) {
		if !piece.tag {
			out = append(out, piece.text...)
		}
	}
	return html.UnescapeString(string(out))
}

// riding reports whether a call may be the body of a webhook's response, where
// nobody learns what became of it: an edit may need a second try, an anchor and
// a document need an answer.
func (k call) riding() bool {
	return (k.Method == methodSend && !k.Anchor) || k.Method == methodQuery
}

// body is the call as the body of a webhook's response.
func (k call) body() ([]byte, error) {
	if k.Method == methodQuery {
		return json.Marshal(struct {
			Method string `json:"method"`
			*tg.AnswerCallbackQueryParams
		}{k.Method, k.query()})
	}
	return json.Marshal(struct {
		Method string `json:"method"`
		*tg.SendMessageParams
	}{k.Method, k.send()})
}
