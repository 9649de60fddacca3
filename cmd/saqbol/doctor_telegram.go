package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"saqbol/bot"
)

// telegram checks the token, the way to the Bot API, the clock and the webhook.
func (d *doctor) telegram(ctx context.Context, cfg config) {
	if cfg.token.reveal() == "" {
		d.report("token", "", errors.New("TELEGRAM_BOT_TOKEN is missing: get one from @BotFather"))
		return
	}
	token, err := bot.ParseToken(cfg.token.reveal())
	if err != nil {
		d.report("token", "", fmt.Errorf("TELEGRAM_BOT_TOKEN is not a token: copy it again from @BotFather (%w)", err))
		return
	}
	client, err := bot.Dial(ctx, token, cfg.apiURL)
	if err != nil {
		d.report("token", "", dialAdvice(err))
		return
	}
	defer client.Close()
	d.report("token", "Telegram knows @"+client.Username(), nil)
	d.clock(ctx, client)
	if d.knows("WEBHOOK_URL") {
		d.webhook(ctx, client, cfg)
	}
}

// maxSkew is how far the clock may be from Telegram's: the date of an HTTP answer
// has whole seconds, and reports are dated by the day.
const maxSkew = 30 * time.Second

func (d *doctor) clock(ctx context.Context, client *bot.Client) {
	theirs, err := client.Date(ctx)
	if err != nil {
		d.report("clock", "", fmt.Errorf("no answer from Telegram to compare with: %w", err))
		return
	}
	skew := time.Since(theirs)
	if skew.Abs() > maxSkew {
		err = fmt.Errorf("this machine's clock is %s off: set it by NTP (timedatectl set-ntp true)", skew.Abs().Round(time.Second))
	}
	d.report("clock", "agrees with Telegram's", err)
}

// What of a webhook's state is worth a warning.
const (
	manyPending = 100
	lateError   = time.Hour
)

func (d *doctor) webhook(ctx context.Context, client *bot.Client, cfg config) {
	info, err := client.WebhookInfo(ctx)
	if err != nil {
		d.report("webhook", "", err)
		return
	}
	failing := info.LastError != "" && time.Since(info.LastErrorAt) < lateError
	switch {
	case cfg.webhook == nil && info.URL != "":
		d.add("webhook", gradeWarn, "one is set, but WEBHOOK_URL is empty: `saqbol run` removes it and polls; if another SaqBol should get the updates there, give this one another token")
	case cfg.webhook != nil && info.URL != "" && info.URL != cfg.webhook.String():
		d.add("webhook", gradeWarn, "updates go to another address than WEBHOOK_URL: `saqbol run` changes that; if another SaqBol should get them there, give this one another token")
	case cfg.webhook != nil && failing:
		d.add("webhook", gradeFail, "the last delivery failed %s ago (%s): see that %s can be reached from the internet with a valid certificate and is passed on to HTTP_LISTEN",
			ago(info.LastErrorAt), info.LastError, cfg.webhook)
	case info.Pending > manyPending:
		d.add("webhook", gradeWarn, "%d updates wait to be taken in: start the bot, or see in its log why it takes none", info.Pending)
	case cfg.webhook == nil:
		d.add("webhook", gradeOK, "none is set, as polling needs it; %s", counted(info.Pending, "update waits", "updates wait"))
	case info.URL == "":
		d.add("webhook", gradeOK, "not set yet; `saqbol run` sets it")
	default:
		d.add("webhook", gradeOK, "set to WEBHOOK_URL; %s", counted(info.Pending, "update waits", "updates wait"))
	}
}
