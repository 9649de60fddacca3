package emulator

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// SampleToken is the token a server takes when Options names none. It opens
// nothing but an emulator.
const SampleToken = "9990000001:SAMPLE-token-of-the-emulator-000000"

// SamplePersonID is the id of the first person made; later ones count up. No
// account of Telegram is anywhere near it, and it needs all of an int64.
const SamplePersonID int64 = 999_900_000_001

// Options says how a Server behaves. The zero value is ready to use.
type Options struct {
	Token    string           // the only token that is let in; SampleToken if empty
	Username string           // of the bot, without @; sample_saqbol_bot if empty
	Name     string           // of the bot; "SaqBol" if empty
	Clock    func() time.Time // dates of messages and calls; time.Now if nil
	Log      *slog.Logger     // refused calls and failed deliveries; discarded if nil

	FirstUpdateID int64 // of the first update; 100000001 if 0
	KeepCalls     int   // how many calls Calls remembers; 0 = 10000, below 0 = none
	KeepMessages  int   // how many messages a chat remembers; 0 = 10000
	KeepFileBytes int64 // how much uploaded data is remembered; 0 = 256 MiB

	OnCall func(Call) // told of every call as it is answered, in the order of Seq; it must not call the server

	AllGroupMessages bool // the bot sees every message of a group, not only those meant for it

	WebhookTimeout time.Duration // how long a webhook may take to answer; 10 s if 0
	WebhookBackoff time.Duration // the first wait before delivering again, doubling up to 100 times itself; 100 ms if 0
	// WebhookDial connects to the webhook; net.Dialer's if nil. A test under synctest gives pipes.
	WebhookDial func(ctx context.Context, network, address string) (net.Conn, error)
}

const (
	defaultFirstUpdateID = 100_000_001
	defaultKeepCalls     = 10_000
	defaultKeepMessages  = 10_000
	defaultKeepFileBytes = 256 << 20
	defaultTimeout       = 10 * time.Second
	defaultBackoff       = 100 * time.Millisecond
)

var (
	tokenShape    = regexp.MustCompile(`^([0-9]+):[A-Za-z0-9_-]+$`)
	usernameShape = regexp.MustCompile(`^[A-Za-z]\w+$`)
)

// complete fills in what was left out and gives the bot's id, which is the
// first part of its token.
func (o Options) complete() (Options, int64, error) {
	orString(&o.Token, SampleToken)
	orString(&o.Username, "sample_saqbol_bot")
	orString(&o.Name, "SaqBol")
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	orInt(&o.FirstUpdateID, defaultFirstUpdateID)
	orInt(&o.KeepCalls, defaultKeepCalls)
	orInt(&o.KeepMessages, defaultKeepMessages)
	orInt(&o.KeepFileBytes, defaultKeepFileBytes)
	orInt(&o.WebhookTimeout, defaultTimeout)
	orInt(&o.WebhookBackoff, defaultBackoff)
	shape := tokenShape.FindStringSubmatch(o.Token)
	if shape == nil {
		return o, 0, fmt.Errorf("emulator: the token does not look like 123456:letters")
	}
	if !usernameShape.MatchString(o.Username) || !strings.HasSuffix(strings.ToLower(o.Username), "bot") {
		return o, 0, fmt.Errorf("emulator: %q can't be the username of a bot", o.Username)
	}
	if o.KeepMessages < 0 {
		return o, 0, fmt.Errorf("emulator: KeepMessages is %d", o.KeepMessages)
	}
	id, err := strconv.ParseInt(shape[1], 10, 64)
	if err != nil {
		return o, 0, fmt.Errorf("emulator: reading the bot's id from the token: %w", err)
	}
	return o, id, nil
}

func orString(s *string, otherwise string) {
	if *s == "" {
		*s = otherwise
	}
}

func orInt[T ~int | ~int64](n *T, otherwise T) {
	if *n == 0 {
		*n = otherwise
	}
}
