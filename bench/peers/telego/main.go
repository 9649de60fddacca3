// Program telego answers every message after one plain lookup, with
// github.com/mymmrac/telego as its examples show it.
package main

import (
	"context"
	"net/http"

	"github.com/mymmrac/telego"
	th "github.com/mymmrac/telego/telegohandler"
	tu "github.com/mymmrac/telego/telegoutil"

	"saqbol/bench/peers/peer"
)

func main() {
	s := peer.Read()
	lookup := peer.Open(s.DB)
	ctx := peer.Context()
	b, err := telego.NewBot(s.Token, telego.WithAPIServer(s.API), telego.WithDiscardLogger())
	if err != nil {
		peer.Fail(err)
	}
	var updates <-chan telego.Update
	if s.Webhook {
		mux := http.NewServeMux()
		updates, err = b.UpdatesViaWebhook(ctx, telego.WebhookHTTPServeMux(mux, "POST "+s.Path, s.Secret))
		go func() { peer.Fail(http.ListenAndServe(s.Listen, mux)) }()
	} else {
		updates, err = b.UpdatesViaLongPolling(ctx, nil)
	}
	if err != nil {
		peer.Fail(err)
	}
	handler, err := th.NewBotHandler(b, updates)
	if err != nil {
		peer.Fail(err)
	}
	handler.HandleMessage(func(ctx *th.Context, m telego.Message) error {
		// By webhook the context ends with the delivery, which the library acknowledges
		// before it handles it.
		_, err := ctx.Bot().SendMessage(context.WithoutCancel(ctx), tu.Message(tu.ID(m.Chat.ID), lookup.Answer(m.Text)))
		return err
	})
	if err := handler.Start(); err != nil {
		peer.Fail(err)
	}
}
