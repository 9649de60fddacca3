package bot

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"regexp"
	"time"

	"saqbol/fraud"
	"saqbol/handlers"
	"saqbol/locales"
)

// Handler answers what people do. handlers.Router is one.
type Handler interface {
	Handle(ctx context.Context, in handlers.Input) (handlers.Reply, error)
}

// Ledger stores what updates change.
type Ledger interface {
	// Commit applies a change in one transaction and returns the ids of its
	// Outgoing rows, in order. It returns fraud.ErrSeen for an update whose effect
	// is stored already.
	Commit(ctx context.Context, change fraud.Change) ([]int64, error)
	// Seen reports whether an update's effect is stored.
	Seen(ctx context.Context, update int64) (bool, error)
}

// Outbox keeps the answers that must not be lost.
type Outbox interface {
	// Unsent returns a page of the answers that wait, oldest first: at most limit,
	// from behind the id after on.
	Unsent(ctx context.Context, after int64, limit int) (fraud.Waiting, error)
	// UnsentOf returns the answers that wait for one chat, oldest first, from behind
	// the id after on up to the id last.
	UnsentOf(ctx context.Context, chat, after, last int64) ([]fraud.Outgoing, error)
	// SetAside keeps answers that can't be read out of the way.
	SetAside(ctx context.Context, ids []int64) error
	// Sent forgets answers that were delivered or can't ever be.
	Sent(ctx context.Context, ids []int64) error
	// Anchor notes the message that a person's conversation edits in place.
	Anchor(ctx context.Context, person, message int64) error
}

// Journal is what the edge needs from the store. storage.Store is one.
type Journal interface {
	Ledger
	Outbox
	NoticeBox
	News
	LetterBox
}

// Webhook says where Telegram is to deliver updates.
type Webhook struct {
	URL            string // public address; "" means polling
	Secret         Secret // 1 to 256 of A-Za-z0-9_-
	MaxConnections int    // deliveries at once, 1 to 100; 0 means 40
	Calls          bool   // every answer is a call of its own, none rides in the response to a delivery
}

var secretShape = regexp.MustCompile(`^[A-Za-z0-9_-]+$`) // at most 256; {1,256} would cost a millisecond at every start

// Options is what a Bot is built from. Client, Handler, Journal and Catalogue are
// required; the other zero values have meanings of their own.
type Options struct {
	Client  *Client
	Handler Handler
	Journal Journal
	// Turns keeps replicas out of each other's chats. Nil: no other program answers
	// for this bot.
	Turns Turns
	// Alone runs what one replica at a time may do, until ctx ends or the right to it
	// is lost, and again when it is this one's once more. Nil runs it at once.
	Alone     func(ctx context.Context, name string, work func(context.Context))
	Catalogue *locales.Catalogue
	Webhook   Webhook
	// Redact masks card numbers and codes in what is kept of an update that could
	// not be handled. Without it nothing but the reason is kept.
	Redact func(text string) (masked string, found bool)
	Log    *slog.Logger     // nil: slog's default
	Clock  func() time.Time // nil: time.Now; what is stored is stamped with it. Waits are measured by time.Now, which is monotonic
	Random io.Reader        // nil: crypto/rand; incident ids come from it
	Meter  Meter            // nil: nothing is counted
	Limits Limits
	Bounds Bounds
}

// Bounds are the sizes and times that keep one chat, or one failure, from taking
// everything. Zero fields mean the default named.
type Bounds struct {
	Handlers int           // updates handled at the same time; 64
	Senders  int           // calls to Telegram at the same time; 256, so that chats whose calls hang leave room for the others
	Updates  int           // updates taken in and not yet acknowledged; 2,000
	Answers  int           // answers waiting in memory; 20,000
	Handle   time.Duration // for one update's handler; 10 s
	Commit   time.Duration // for one write to the store; 10 s
	Call     time.Duration // for one call to Telegram; 20 s
	Patience time.Duration // for the answer of an update that changes nothing, before it goes to the outbox; 2 s
	Poll     time.Duration // that Telegram holds a request for updates, whole seconds; 50 s
	Drain    time.Duration // for a graceful stop; 6 s, which leaves time to confirm and to close within ten
}

func (b Bounds) withDefaults() Bounds {
	return Bounds{
		Handlers: or(b.Handlers, 64), Senders: or(b.Senders, 256),
		Updates: or(b.Updates, 2000), Answers: or(b.Answers, 20000),
		Handle: or(b.Handle, 10*time.Second), Commit: or(b.Commit, 10*time.Second), Call: or(b.Call, 20*time.Second),
		Patience: or(b.Patience, 2*time.Second), Poll: or(b.Poll, 50*time.Second), Drain: or(b.Drain, 6*time.Second),
	}
}

func (o *Options) check() error {
	switch {
	case o.Client == nil, o.Handler == nil, o.Journal == nil, o.Catalogue == nil:
		return errors.New("building the bot: Client, Handler, Journal and Catalogue are required")
	case o.Webhook.URL != "" && (len(o.Webhook.Secret.reveal()) > 256 || !secretShape.MatchString(o.Webhook.Secret.reveal())):
		return errors.New("building the bot: the webhook's secret must be 1 to 256 letters, digits, _ or -")
	case o.Webhook.MaxConnections < 0 || o.Webhook.MaxConnections > 100:
		return errors.New("building the bot: a webhook has 1 to 100 connections")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Alone == nil {
		o.Alone = func(ctx context.Context, _ string, work func(context.Context)) { work(ctx) }
	}
	if o.Meter == nil {
		o.Meter = unmetered{}
	}
	o.Webhook.MaxConnections = or(o.Webhook.MaxConnections, 40)
	o.Bounds = o.Bounds.withDefaults()
	return nil
}
