package seal_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

// subjects draws subjects as a recogniser makes them.
func subjects() *rapid.Generator[fraud.Subject] {
	return rapid.Custom(func(t *rapid.T) fraud.Subject {
		switch kind := rapid.SampledFrom([]fraud.Kind{fraud.KindPhone, fraud.KindShort, fraud.KindImpossible, fraud.KindCard, fraud.KindIBAN}).Draw(t, "kind"); kind {
		case fraud.KindShort:
			value := rapid.StringMatching(`[0-9]{3,6}`).Draw(t, "value")
			return fraud.Subject{Kind: kind, Value: value, Shown: value}
		case fraud.KindCard:
			value := rapid.StringMatching(`[0-9]{13,19}`).Draw(t, "value")
			return fraud.Subject{Kind: kind, Value: value, Shown: value[:4] + " ••••"}
		case fraud.KindIBAN:
			value := rapid.StringMatching(`KZ[0-9]{5}[A-Z0-9]{13}`).Draw(t, "value")
			return fraud.Subject{Kind: kind, Value: value, Shown: strings.TrimSpace(value[:4] + " " + value[4:8] + " " + value[8:12] + " " + value[12:16] + " " + value[16:])}
		default:
			value := rapid.StringMatching(`\+[0-9]{7,15}`).Draw(t, "value")
			cut := rapid.IntRange(2, 6).Draw(t, "cut")
			shown := value[:cut] + rapid.SampledFrom([]string{" ", "-", ""}).Draw(t, "separator") + value[cut:]
			return fraud.Subject{Kind: kind, Value: value, Shown: shown}
		}
	})
}

func TestTokenRoundTrip(t *testing.T) {
	tokens := generate(t).Tokens()
	rapid.Check(t, func(t *rapid.T) {
		subject := subjects().Draw(t, "subject")
		ref := tokens.Identify(subject)
		token, err := tokens.Token(ref)
		if err != nil {
			t.Fatal(err)
		}
		if len(token) > 58 || strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Fatalf("token %q: %d characters", token, len(token))
		}
		if got, ok := tokens.Open(token); !ok || got != ref {
			t.Fatalf("Open = %+v, %v; want %+v", got, ok, ref)
		}
		if again, _ := tokens.Token(ref); again != token {
			t.Fatal("the same subject has two tokens")
		}
	})
}

func TestTokenOfLongestSubjects(t *testing.T) {
	tokens := generate(t).Tokens()
	for _, s := range []fraud.Subject{
		{Kind: fraud.KindPhone, Value: "+998901234567890", Shown: "+998 90 123 456 78 90"},
		{Kind: fraud.KindImpossible, Value: "+77031234567890123456", Shown: "+77031234567890123456"},
		{Kind: fraud.KindPhone, Value: "+390612345678901", Shown: "+39 0612 34 56 78 90 1 (fixed)"},
		{Kind: fraud.KindIBAN, Value: "KZ86125KZT5004100100", Shown: "KZ86 125K ZT50 0410 0100"},
		{Kind: fraud.KindCard, Value: "4400430000001237", Shown: "4400 43•• •••• 1237"},
	} {
		token, err := tokens.Token(tokens.Identify(s))
		if err != nil || len(token) > 58 {
			t.Errorf("%s: %d characters, %v", s.Kind, len(token), err)
			continue
		}
		if ref, ok := tokens.Open(token); !ok || ref.Key != tokens.Identify(s).Key {
			t.Errorf("%s: opened as %+v, %v", s.Kind, ref, ok)
		}
	}
}

func TestIdentifyKeepsNoCardNumber(t *testing.T) {
	tokens := generate(t).Tokens()
	ref := tokens.Identify(fraud.Subject{Kind: fraud.KindCard, Value: "4400430000001237", Shown: "4400 43•• •••• 1237"})
	if ref.Value != "1237" || ref.Shown != "•••• 1237" {
		t.Errorf("a card is kept as %q, %q", ref.Value, ref.Shown)
	}
	other := tokens.Identify(fraud.Subject{Kind: fraud.KindCard, Value: "5105105105101237"})
	if other.Key == ref.Key {
		t.Error("two cards with the same last digits share a key")
	}
}

