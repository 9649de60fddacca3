package emulator

import (
	"context"
	"maps"
	"slices"
	"strconv"
)

// method runs a checked call. It takes the server's lock itself.
type method func(ctx context.Context, c *call) (any, *apiError)

// methods gives what runs a method; nil where it is not emulated.
func (s *Server) methods(name string) method { return s.table[name] }

// methodTable is every method that is emulated.
func (s *Server) methodTable() map[string]method {
	return map[string]method{
		"getUpdates":      func(ctx context.Context, c *call) (any, *apiError) { return s.getUpdates(ctx, c.params) },
		"setWebhook":      s.setWebhook,
		"deleteWebhook":   s.deleteWebhook,
		"getWebhookInfo":  s.getWebhookInfo,
		"getMe":           s.getMe,
		"sendMessage":     s.sendMessage,
		"forwardMessage":  s.forwardMessage,
		"copyMessage":     s.copyMessage,
		"sendPhoto":       s.sendPhoto,
		"sendDocument":    s.sendDocument,
		"sendVoice":       s.sendVoice,
		"sendContact":     s.sendContact,
		"sendLocation":    s.sendLocation,
		"sendChatAction":  s.sendChatAction,
		"getFile":         s.getFile,
		"getChat":         s.getChat,
		"leaveChat":       s.leaveChat,
		"editMessageText": s.editMessageText,

		"getChatMemberCount":     s.getChatMemberCount,
		"editMessageCaption":     s.editMessageCaption,
		"editMessageReplyMarkup": s.editMessageReplyMarkup,
		"deleteMessage":          s.deleteMessage,
		"deleteMessages":         s.deleteMessages,
		"answerCallbackQuery":    s.answerCallbackQuery,

		"setMyCommands":         s.setMyCommands,
		"getMyCommands":         s.getMyCommands,
		"deleteMyCommands":      s.deleteMyCommands,
		"setMyName":             s.setProfile("name", "name", 64),
		"getMyName":             s.getProfile("name", "name"),
		"setMyDescription":      s.setProfile("description", "description", 512),
		"getMyDescription":      s.getProfile("description", "description"),
		"setMyShortDescription": s.setProfile("short", "short_description", 120),
		"getMyShortDescription": s.getProfile("short", "short_description"),
		"setChatMenuButton":     s.setChatMenuButton,
		"getChatMenuButton":     s.getChatMenuButton,
	}
}

// Emulated lists the methods that are emulated; the others are validated and
// then refused with 501.
func (s *Server) Emulated() []string { return slices.Sorted(maps.Keys(s.table)) }

// chat finds the chat a parameter names, by number or by @username.
func (s *Server) chat(p params, name string) (*chatState, *apiError) {
	var found *chatState
	switch id := p[name].(type) {
	case int64:
		found = s.chats[id]
	case string:
		if n, err := strconv.ParseInt(id, 10, 64); err == nil {
			found = s.chats[n]
			break
		}
		for _, c := range s.chats {
			if len(id) > 1 && id[0] == '@' && c.wire.Type != "private" && c.wire.Username == id[1:] {
				found = c
			}
		}
	}
	switch {
	case found == nil || found.private() && !found.started:
		return nil, refuse("chat not found")
	case found.migrated != 0:
		refused := refuse("group chat was upgraded to a supergroup chat")
		refused.migrateTo = found.migrated
		return nil, refused
	}
	return found, nil
}

// writable finds the chat a call writes to and refuses where the bot may not.
func (s *Server) writable(p params) (*chatState, *apiError) {
	c, refused := s.chat(p, "chat_id")
	switch {
	case refused != nil:
		return nil, refused
	case c.blocked:
		return nil, forbid("bot was blocked by the user")
	case c.left:
		return nil, forbid("bot is not a member of the " + c.wire.Type + " chat")
	}
	return c, nil
}

func (s *Server) getMe(context.Context, *call) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	me := s.botUser()
	yes, no := true, false
	me.CanJoinGroups, me.ReadsAll, me.SupportsInline, me.ConnectBusiness, me.HasMainWebApp = &yes, &no, &no, &no, &no
	if s.opts.AllGroupMessages {
		me.ReadsAll = &yes
	}
	return me, nil
}
