package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"saqbol/storage/seal"
)

func generate(t testing.TB) *seal.Keys {
	t.Helper()
	keys, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

var place = seal.Place{Table: "people", Column: "session", Row: []byte("row")}

func TestSealOpens(t *testing.T) {
	keys := generate(t)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		at := seal.Place{Table: rapid.StringMatching(`[a-z_]*`).Draw(t, "table"), Column: "c", Row: rapid.SliceOf(rapid.Byte()).Draw(t, "row")}
		sealed, err := keys.Seal(plain, at)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := keys.Open(sealed, at); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("Open = %q, %v; want %q", got, err, plain)
		}
	})
}

func TestOpenRefusesAnotherPlace(t *testing.T) {
	keys := generate(t)
	sealed, err := keys.Seal([]byte("words"), place)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []seal.Place{
		{Table: "reports", Column: "session", Row: []byte("row")},
		{Table: "people", Column: "id", Row: []byte("row")},
		{Table: "people", Column: "session", Row: []byte("other")},
		{Table: "people", Column: "session"},
	} {
		if _, err := keys.Open(sealed, at); err == nil {
			t.Errorf("opened at %s.%s/%s", at.Table, at.Column, at.Row)
		}
	}
	if _, err := generate(t).Open(sealed, place); err == nil {
		t.Error("another set of keys opened it")
	}
	if again, _ := keys.Seal([]byte("words"), place); bytes.Equal(again, sealed) {
		t.Error("sealing twice gave the same bytes: equal values could be told")
	}
}

func TestRotatedSetOpensBoth(t *testing.T) {
	old := generate(t)
	before, err := old.Seal([]byte("words"), place)
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := old.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := rotated.Open(before, place); err != nil || string(got) != "words" {
		t.Errorf("what was sealed before the rotation: %q, %v", got, err)
	}
	after, err := rotated.Seal([]byte("words"), place)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Open(after, place); err == nil {
		t.Error("the old set opens what the new key sealed: the primary did not change")
	}
	if rotated.Newest(before) || !rotated.Newest(after) || !old.Newest(before) {
		t.Error("Newest does not tell the old key from the new one")
	}
	if old.Fingerprint() != rotated.Fingerprint() || old.Index("phone", "+77011234567") != rotated.Index("phone", "+77011234567") {
		t.Error("rows would not be found after the rotation")
	}
}

func TestIndexKeepsKindsApart(t *testing.T) {
	keys := generate(t)
	if keys.Index("phone", "102") == keys.Index("short", "102") {
		t.Error("two kinds share a key")
	}
	if keys.Index("ab", "c") == keys.Index("a", "bc") {
		t.Error("kind and value run into each other")
	}
	if keys.Index("phone", "102") == generate(t).Index("phone", "102") {
		t.Error("the hash does not depend on the key")
	}
	if keys.Fingerprint() == generate(t).Fingerprint() {
		t.Error("two sets share a fingerprint")
	}
}

func TestTextRoundTrip(t *testing.T) {
	keys, err := generate(t).Rotate()
	if err != nil {
		t.Fatal(err)
	}
	text, err := keys.Text()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Count(text, []byte("\n")) != 1 || !json.Valid(text) {
		t.Fatal("Text is not one line of JSON")
	}
	sealed, err := keys.Seal([]byte("words"), place)
	if err != nil {
		t.Fatal(err)
	}
	for name, form := range map[string]string{
		"as written":     string(text),
		"spaces around":  "\n\t " + string(text) + " \r\n",
		"BOM":            "\ufeff" + string(text),
		"base64":         base64.StdEncoding.EncodeToString(text),
		"base64url":      base64.RawURLEncoding.EncodeToString(text) + "\n",
		"wrapped base64": base64.StdEncoding.EncodeToString(text)[:60] + "\n" + base64.StdEncoding.EncodeToString(text)[60:],
	} {
		read, err := seal.Read([]byte(form))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := read.Open(sealed, place); err != nil || string(got) != "words" || read.Fingerprint() != keys.Fingerprint() {
			t.Errorf("%s: read another set", name)
		}
	}
}

func TestReadRefusesWithoutTelling(t *testing.T) {
	text, err := generate(t).Text()
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	secret := string(doc["values"])
	secret = secret[strings.Index(secret, `"value":"`)+9:][:24]
	swapped := fmt.Sprintf(`{"saqbol_key":1,"values":%s,"tokens":%s,"index":%s}`, doc["index"], doc["tokens"], doc["values"])
	for name, form := range map[string]string{
		"empty":   " \n",
		"words":   "my secret key " + secret,
		"cut":     string(text[:len(text)/2]),
		"no part": fmt.Sprintf(`{"saqbol_key":1,"values":%s}`, doc["values"]),
		"swapped": swapped,
		"damaged": strings.Replace(string(text), secret, "#"+secret[1:], 1),
		"newer":   strings.Replace(string(text), `"saqbol_key":1`, `"saqbol_key":9`, 1),
	} {
		_, err := seal.Read([]byte(form))
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if message := err.Error(); strings.Contains(message, secret[1:8]) || strings.Contains(message, "\n") {
			t.Errorf("%s: %q repeats the key or has several lines", name, message)
		}
	}
}

func TestKeysPrintNothing(t *testing.T) {
	keys := generate(t)
	text, err := keys.Text()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("start", "keys", keys, "copy", *keys)
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "keys", keys)
	inside := struct{ Keys *seal.Keys }{keys}
	raw, err := json.Marshal(inside)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{
		fmt.Sprint(keys), fmt.Sprintf("%v %+v %#v %s %q %d %x", keys, keys, keys, keys, keys, keys, keys),
		fmt.Sprintf("%v %+v %#v", *keys, *keys, *keys), fmt.Sprintf("%+v %#v", []*seal.Keys{keys}, map[string]seal.Keys{"k": *keys}),
		keys.String(), string(raw), log.String(),
	} {
		for _, trace := range []string{"tink", "keyset", "AEAD", "aead", string(text[40:60])} {
			if strings.Contains(printed, trace) {
				t.Errorf("%q shows something of the keys", printed)
			}
		}
		if !strings.Contains(printed, "***") {
			t.Errorf("%q has no ***", printed)
		}
	}
}

func BenchmarkIndex(b *testing.B) {
	keys := generate(b)
	b.ReportAllocs()
	for b.Loop() {
		keys.Index("phone", "+77011234567")
	}
}

func BenchmarkSeal(b *testing.B) {
	keys, plain := generate(b), make([]byte, 200)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.Seal(plain, place); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzRead(f *testing.F) {
	text, err := generate(f).Text()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(base64.StdEncoding.EncodeToString(text)))
	f.Add([]byte(`{"saqbol_key":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := seal.Read(text)
		if err != nil {
			return
		}
		if _, err := keys.Text(); err != nil {
			t.Errorf("what was read can't be written: %v", err)
		}
	})
}
