// Program gotgbot answers every message after one plain lookup, with
// github.com/PaulSonOfLars/gotgbot as its samples show it.
package main

import (
	"net/http"
	"strings"
	"time"

	"github.com/PaulSonOfLars/gotgbot/v2"
	"github.com/PaulSonOfLars/gotgbot/v2/ext"
	"github.com/PaulSonOfLars/gotgbot/v2/ext/handlers"
	"github.com/PaulSonOfLars/gotgbot/v2/ext/handlers/filters/message"

	"saqbol/bench/peers/peer"
)

func main() {
	s := peer.Read()
	lookup := peer.Open(s.DB)
	b, err := gotgbot.NewBot(s.Token, &gotgbot.BotOpts{BotClient: &gotgbot.BaseBotClient{
		Client: http.Client{}, DefaultRequestOpts: &gotgbot.RequestOpts{Timeout: 20 * time.Second, APIURL: s.API}}})
	if err != nil {
		peer.Fail(err)
	}
	dispatcher := ext.NewDispatcher(&ext.DispatcherOpts{MaxRoutines: ext.DefaultMaxRoutines})
	dispatcher.AddHandler(handlers.NewMessage(message.Text, func(b *gotgbot.Bot, ctx *ext.Context) error {
		_, err := b.SendMessage(ctx.EffectiveChat.Id, lookup.Answer(ctx.EffectiveMessage.Text), nil)
		return err
	}))
	updater := ext.NewUpdater(dispatcher, nil)
	if s.Webhook {
		err = updater.StartWebhook(b, strings.TrimPrefix(s.Path, "/"), ext.WebhookOpts{ListenAddr: s.Listen, SecretToken: s.Secret})
	} else {
		err = updater.StartPolling(b, &ext.PollingOpts{GetUpdatesOpts: &gotgbot.GetUpdatesOpts{
			Timeout: 9, RequestOpts: &gotgbot.RequestOpts{Timeout: 10 * time.Second, APIURL: s.API}}})
	}
	if err != nil {
		peer.Fail(err)
	}
	<-peer.Context().Done()
}
