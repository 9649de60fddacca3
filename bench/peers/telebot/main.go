// Program telebot answers every message after one plain lookup, with
// gopkg.in/telebot as its README shows it.
package main

import (
	"time"

	tele "gopkg.in/telebot.v4"

	"saqbol/bench/peers/peer"
)

func main() {
	s := peer.Read()
	lookup := peer.Open(s.DB)
	var poller tele.Poller = &tele.LongPoller{Timeout: 10 * time.Second}
	if s.Webhook {
		poller = &tele.Webhook{Listen: s.Listen, SecretToken: s.Secret, IgnoreSetWebhook: true}
	}
	b, err := tele.NewBot(tele.Settings{URL: s.API, Token: s.Token, Poller: poller})
	if err != nil {
		peer.Fail(err)
	}
	b.Handle(tele.OnText, func(c tele.Context) error { return c.Send(lookup.Answer(c.Text())) })
	go func() {
		<-peer.Context().Done()
		b.Stop()
	}()
	b.Start()
}
