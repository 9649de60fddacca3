package bot

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	tg "github.com/go-telegram/bot"
)

const hostileWords = "зеленыйжираф 6200000000:AAsecretPart 4400430266113346"

// What Telegram says of a refused call may repeat what was sent. Only words that
// are known pass, and the program still tells one refusal from another by them.
func TestPhrase(t *testing.T) {
	for description, want := range map[string]string{
		"Bad Request: message is not modified: " + hostileWords: "message is not modified",
		"Bad Request: can't parse entities: " + hostileWords:    "can't parse entities",
		"Forbidden: bot was blocked by the user":                "bot was blocked by the user",
		hostileWords:                                            "it gives a reason that is not shown",
		"":                                                      "it gives a reason that is not shown",
	} {
		if got := phrase(description); !strings.HasPrefix(got, want) || strings.Contains(got, "жираф") {
			t.Errorf("%q is shown as %q, want %q", description, got, want)
		}
	}
}

func TestReadable(t *testing.T) {
	hostile, err := json.Marshal(hostileWords)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ answer, want string }{
		"a message":       {`{"ok":true,"result":{"message_id":7,"text":` + string(hostile) + `}}`, `{"ok":true,"result":{"message_id":7}}`},
		"a yes":           {`{"ok":true,"result":true}`, `{"ok":true,"result":true}`},
		"a refusal":       {`{"ok":false,"error_code":400,"description":` + string(hostile) + `}`, `"error_code":400`},
		"a limit":         {`{"ok":false,"error_code":429,"description":"x","parameters":{"retry_after":5}}`, `"retry_after":5`},
		"a moved group":   {`{"ok":false,"error_code":400,"description":"x","parameters":{"migrate_to_chat_id":-1001234567890}}`, `"migrate_to_chat_id":-1001234567890`},
		"no JSON":         {`{` + hostileWords, ""},
		"the wrong type":  {`{"ok":"` + hostileWords + `"}`, ""},
		"a long number":   {`{"ok":false,"error_code":44004302661133460000}`, ""},
		"in the envelope": {`{"ok":false,"description":4400430266113346}`, ""},
	} {
		got, err := readable([]byte(tt.answer))
		if (err != nil) != (tt.want == "") || !strings.Contains(string(got), tt.want) {
			t.Errorf("%s: %s, %v; want %s", name, got, err, tt.want)
		}
		for _, secret := range []string{"жираф", "AAsecret", "44004302661133"} {
			if strings.Contains(string(got), secret) || err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %s, %v: it repeats %s", name, got, err, secret)
			}
		}
	}
}

// Every phrase that the program goes by must be one that passes.
func TestPhrasesThatDecide(t *testing.T) {
	for _, said := range []string{"message is not modified", "can't parse entities"} {
		k, settled, ok := call{Method: methodEdit, Message: 1, Text: "x"}.mend((envelope{Code: 400, Description: phrase("Bad Request: " + said)}).refusal())
		if !settled && (!ok || !k.Plain) {
			t.Errorf("%q is not recognised any more", said)
		}
	}
	if err := (envelope{Code: 403, Description: phrase(hostileWords)}).refusal(); outcomeOf(err).fate != fateGone || !isAPI(err) || strings.Contains(err.Error(), "жираф") {
		t.Errorf("a refusal reads %v", err)
	}
	if err := (envelope{Code: 409, Description: phrase("x")}).refusal(); !errors.Is(known(err), tg.ErrorConflict) {
		t.Errorf("a conflict reads %v", err)
	}
}