func TestImpossibleNumberKeepsItsKey(t *testing.T) {
	tokens := generate(t).Tokens()
	impossible := tokens.Identify(fraud.Subject{Kind: fraud.KindImpossible, Value: "+77031234567"})
	phone := tokens.Identify(fraud.Subject{Kind: fraud.KindPhone, Value: "+77031234567"})
	if impossible.Key != phone.Key {
		t.Error("the day a numbering plan takes the number in, its reports would be lost")
	}
}

func TestTokenRefuses(t *testing.T) {
	tokens := generate(t).Tokens()
	for _, ref := range []fraud.Ref{
		{},
		{Kind: fraud.KindBadCard, Value: "1234"},
		{Kind: fraud.KindBadIBAN, Value: "KZ00125KZT5004100100"},
		{Kind: fraud.KindPhone},
		{Kind: fraud.KindPhone, Value: "+7701123456712345678901"},
		{Kind: fraud.KindPhone, Value: "someone"},
		{Kind: fraud.KindCard, Value: "4400430000001237"},
		{Kind: fraud.KindCard, Value: "12a4"},
	} {
		if token, err := tokens.Token(ref); err == nil {
			t.Errorf("%+v became %q", ref, token)
		} else if len(ref.Value) > 4 && strings.Contains(err.Error(), ref.Value) {
			t.Errorf("the error repeats the value: %v", err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	keys := generate(t)
	tokens := keys.Tokens()
	token, err := tokens.Token(tokens.Identify(fraud.Subject{Kind: fraud.KindPhone, Value: "+77011234567"}))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := generate(t).Tokens().Open(token); ok {
		t.Error("other keys opened a token")
	}
	for i := range token {
		changed := []byte(token)
		changed[i] = map[bool]byte{true: 'B', false: 'A'}[changed[i] == 'A']
		if _, ok := tokens.Open(string(changed)); ok {
			t.Errorf("a token changed at %d was opened", i)
		}
	}
	sealed, err := keys.Seal([]byte("\x01+77011234567"), seal.Place{})
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"", "no token", token[:len(token)-1], token + "A", base64.RawURLEncoding.EncodeToString(sealed)} {
		if _, ok := tokens.Open(other); ok {
			t.Errorf("%q was opened", other)
		}
	}
}

func TestTokensOutliveRotation(t *testing.T) {
	keys := generate(t)
	ref := keys.Tokens().Identify(fraud.Subject{Kind: fraud.KindPhone, Value: "+77011234567", Shown: "+7 701 123 45 67"})
	token, err := keys.Tokens().Token(ref)
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := keys.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := rotated.Tokens().Open(token); !ok || got != ref {
		t.Errorf("a button from before the rotation: %+v, %v", got, ok)
	}
	if again, _ := rotated.Tokens().Token(ref); again == token {
		t.Error("the token key did not change")
	}
}

func FuzzOpen(f *testing.F) {
	tokens := generate(f).Tokens()
	token, err := tokens.Token(tokens.Identify(fraud.Subject{Kind: fraud.KindCard, Value: "4400430000001237"}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("")
	f.Add(strings.Repeat("A", 58))
	f.Fuzz(func(t *testing.T, text string) {
		ref, ok := tokens.Open(text)
		if !ok {
			return
		}
		if again, err := tokens.Token(ref); err != nil || again != text {
			t.Errorf("%q opens as %+v but makes %q, %v", text, ref, again, err)
		}
	})
}

func BenchmarkToken(b *testing.B) {
	tokens := generate(b).Tokens()
	ref := tokens.Identify(fraud.Subject{Kind: fraud.KindPhone, Value: "+77011234567", Shown: "+7 701 123 45 67"})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tokens.Token(ref); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	tokens := generate(b).Tokens()
	token, err := tokens.Token(tokens.Identify(fraud.Subject{Kind: fraud.KindPhone, Value: "+77011234567", Shown: "+7 701 123 45 67"}))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if ref, ok := tokens.Open(token); !ok || !bytes.Equal([]byte(ref.Value), []byte("+77011234567")) {
			b.Fatal("not opened")
		}
	}
}
