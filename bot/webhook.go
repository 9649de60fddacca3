package bot

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	tg "github.com/go-telegram/bot"
)

const (
	secretHeader = "X-Telegram-Bot-Api-Secret-Token"
	maxUpdate    = 1 << 20          // bytes of an update
	holdDelivery = 25 * time.Second // how long a delivery waits for its update to be committed
)

// Webhook takes the updates that Telegram delivers. It answers 200 once an
// update's effect is committed; what can't be decoded is kept as a dead letter
// and counts as done, for it would only come again. 503, which it also answers
// before Run and while it stops, makes Telegram deliver the update again.
func (b *Bot) Webhook() http.Handler { return http.HandlerFunc(b.receive) }

func (b *Bot) receive(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	if !b.admits(r.Header.Get(secretHeader)) {
		b.refused.seen(time.Now())
		http.Error(w, "wrong secret", http.StatusUnauthorized)
		return
	}
	if !b.open.Load() || b.full() {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	// What knocks with the secret is Telegram, which may deliver before it has
	// answered that the webhook is set.
	b.health.started(time.Now())
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdate))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		http.Error(w, "too long for an update", http.StatusRequestEntityTooLarge)
	case err != nil:
		http.Error(w, "the update broke off", http.StatusBadRequest)
	default:
		b.deliver(w, r, body)
	}
}

// admits compares secrets in a time that tells nothing of either.
func (b *Bot) admits(given string) bool {
	if b.options.Webhook.Secret.Empty() {
		return false
	}
	want, got := sha256.Sum256([]byte(b.options.Webhook.Secret.reveal())), sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// deliver waits for the update to be acknowledged. A lone answer without an effect
// behind it rides back in the body; what can't be written goes out as a call
// (docs/adr/0015).
func (b *Bot) deliver(w http.ResponseWriter, r *http.Request, body []byte) {
	e := b.accept(decode(json.RawMessage(body)), true)
	if e == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), holdDelivery)
	defer cancel()
	select {
	case <-e.done:
	case <-e.offered:
	case <-ctx.Done():
	case <-b.ctx.Done():
	}
	if p := e.leave(); p != nil {
		b.carry(w, r, p)
		return
	}
	select { // another delivery of the same update may be carrying its answer
	case <-e.done:
	case <-ctx.Done():
	case <-b.ctx.Done():
	}
	select {
	case <-e.done: // also where the bot has stopped meanwhile: what is done must not come again
		if !e.refused {
			w.WriteHeader(http.StatusOK)
			return
		}
	default:
	}
	http.Error(w, "not done yet", http.StatusServiceUnavailable)
}

// carry writes a call into the body of the response to Telegram.
func (b *Bot) carry(w http.ResponseWriter, r *http.Request, p *parcel) {
	k := p.call()
	body, err := k.body()
	if err == nil {
		err = r.Context().Err()
	}
	if err == nil {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body))) // one write, no chunks
		if _, err = w.Write(body); err == nil {
			err = http.NewResponseController(w).Flush()
		}
	}
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		b.sender.put(k.Chat, p)
		return
	}
	b.options.Meter.Call(methodOf(k.Method), Carried, 0)
	b.sender.finish(p)
}

func (b *Bot) setWebhook(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, b.options.Bounds.Call)
	defer cancel()
	hook := b.options.Webhook
	_, err := b.options.Client.api.SetWebhook(ctx, &tg.SetWebhookParams{URL: hook.URL, SecretToken: hook.Secret.reveal(),
		AllowedUpdates: allowedUpdates(), MaxConnections: hook.MaxConnections})
	if err != nil {
		return fmt.Errorf("setting the webhook: %w", wordless(err))
	}
	return nil
}

func (b *Bot) deleteWebhook(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, b.options.Bounds.Call)
	defer cancel()
	if _, err := b.options.Client.api.DeleteWebhook(ctx, &tg.DeleteWebhookParams{}); err != nil {
		return fmt.Errorf("ending the webhook: %w", wordless(err))
	}
	return nil
}
