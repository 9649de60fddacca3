package emulator

import "context"

// wireFullChat is ChatFullInfo with what it requires.
type wireFullChat struct {
	wireChat
	AccentColor  int             `json:"accent_color_id"`
	MaxReactions int             `json:"max_reaction_count"`
	Gifts        map[string]bool `json:"accepted_gift_types"`
}

func (s *Server) getChat(_ context.Context, c *call) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chat, refused := s.chat(c.params, "chat_id")
	if refused != nil {
		return nil, refused
	}
	return wireFullChat{wireChat: *chat.wire, MaxReactions: 11, Gifts: map[string]bool{
		"unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false,
		"premium_subscription": false, "gifts_from_channels": false,
	}}, nil
}

// getChatMemberCount counts the people and the bot, while it is there.
func (s *Server) getChatMemberCount(_ context.Context, c *call) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chat, refused := s.writable(c.params)
	if refused != nil {
		return nil, refused
	}
	if chat.private() {
		return 2, nil
	}
	return len(chat.members) + 1, nil
}

// leaveChat takes the bot out of a group.
func (s *Server) leaveChat(_ context.Context, c *call) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chat, refused := s.writable(c.params)
	switch {
	case refused != nil:
		return nil, refused
	case chat.private():
		return nil, refuse("chat member status can't be changed in private chats")
	}
	chat.left = true
	return true, nil
}
