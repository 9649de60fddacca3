package bot

import (
	"errors"
	"testing"
	"time"

	"saqbol/emulator"
)

func TestWebhookInfo(t *testing.T) {
	api, url := emulator.Start(t, emulator.Options{})
	token, err := ParseToken(api.Token())
	if err != nil {
		t.Fatal(err)
	}
	client, err := Dial(t.Context(), token, url)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if info, err := client.WebhookInfo(t.Context()); err != nil || info != (WebhookInfo{}) {
		t.Errorf("without a webhook: %+v, %v", info, err)
	}
	const nobody = "http://127.0.0.1:1/hook" // nothing listens there
	if err := client.post(t.Context(), "setWebhook", map[string]string{"url": nobody}, new(bool), maxAnswer); err != nil {
		t.Fatal(err)
	}
	api.NewPerson("Citizen", "ru").Send("x")
	info := WebhookInfo{}
	for info.LastError == "" { // the first try fails at once
		if info, err = client.WebhookInfo(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if info.URL != nobody || info.Pending != 1 || time.Since(info.LastErrorAt).Abs() > time.Minute {
		t.Errorf("with one that nobody answers: %+v", info)
	}
	api.Close()
	if _, err := client.WebhookInfo(t.Context()); !errors.Is(err, ErrUnreachable) {
		t.Errorf("without a server: %v, want ErrUnreachable", err)
	}
}
