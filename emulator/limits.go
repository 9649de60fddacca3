package emulator

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Telegram's limits, from its manual of the Bot API.
const (
	maxText        = 4096 // UTF-16 code units after entities are parsed
	maxCaption     = 1024
	maxToast       = 200
	maxButtonData  = 64 // bytes
	maxButtons     = 100
	maxKeys        = 300
	maxCopyText    = 256
	maxCommands    = 100
	maxDescription = 256 // of a command
	maxDownload    = 20 << 20
)

var commandName = regexp.MustCompile(`^[a-z0-9_]+$`) // and at most 32

// marked reads a text and its entities, out of its parse mode or its list.
func (c *call) marked(p params, name, entities string, limit int) (string, []Entity, *apiError) {
	plain := p.str(name)
	marks, refused := listed(p.list(entities), units(plain))
	if refused != nil {
		return "", nil, refused
	}
	switch mode := p.str("parse_mode"); strings.ToLower(mode) {
	case "":
		plain, marks = trimText(plain, marks)
	case "html":
		var err error
		if plain, marks, err = parseHTML(plain); err != nil {
			return "", nil, refuse("can't parse entities: %v", err)
		}
	case "markdown", "markdownv2":
		return "", nil, notEmulated("parse_mode " + mode)
	default:
		return "", nil, refuse("unsupported parse_mode")
	}
	if units(plain) > limit {
		if name == "caption" {
			return "", nil, refuse("message caption is too long")
		}
		if strings.HasPrefix(c.method, "edit") {
			return "", nil, refuse("MESSAGE_TOO_LONG")
		}
		return "", nil, refuse("message is too long")
	}
	return plain, marks, nil
}

// listed reads entities given as a list and holds them within the text.
func listed(list []any, length int) ([]Entity, *apiError) {
	var out []Entity
	for _, v := range list {
		p, _ := v.(map[string]any)
		from, _ := p["offset"].(int64)
		size, _ := p["length"].(int64)
		if from < 0 || size <= 0 || from > int64(length) || size > int64(length)-from {
			return nil, refuse("can't parse entities: an entity reaches outside the text")
		}
		out = append(out, Entity{
			Type: text(p, "type"), Offset: int(from), Length: int(size),
			URL: text(p, "url"), Language: text(p, "language"), CustomEmojiID: text(p, "custom_emoji_id"),
		})
	}
	return out, nil
}

// checkMarkup holds a keyboard against the limits that the types don't show.
func checkMarkup(markup map[string]any, private bool) *apiError {
	switch {
	case markup["inline_keyboard"] != nil:
		return checkInline(markup)
	case markup["keyboard"] != nil:
		return checkKeys(markup, private)
	case markup["remove_keyboard"] == false:
		return refuse(`field "reply_markup.remove_keyboard": must be true`)
	case markup["force_reply"] == false:
		return refuse(`field "reply_markup.force_reply": must be true`)
	}
	return nil
}

// each calls check for every button of a keyboard.
func each(markup map[string]any, key string, check func(b map[string]any, row, column int) *apiError) (int, *apiError) {
	n := 0
	rows, _ := markup[key].([]any)
	for i, row := range rows {
		cells, _ := row.([]any)
		for j, cell := range cells {
			n++
			b, _ := cell.(map[string]any)
			if refused := check(b, i, j); refused != nil {
				return n, refused
			}
		}
	}
	return n, nil
}

func checkInline(markup map[string]any) *apiError {
	n, refused := each(markup, "inline_keyboard", func(b map[string]any, row, column int) *apiError {
		if err := inlineButton(b); err != "" {
			return refuse(`%s (field "reply_markup.inline_keyboard[%d][%d]")`, err, row, column)
		}
		return nil
	})
	if refused == nil && n > maxButtons {
		return refuse("REPLY_MARKUP_TOO_LONG: %d buttons, %d may be", n, maxButtons)
	}
	return refused
}

// inlineButton says what is wrong with an inline button, in Telegram's words
// where they are known.
func inlineButton(b map[string]any) string {
	if strings.TrimSpace(text(b, "text")) == "" {
		return "can't parse inline keyboard button: text of the button must be non-empty"
	}
	actions := 0
	for _, action := range []string{
		"url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
		"switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
	} {
		if _, ok := b[action]; ok {
			actions++
		}
	}
	data, hasData := b["callback_data"].(string)
	_, hasURL := b["url"]
	copied, hasCopy := b["copy_text"].(map[string]any)
	copyUnits := units(text(copied, "text"))
	switch {
	case hasCopy && (copyUnits == 0 || copyUnits > maxCopyText):
		return "BUTTON_COPY_TEXT_INVALID"
	case actions == 0:
		return "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
	case actions > 1:
		return "can't parse inline keyboard button: exactly one of the optional fields must be used"
	case hasData && (data == "" || len(data) > maxButtonData):
		return "BUTTON_DATA_INVALID"
	case hasURL && !buttonURL(text(b, "url")):
		return "BUTTON_URL_INVALID"
	case !buttonStyle(b):
		return "can't parse inline keyboard button: unknown style"
	}
	return ""
}

func buttonURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" || u.Scheme == "tg"
}

func buttonStyle(b map[string]any) bool {
	switch b["style"] {
	case nil, "danger", "success", "primary":
		return true
	}
	return false
}

func checkKeys(markup map[string]any, private bool) *apiError {
	n, refused := each(markup, "keyboard", func(b map[string]any, row, column int) *apiError {
		requests := 0
		for name := range b {
			if strings.HasPrefix(name, "request_") || name == "web_app" {
				requests++
			}
		}
		wrong := ""
		switch {
		case strings.TrimSpace(text(b, "text")) == "":
			wrong = "text of the button must be non-empty"
		case requests > 1:
			wrong = "at most one of the request fields may be used"
		case !private && requests > 0:
			wrong = "phone number, location and the like can be requested in private chats only"
		case !buttonStyle(b):
			wrong = "unknown style"
		}
		if wrong != "" {
			return refuse(`can't parse keyboard button: %s (field "reply_markup.keyboard[%d][%d]")`, wrong, row, column)
		}
		return nil
	})
	switch {
	case refused != nil:
		return refused
	case n == 0:
		return refuse("reply keyboard must have a button")
	case n > maxKeys:
		return refuse("REPLY_MARKUP_TOO_LONG: %d keys, %d may be", n, maxKeys)
	case utf8.RuneCountInString(text(markup, "input_field_placeholder")) > 64:
		return refuse(`field "reply_markup.input_field_placeholder": longer than 64 characters`)
	}
	return nil
}
