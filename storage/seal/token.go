package seal

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"saqbol/fraud"
)

// maxText is the longest text a token carries: with tink's prefix (5 bytes), the
// synthetic IV (16) and the kind (1) it makes 43 bytes, 58 characters of base64.
const maxText = 21

// maxToken is the length of the longest token; with a prefix such as "rep:" it
// stays under the 64 bytes of callback data.
const maxToken = 58

// lastFour is how many digits of a card are kept.
const lastFour = 4

// cardMask stands before the last digits of a card.
const cardMask = "•••• "

// tokenPlace is authenticated with every token, so that nothing else sealed
// under the same key passes for one.
const tokenPlace = "saqbol button 1"

// Tokens turns subjects into words for buttons and back; handlers.Tokens. A token
// holds the subject itself, sealed, so no row is needed for what people check.
type Tokens struct{ keys *Keys }

// Tokens returns the maker of tokens under these keys.
func (k *Keys) Tokens() Tokens { return Tokens{keys: k} }

// Identify makes the form of a subject that may be kept: of a card the keyed hash
// and the last four digits, of everything else also its value.
func (t Tokens) Identify(s fraud.Subject) fraud.Ref {
	ref := fraud.Ref{Kind: s.Kind, Key: t.keys.Index(domain(s.Kind), s.Value), Value: s.Value, Shown: s.Shown}
	if s.Kind == fraud.KindCard || s.Kind == fraud.KindBadCard {
		ref.Value = s.Value[max(0, len(s.Value)-lastFour):]
		ref.Shown = cardMask + ref.Value
	}
	return ref
}

// domain is the kind under which a subject is indexed. A number that no plan has
// today may be assigned tomorrow, and is the same number then.
func domain(kind fraud.Kind) string {
	if kind == fraud.KindImpossible {
		kind = fraud.KindPhone
	}
	return string(kind)
}

// kindByte is the byte of a kind in a token, 0 for kinds that have none. Tokens
// live on in old messages: never renumber.
func kindByte(kind fraud.Kind) byte {
	switch kind {
	case fraud.KindPhone:
		return 1
	case fraud.KindShort:
		return 2
	case fraud.KindImpossible:
		return 3
	case fraud.KindCard:
		return 4
	case fraud.KindIBAN:
		return 5
	}
	return 0
}

func kindOf(b byte) (fraud.Kind, bool) {
	for _, kind := range []fraud.Kind{fraud.KindPhone, fraud.KindShort, fraud.KindImpossible, fraud.KindCard, fraud.KindIBAN} {
		if kindByte(kind) == b {
			return kind, true
		}
	}
	return "", false
}

// Token seals a subject into at most 58 characters of A-Za-z0-9_-. The same
// subject gives the same token until the keys rotate. It fails for kinds that
// can't be reported and for values no numbering plan is long enough for.
func (t Tokens) Token(ref fraud.Ref) (string, error) {
	kind := kindByte(ref.Kind)
	if kind == 0 {
		return "", fmt.Errorf("making a token: a subject of kind %q can't be reported", ref.Kind)
	}
	plain := append(make([]byte, 0, 1+maxText), kind)
	if ref.Kind == fraud.KindCard {
		if len(ref.Value) != lastFour || digits(ref.Value) != ref.Value {
			return "", errors.New("making a token: a card is kept with its last four digits")
		}
		plain = append(append(plain, ref.Key[:]...), ref.Value...)
	} else {
		text := carried(ref)
		if text == "" {
			return "", fmt.Errorf("making a token: a value of %d characters is no %s", len(ref.Value), ref.Kind)
		}
		plain = append(plain, text...)
	}
	sealed, err := t.keys.now.Load().daead.EncryptDeterministically(plain, []byte(tokenPlace))
	if err != nil {
		return "", fmt.Errorf("making a token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// carried is the text of a subject in its token: as people read it where the
// value follows from that, so that nobody has to format it again; else the value;
// "" where neither fits.
func carried(ref fraud.Ref) string {
	for _, text := range []string{ref.Shown, ref.Value} {
		if len(text) <= maxText && valueOf(ref.Kind, text) == ref.Value {
			return text
		}
	}
	return ""
}

// valueOf is the value behind a text that carried gave.
func valueOf(kind fraud.Kind, text string) string {
	switch {
	case kind == fraud.KindIBAN:
		return strings.ReplaceAll(text, " ", "")
	case strings.HasPrefix(text, "+"):
		return "+" + digits(text)
	}
	return digits(text)
}

// digits are the ASCII digits of a text.
func digits(text string) string {
	return strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, text)
}

// Open reads a token. It reports false for one that these keys did not make.
func (t Tokens) Open(token string) (fraud.Ref, bool) {
	if len(token) > maxToken {
		return fraud.Ref{}, false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return fraud.Ref{}, false
	}
	plain, err := t.keys.now.Load().daead.DecryptDeterministically(sealed, []byte(tokenPlace))
	if err != nil || len(plain) < 2 {
		return fraud.Ref{}, false
	}
	kind, ok := kindOf(plain[0])
	if !ok {
		return fraud.Ref{}, false
	}
	if kind == fraud.KindCard {
		return openCard(plain[1:])
	}
	text := string(plain[1:])
	ref := fraud.Ref{Kind: kind, Value: valueOf(kind, text), Shown: text}
	if kind == fraud.KindIBAN {
		ref.Shown = grouped(ref.Value)
	}
	ref.Key = t.keys.Index(domain(kind), ref.Value)
	return ref, true
}

func openCard(plain []byte) (fraud.Ref, bool) {
	const size = len(fraud.Key{})
	if len(plain) != size+lastFour {
		return fraud.Ref{}, false
	}
	value := string(plain[size:])
	return fraud.Ref{Kind: fraud.KindCard, Key: fraud.Key(plain[:size]), Value: value, Shown: cardMask + value}, true
}

// grouped writes an account in groups of four, as on paper.
func grouped(value string) string {
	var out strings.Builder
	for i, c := range value {
		if i > 0 && i%4 == 0 {
			out.WriteByte(' ')
		}
		out.WriteRune(c)
	}
	return out.String()
}
