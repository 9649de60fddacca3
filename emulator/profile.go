package emulator

import (
	"context"
	"regexp"
	"strings"
	"unicode/utf8"
)

var languageShape = regexp.MustCompile(`^([a-z]{2})?$`)

// profile is what the bot says of itself, each text by language with "" as the
// default, and its commands by scope and language. Server.mu guards it.
type profile struct {
	texts    map[string]map[string]string // name, description, short → language → text
	commands map[scopeKey][]any
	menu     any
}

// scopeKey is a BotCommandScope with a language.
type scopeKey struct {
	kind       string
	chat, user int64
	language   string
}

func (p *profile) init(opts Options) {
	p.texts = map[string]map[string]string{"name": {"": opts.Name}, "description": {}, "short": {}}
	p.commands = map[scopeKey][]any{}
	p.menu = map[string]any{"type": "commands"}
}

// text is what a person with that language reads.
func (p *profile) text(kind, language string) string {
	if t, ok := p.texts[kind][primary(language)]; ok {
		return t
	}
	return p.texts[kind][""]
}

func (p *profile) shownName() string { return p.texts["name"][""] }

// primary is the two-letter language of a code such as kk-KZ.
func primary(code string) string {
	code, _, _ = strings.Cut(strings.ToLower(code), "-")
	if len(code) != 2 {
		return ""
	}
	return code
}

// shown is the command list that a person sees in their private chat, out of
// the narrowest scope and language that has one.
func (p *profile) shown(chat int64, language string) []any {
	language = primary(language)
	for _, key := range []scopeKey{{kind: "chat", chat: chat}, {kind: "all_private_chats"}, {kind: "default"}} {
		for _, l := range []string{language, ""} {
			key.language = l
			if list, ok := p.commands[key]; ok {
				return list
			}
		}
	}
	return nil
}

// setProfile makes the method that sets one of the texts of a profile.
func (s *Server) setProfile(kind, parameter string, limit int) method {
	return func(_ context.Context, c *call) (any, *apiError) {
		language, value := c.str("language_code"), c.str(parameter)
		switch {
		case !languageShape.MatchString(language):
			return nil, refuse("invalid language code specified")
		case utf8.RuneCountInString(value) > limit:
			return nil, refuse("field %q: longer than %d characters", parameter, limit)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if value == "" && (language != "" || kind != "name") {
			delete(s.profile.texts[kind], language)
		} else if value != "" {
			s.profile.texts[kind][language] = value
		}
		s.tellEveryone(event{kind: "commands"})
		return true, nil
	}
}

// getProfile makes the method that reads one of the texts of a profile.
func (s *Server) getProfile(kind, parameter string) method {
	return func(_ context.Context, c *call) (any, *apiError) {
		if !languageShape.MatchString(c.str("language_code")) {
			return nil, refuse("invalid language code specified")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		return map[string]string{parameter: s.profile.text(kind, c.str("language_code"))}, nil
	}
}

// scope reads the scope and language of a call about commands.
func (s *Server) scope(c *call) (scopeKey, *apiError) {
	scope := params(c.object("scope"))
	key := scopeKey{kind: scope.str("type"), user: scope.int("user_id"), language: c.str("language_code")}
	if key.kind == "" {
		key.kind = "default"
	}
	if !languageShape.MatchString(key.language) {
		return key, refuse("invalid language code specified")
	}
	if scope.has("chat_id") {
		chat, refused := s.chat(scope, "chat_id")
		if refused != nil {
			return key, refused
		}
		key.chat = chat.wire.ID
	}
	return key, nil
}

func (s *Server) setMyCommands(_ context.Context, c *call) (any, *apiError) {
	list := c.list("commands")
	if len(list) > maxCommands {
		return nil, refuse("BOT_COMMANDS_TOO_MUCH")
	}
	for i, v := range list {
		command, _ := v.(map[string]any)
		if name := text(command, "command"); len(name) > 32 || !commandName.MatchString(name) {
			return nil, refuse(`BOT_COMMAND_INVALID (field "commands[%d].command")`, i)
		}
		if n := utf8.RuneCountInString(text(command, "description")); n < 1 || n > maxDescription {
			return nil, refuse(`BOT_COMMAND_DESCRIPTION_INVALID (field "commands[%d].description")`, i)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, refused := s.scope(c)
	if refused != nil {
		return nil, refused
	}
	if s.profile.commands[key] = list; len(list) == 0 {
		delete(s.profile.commands, key)
	}
	s.tellEveryone(event{kind: "commands"})
	return true, nil
}

func (s *Server) getMyCommands(_ context.Context, c *call) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, refused := s.scope(c)
	if refused != nil {
		return nil, refused
	}
	if list := s.profile.commands[key]; list != nil {
		return list, nil
	}
	return []any{}, nil
}

func (s *Server) deleteMyCommands(_ context.Context, c *call) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, refused := s.scope(c)
	if refused != nil {
		return nil, refused
	}
	delete(s.profile.commands, key)
	s.tellEveryone(event{kind: "commands"})
	return true, nil
}

func (s *Server) setChatMenuButton(_ context.Context, c *call) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	button := any(c.object("menu_button"))
	if !c.has("menu_button") {
		button = map[string]any{"type": "default"}
	}
	if !c.has("chat_id") {
		s.profile.menu = button
		return true, nil
	}
	chat, refused := s.chat(c.params, "chat_id")
	if refused != nil {
		return nil, refused
	}
	chat.menu = button
	return true, nil
}

func (s *Server) getChatMenuButton(_ context.Context, c *call) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !c.has("chat_id") {
		return s.profile.menu, nil
	}
	chat, refused := s.chat(c.params, "chat_id")
	if refused != nil {
		return nil, refused
	}
	if chat.menu != nil {
		return chat.menu, nil
	}
	return s.profile.menu, nil
}

// tellEveryone passes an event on to every private chat.
func (s *Server) tellEveryone(e event) {
	for _, p := range s.people {
		p.chat.tell(e)
	}
}

// Command is a line of the commands menu.
type Command struct {
	Command     string `json:"command"`
	Description string `json:"description"`
}

// Commands is the menu that the person sees.
func (p *Person) Commands() []Command {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	list := p.server.profile.shown(p.id, p.language)
	out := make([]Command, 0, len(list))
	for _, v := range list {
		c, _ := v.(map[string]any)
		out = append(out, Command{text(c, "command"), text(c, "description")})
	}
	return out
}

// About is what the person reads of the bot before writing to it.
type About struct {
	Name        string `json:"name"`
	Username    string `json:"username"`
	Description string `json:"description"`
	Short       string `json:"short_description"`
}

// Bot is the bot's profile in the person's language.
func (p *Person) Bot() About {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	shown := &p.server.profile
	return About{
		Name: shown.text("name", p.language), Username: p.server.opts.Username,
		Description: shown.text("description", p.language), Short: shown.text("short", p.language),
	}
}
