// Program gotelegram-empty takes updates by webhook with github.com/go-telegram/bot
// and does nothing with them: what the library and net/http alone cost.
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
	b, err := bot.New(s.Token, bot.WithServerURL(s.API), bot.WithWebhookSecretToken(s.Secret),
		bot.WithDefaultHandler(func(context.Context, *bot.Bot, *models.Update) {}))
	if err != nil {
		peer.Fail(err)
	}
	go func() { peer.Fail(http.ListenAndServe(s.Listen, b.WebhookHandler())) }()
	b.StartWebhook(peer.Context())
}
