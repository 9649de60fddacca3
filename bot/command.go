package bot

import (
	"strings"
	"unicode"
)

// maxCommand is Telegram's limit of a command's letters.
const maxCommand = 32

// command is a command as people type or tap it.
type command struct {
	name string // lower case, without the slash
	to   string // the bot it names with @, lower case, "" where it names none
	rest string // what stands behind it
}

// parseCommand reads a command at the very start of a text: "/check@our_bot words".
// It reads the text itself: Telegram's entities count in UTF-16 units, and a
// client may leave them out.
func parseCommand(text string) (command, bool) {
	text = strings.TrimLeftFunc(text, invisible)
	if !strings.HasPrefix(text, "/") {
		return command{}, false
	}
	word, rest := text[1:], ""
	if end := strings.IndexFunc(word, unicode.IsSpace); end >= 0 {
		word, rest = word[:end], strings.TrimSpace(word[end:])
	}
	name, to, _ := strings.Cut(strings.ToLower(word), "@")
	if name == "" || len(name) > maxCommand || strings.IndexFunc(name, notInCommand) >= 0 {
		return command{}, false
	}
	return command{name: name, to: to, rest: rest}, true
}

func invisible(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
}

func notInCommand(r rune) bool {
	return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
}

// forUs reports whether the command is meant for the bot of this name.
func (c command) forUs(username string) bool {
	return c.to == "" || strings.EqualFold(c.to, username)
}
