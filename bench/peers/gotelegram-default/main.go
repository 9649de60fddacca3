// Program gotelegram-default answers every message after one plain lookup, with
// github.com/go-telegram/bot as its README shows it: its own HTTP client, its own
// dispatch. ORDERED has it handle one update after the other, which is the only
// order that the library offers.
package main

import (
	"context"
	"net/http"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"saqbol/bench/peers/peer"
)

func main() {
	s := peer.Read()
	lookup := peer.Open(s.DB)
	options := []bot.Option{
		bot.WithServerURL(s.API), bot.WithWebhookSecretToken(s.Secret),
		bot.WithDefaultHandler(func(ctx context.Context, b *bot.Bot, u *models.Update) {
			if u.Message == nil {
				return
			}
			_, err := b.SendMessage(ctx, &bot.SendMessageParams{ChatID: u.Message.Chat.ID, Text: lookup.Answer(u.Message.Text)})
			if err != nil && ctx.Err() == nil {
				peer.Fail(err)
			}
		}),
	}
	if s.Ordered {
		options = append(options, bot.WithNotAsyncHandlers())
	}
	b, err := bot.New(s.Token, options...)
	if err != nil {
		peer.Fail(err)
	}
	ctx := peer.Context()
	if !s.Webhook {
		b.Start(ctx)
		return
	}
	go func() { peer.Fail(http.ListenAndServe(s.Listen, b.WebhookHandler())) }()
	b.StartWebhook(ctx)
}
