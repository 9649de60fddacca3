package bot

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
)

// masked is what every secret prints.
const masked = "***"

var tokenShape = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]{3,}$`)

// Secret is a text that no log, error or dump shows: every way to print it gives
// "***". The zero Secret is empty.
type Secret struct {
	// A pointer: fmt prints unexported fields of a struct without asking their
	// methods, and then shows an address instead of the text.
	value *string
}

// NewSecret wraps a text.
func NewSecret(text string) Secret { return Secret{value: &text} }

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return s.value == nil || *s.value == "" }

// String returns "***".
func (s Secret) String() string { return masked }

// GoString returns "***".
func (s Secret) GoString() string { return masked }

// Format prints "***" for every verb, %d and %x too.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, masked) }

// LogValue is "***".
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText gives "***", so that JSON shows no more than a log.
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

func (s Secret) reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Token is the bot's token as BotFather gives it.
type Token struct{ Secret }

// ParseToken trims a token and checks its shape: digits, a colon and at least
// three of A-Za-z0-9_- (Telegram's have 35; test servers take shorter ones). The
// error never holds what was given.
func ParseToken(text string) (Token, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Token{}, errors.New("the bot token is empty")
	}
	if !tokenShape.MatchString(text) {
		return Token{}, errors.New("the bot token has the wrong shape: it is a number, a colon and a long word, as @BotFather shows it")
	}
	return Token{NewSecret(text)}, nil
}
