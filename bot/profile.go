package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"saqbol/fraud"
	"saqbol/locales"
)

// commands are what the menu offers, in its order.
func commands() []string {
	return []string{"check", "report", "emergency", "my", "tips", "stats", "settings", "language", "privacy", "help", "cancel", "start"}
}

// edition is the profile for one language_code; "" is for everybody else.
type edition struct {
	code string
	lang fraud.Lang
}

func editions() []edition {
	out := []edition{{code: "", lang: fraud.Russian}}
	for _, lang := range locales.Langs() {
		out = append(out, edition{code: string(lang), lang: lang})
	}
	return out
}

// introduce sets the bot's commands and descriptions in each language, and the
// menu button, where they differ from what Telegram has. Nothing waits for it; a
// failure is logged and tried again at the next start.
func (b *Bot) introduce(ctx context.Context) {
	p := profile{client: b.options.Client, catalogue: b.options.Catalogue}
	steps := []func(context.Context) error{p.menu}
	for _, e := range editions() {
		steps = append(steps,
			func(ctx context.Context) error { return p.commands(ctx, e) },
			func(ctx context.Context) error { return p.description(ctx, e) },
			func(ctx context.Context) error { return p.short(ctx, e) })
	}
	var failures []error
	for _, step := range steps {
		call, cancel := context.WithTimeout(ctx, b.options.Bounds.Call)
		failures = append(failures, wordless(step(call)))
		cancel()
	}
	if err := errors.Join(failures...); err != nil && ctx.Err() == nil {
		b.log.Warn("the bot's profile is not up to date", "error", err)
	}
}

type profile struct {
	client    *Client
	catalogue *locales.Catalogue
}

func (p profile) commands(ctx context.Context, e edition) error {
	var want []models.BotCommand
	for _, name := range commands() {
		want = append(want, models.BotCommand{Command: name, Description: p.catalogue.Plain(e.lang, locales.M("command."+name))})
	}
	have, err := p.client.api.GetMyCommands(ctx, &tg.GetMyCommandsParams{LanguageCode: e.code})
	if err != nil {
		return fmt.Errorf("reading the commands for %q: %w", e.code, err)
	}
	if slices.Equal(have, want) {
		return nil
	}
	if _, err := p.client.api.SetMyCommands(ctx, &tg.SetMyCommandsParams{Commands: want, LanguageCode: e.code}); err != nil {
		return fmt.Errorf("setting the commands for %q: %w", e.code, err)
	}
	return nil
}

func (p profile) description(ctx context.Context, e edition) error {
	want := p.catalogue.Plain(e.lang, locales.M("bot.description"))
	have, err := p.client.api.GetMyDescription(ctx, &tg.GetMyDescriptionParams{LanguageCode: e.code})
	if err != nil {
		return fmt.Errorf("reading the description for %q: %w", e.code, err)
	}
	if have.Description == want {
		return nil
	}
	if _, err := p.client.api.SetMyDescription(ctx, &tg.SetMyDescriptionParams{Description: want, LanguageCode: e.code}); err != nil {
		return fmt.Errorf("setting the description for %q: %w", e.code, err)
	}
	return nil
}

func (p profile) short(ctx context.Context, e edition) error {
	want := p.catalogue.Plain(e.lang, locales.M("bot.short"))
	have, err := p.client.api.GetMyShortDescription(ctx, &tg.GetMyShortDescriptionParams{LanguageCode: e.code})
	if err != nil {
		return fmt.Errorf("reading the short description for %q: %w", e.code, err)
	}
	if have.ShortDescription == want {
		return nil
	}
	if _, err := p.client.api.SetMyShortDescription(ctx, &tg.SetMyShortDescriptionParams{ShortDescription: want, LanguageCode: e.code}); err != nil {
		return fmt.Errorf("setting the short description for %q: %w", e.code, err)
	}
	return nil
}

// menu makes the button beside the input field show the commands. It is read with
// a call of our own: the library's sends chat_id=null.
func (p profile) menu(ctx context.Context) error {
	var have struct {
		Type models.MenuButtonType `json:"type"`
	}
	if err := p.client.post(ctx, "getChatMenuButton", struct{}{}, &have, maxAnswer); err != nil {
		return fmt.Errorf("reading the menu button: %w", err)
	}
	if have.Type == models.MenuButtonTypeCommands {
		return nil
	}
	button := models.MenuButtonCommands{Type: models.MenuButtonTypeCommands}
	if _, err := p.client.api.SetChatMenuButton(ctx, &tg.SetChatMenuButtonParams{MenuButton: button}); err != nil {
		return fmt.Errorf("setting the menu button: %w", err)
	}
	return nil
}
