package bot

import (
	"github.com/go-telegram/bot/models"

	"saqbol/handlers"
)

// pressed translates the press of a button. The message may be too old for
// Telegram to show; its id and its chat come all the same.
func pressed(q *models.CallbackQuery) (handlers.Input, bool) {
	in := handlers.Input{Kind: handlers.KindButton, Person: q.From.ID, Button: q.Data, Language: q.From.LanguageCode}
	var chat models.Chat
	switch {
	case q.Message.Message != nil:
		in.Message, chat = int64(q.Message.Message.ID), q.Message.Message.Chat
	case q.Message.InaccessibleMessage != nil:
		in.Message, chat = int64(q.Message.InaccessibleMessage.MessageID), q.Message.InaccessibleMessage.Chat
	}
	in.Chat, in.Private = chat.ID, chat.Type == models.ChatTypePrivate
	return in, chat.ID != 0 && q.Data != "" && !q.From.IsBot
}

// membership translates people who block the bot and who come back.
func membership(u *models.ChatMemberUpdated) (handlers.Input, bool) {
	in := handlers.Input{Person: u.From.ID, Chat: u.Chat.ID, Private: true, Language: u.From.LanguageCode}
	if u.Chat.Type != models.ChatTypePrivate || u.From.IsBot {
		return in, false
	}
	switch u.NewChatMember.Type {
	case models.ChatMemberTypeBanned, models.ChatMemberTypeLeft:
		in.Kind = handlers.KindBlocked
	default:
		in.Kind = handlers.KindBack
	}
	return in, true
}
