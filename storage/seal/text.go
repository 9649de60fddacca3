package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// ErrUnreadable is returned for a key that can't be read. No error of this
// package repeats what it was given.
var ErrUnreadable = errors.New("the key can't be read: give SAQBOL_KEY or saqbol.key the whole text it had, from your backup")

// format is the version of the key file that this program writes and reads.
const format = 1

// document is the key file: tink keysets in their JSON form.
type document struct {
	Format int             `json:"saqbol_key"`
	Values json.RawMessage `json:"values"`
	Tokens json.RawMessage `json:"tokens"`
	Index  json.RawMessage `json:"index"`
}

// Read reads a key set: the content of saqbol.key, or the same in base64, which
// is easier to carry in an environment variable. White space around it is no matter.
func Read(text []byte) (*Keys, error) {
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
	if len(text) == 0 {
		return nil, fmt.Errorf("%w (it is empty)", ErrUnreadable)
	}
	if text[0] != '{' {
		var ok bool
		if text, ok = fromBase64(string(text)); !ok {
			return nil, fmt.Errorf("%w (it is neither JSON nor base64)", ErrUnreadable)
		}
	}
	var doc document
	if json.Unmarshal(text, &doc) != nil {
		return nil, fmt.Errorf("%w (it is no complete JSON document)", ErrUnreadable)
	}
	if doc.Format > format {
		return nil, fmt.Errorf("the key was made by a newer SaqBol (format %d): update this program", doc.Format)
	}
	var handles [3]*keyset.Handle
	for i, raw := range []json.RawMessage{doc.Values, doc.Tokens, doc.Index} {
		handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
		if err != nil {
			return nil, fmt.Errorf("%w (a keyset in it is missing or damaged)", ErrUnreadable)
		}
		handles[i] = handle
	}
	keys, err := newKeys(handles[0], handles[1], handles[2])
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrUnreadable, err)
	}
	return keys, nil
}

// fromBase64 reads any of the usual base64 alphabets, padded or not.
func fromBase64(text string) ([]byte, bool) {
	text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/", "\n", "", "\r", "").Replace(text), "=")
	raw, err := base64.RawStdEncoding.DecodeString(text)
	return raw, err == nil
}

// Text writes the set as Read reads it: one line of JSON. It is the secret itself:
// write it nowhere but into the key file.
func (k *Keys) Text() ([]byte, error) {
	doc, now := document{Format: format}, k.now.Load()
	for _, part := range []struct {
		handle *keyset.Handle
		raw    *json.RawMessage
	}{{now.values, &doc.Values}, {now.tokens, &doc.Tokens}, {now.index, &doc.Index}} {
		var out bytes.Buffer
		if err := insecurecleartextkeyset.Write(part.handle, keyset.NewJSONWriter(&out)); err != nil {
			return nil, errors.New("a keyset can't be written")
		}
		*part.raw = out.Bytes()
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, errors.New("the key set can't be written")
	}
	return append(text, '\n'), nil
}
