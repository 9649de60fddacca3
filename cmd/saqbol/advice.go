package main

import (
	"errors"
	"fmt"

	"saqbol/bot"
)

// dialAdvice says what to do where the Bot API could not be reached or refused
// the token.
func dialAdvice(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, bot.ErrToken):
		return fmt.Errorf("the token is refused (%w): copy it again from @BotFather into TELEGRAM_BOT_TOKEN", err)
	case errors.Is(err, bot.ErrUnreachable):
		return fmt.Errorf("no way to Telegram: check the network, the proxy and TELEGRAM_API_URL (%w)", err)
	}
	return err
}
