package bot

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"

	"saqbol/fraud"
)

// maxLetter is how much of an update a dead letter keeps: as much as a webhook takes.
const maxLetter = maxUpdate

// maskedUpdate returns what a dead letter keeps of an update: its very bytes where
// there is nothing to hide, and otherwise its JSON with everything masked that
// looks like a card number, a code or a password, in its strings and in its
// numbers. It is meant for an update that can't be trusted to be JSON at all.
func maskedUpdate(raw []byte, redact func(string) (string, bool)) fraud.DeadLetter {
	if redact == nil {
		return fraud.DeadLetter{}
	}
	secret, err := holdsSecret(raw, redact)
	var value any
	if secret && err == nil {
		in := json.NewDecoder(bytes.NewReader(raw))
		in.UseNumber()
		err = in.Decode(&value)
	}
	var out []byte
	switch {
	case err != nil: // no JSON, or nested too deep
		var text string
		text, secret = redact(unescaped(raw))
		out = []byte(text)
	case secret:
		if out, err = json.Marshal(maskValue(value, redact)); err != nil {
			return fraud.DeadLetter{Masked: true}
		}
	}
	if !secret {
		out = raw
	}
	if len(out) > maxLetter {
		return fraud.DeadLetter{Raw: bytes.Clone(out[:maxLetter]), Masked: secret, Cut: true}
	}
	return fraud.DeadLetter{Raw: bytes.Clone(out), Masked: secret}
}

// holdsSecret looks at every string and number of a JSON value, those of names that
// come twice too. The error says that it is not one value of JSON.
func holdsSecret(raw []byte, redact func(string) (string, bool)) (found bool, err error) {
	in := json.NewDecoder(bytes.NewReader(raw))
	in.UseNumber()
	for depth, values := 0, 0; ; {
		token, err := in.Token()
		if errors.Is(err, io.EOF) && depth == 0 && values == 1 {
			return found, nil
		}
		if err != nil {
			return found, err
		}
		hidden := false
		switch v := token.(type) {
		case json.Delim:
			if depth++; v == '}' || v == ']' {
				depth -= 2
			}
		case string:
			_, hidden = redact(v)
		case json.Number:
			_, hidden = redact(v.String())
		}
		found = found || hidden
		if depth == 0 {
			values++
		}
	}
}

// unescaped is JSON that can't be decoded with its \u sequences as letters: the
// words around a code tell that it is one.
func unescaped(raw []byte) string {
	var out strings.Builder
	text := string(raw)
	for {
		at := strings.Index(text, `\u`)
		if at < 0 {
			break
		}
		out.WriteString(text[:at])
		text = text[at:]
		var units []uint16
		for len(text) >= 6 && strings.HasPrefix(text, `\u`) {
			unit, err := strconv.ParseUint(text[2:6], 16, 16)
			if err != nil {
				break
			}
			units, text = append(units, uint16(unit)), text[6:]
		}
		if len(units) == 0 {
			out.WriteString(text[:2])
			text = text[2:]
		}
		out.WriteString(string(utf16.Decode(units)))
	}
	return out.String() + text
}

func maskValue(value any, redact func(string) (string, bool)) any {
	switch v := value.(type) {
	case string:
		out, _ := redact(v)
		return out
	case json.Number:
		if out, found := redact(v.String()); found {
			return out
		}
	case []any:
		for i := range v {
			v[i] = maskValue(v[i], redact)
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, item := range v {
			masked, _ := redact(name)
			out[masked] = maskValue(item, redact)
		}
		return out
	}
	return value
}
