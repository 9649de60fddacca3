package bot

import (
	"context"
	"fmt"
	"time"
)

// WebhookInfo is what Telegram knows of the bot's webhook.
type WebhookInfo struct {
	URL         string    // "" = none is set: updates are asked for
	Pending     int       // updates that wait for delivery
	LastError   string    // why the last delivery failed, "" = none failed
	LastErrorAt time.Time // zero without LastError
}

// WebhookInfo asks Telegram how deliveries to the webhook go.
func (c *Client) WebhookInfo(ctx context.Context) (WebhookInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	var answer struct {
		URL     string `json:"url"`
		Pending int    `json:"pending_update_count"`
		At      int64  `json:"last_error_date"`
		Message string `json:"last_error_message"`
	}
	if err := c.post(ctx, "getWebhookInfo", struct{}{}, &answer, maxAnswer); err != nil {
		return WebhookInfo{}, fmt.Errorf("asking about the webhook: %w", known(err))
	}
	info := WebhookInfo{URL: answer.URL, Pending: answer.Pending, LastError: answer.Message}
	if answer.At > 0 {
		info.LastErrorAt = time.Unix(answer.At, 0).UTC()
	}
	return info, nil
}
