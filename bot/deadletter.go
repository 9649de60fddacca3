package bot

import (
	"bytes"
	"encoding/json"
)

// maxLetter is how much of an update a dead letter keeps.
const maxLetter = 64 << 10

// maskedUpdate returns an update's JSON with everything that looks like a card number,
// a code or a password masked, in its strings and in its numbers. It is meant for
// an update that can't be trusted to be JSON at all.
func maskedUpdate(raw []byte, redact func(string) (string, bool)) []byte {
	if redact == nil {
		return nil
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	in.UseNumber()
	var value any
	if err := in.Decode(&value); err != nil || in.More() {
		text, _ := redact(string(raw))
		return cutLetter([]byte(text))
	}
	out, err := json.Marshal(maskValue(value, redact))
	if err != nil {
		return nil
	}
	return cutLetter(out)
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

func cutLetter(letter []byte) []byte {
	if len(letter) > maxLetter {
		return letter[:maxLetter]
	}
	return letter
}
