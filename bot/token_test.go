package bot

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestParseToken(t *testing.T) {
	const long = "123456789:AAE_abcdefghijklmnopqrstuvwxyz-01234"
	for _, good := range []string{long, " " + long + "\n", "42:abc"} {
		token, err := ParseToken(good)
		if err != nil || token.reveal() != strings.TrimSpace(good) {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", " ", "abc", "42:", "42:ab", ":secretsecret", "42:sec ret", "42:секрет", "42:secret\nmore", "x42:secret"} {
		_, err := ParseToken(bad)
		if err == nil {
			t.Errorf("%q is taken for a token", bad)
			continue
		}
		if strings.Contains(err.Error(), "sec") || strings.Contains(err.Error(), "42") {
			t.Errorf("the error shows what was given: %v", err)
		}
	}
}

// No way of printing shows a secret, not even inside a struct's unexported fields.
func TestTrapSecretNeverPrinted(t *testing.T) {
	const secret = "42:a_token-of-the-tests"
	token, err := ParseToken(secret + "\n")
	if err != nil {
		t.Fatal(err)
	}
	type inside struct {
		Shown  Token
		hidden Token
	}
	values := []any{token, &token, token.Secret, inside{token, token}, &inside{token, token}, []Token{token}, map[string]Token{"a": token},
		Options{Webhook: Webhook{Secret: NewSecret(secret)}}, &Client{token: token}}
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%T"} {
			if out := fmt.Sprintf(verb, value); strings.Contains(out, "a_token") || strings.Contains(out, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s of a %T shows the secret: %s", verb, value, out)
			}
		}
	}
	if out := token.String() + token.GoString() + token.LogValue().String(); out != "*********" {
		t.Errorf("String, GoString and LogValue give %q", out)
	}
	out, err := json.Marshal(inside{Shown: token, hidden: token})
	if err != nil || string(out) != `{"Shown":"***"}` {
		t.Errorf("JSON is %s, %v", out, err)
	}
	log := &logged{}
	slog.New(slog.NewTextHandler(log, nil)).Info("started", "token", token, "options", inside{token, token})
	if strings.Contains(log.String(), "a_token") {
		t.Errorf("the log shows the secret: %s", log)
	}
}
