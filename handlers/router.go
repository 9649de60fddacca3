package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"saqbol/fraud"
	"saqbol/locales"
)

// People reads who somebody is and where their conversation stands.
type People interface {
	// Turn returns a Person with Known=false and the zero Session for somebody
	// of whom nothing is stored.
	Turn(ctx context.Context, person int64) (fraud.Person, fraud.Session, error)
}

// Turn is an Input with what the router found out about it. Flows get a Turn of
// their own and may change nothing but their Reply.
type Turn struct {
	Input
	Known   fraud.Person
	Session fraud.Session
	Lang    fraud.Lang
	Now     time.Time
}

// flow is one step of one conversation.
type flow func(ctx context.Context, t Turn) (Reply, error)

// Deps is what the conversations need from the rest of the program.
type Deps struct {
	Store     Store
	Official  fraud.Directory
	Recognise Recogniser
	Tokens    Tokens
	Catalogue *locales.Catalogue // for matching typed answers with labels
	Username  string             // the bot's @name without @, for links from groups
	Clock     func() time.Time
	Random    io.Reader
	Quota     *Quota // nil: nobody has limits
	Words     *Words // nil: New reads them
}

// Store is everything the flows read, in the flows' own small interfaces.
type Store interface {
	People
	Standings
	Reports
	Portraits
	Totals
}

// Router finds the flow for an Input. The table is in routes.go.
type Router struct {
	deps     Deps
	words    *Words
	kinds    map[Kind]func(Turn) flow
	commands map[string]route
	buttons  map[string]route // by the prefix before ':'
	sessions map[string]flow  // by Session.Flow: what is typed or sent in a conversation
}

// New builds the router with all its flows.
func New(deps Deps) *Router {
	r := &Router{deps: deps, words: deps.Words}
	if r.words == nil {
		r.words = ReadWords()
	}
	r.routes()
	return r
}

// Handle answers one Input. An error is for the log and the edge's own answer;
// what people may read about a refusal is in a fraud.Error's key.
func (r *Router) Handle(ctx context.Context, in Input) (Reply, error) {
	person, session, err := r.deps.Store.Turn(ctx, in.Person)
	if err != nil && r.regardless(in) {
		// Help must not wait for a disk. The store counts that it could not be read, and
		// every other update says it in the log.
		person, session, err = fraud.Person{}, fraud.Session{}, nil
	}
	if err != nil {
		return Reply{Lang: r.langOf(in, fraud.Person{})}, unavailable("check.unavailable", "reading where the conversation stands", err)
	}
	t := Turn{Input: in, Known: person, Session: session, Lang: r.langOf(in, person), Now: r.deps.Clock().UTC()}
	reply, err := r.inTurn(ctx, t)
	if reply.Lang == "" {
		reply.Lang = t.Lang
	}
	offerLanguages(t, &reply)
	back := false
	if person.Gone && reply.Change.Gone == nil && !reply.Change.Erase {
		reply.Change.Gone = &back // whoever writes has not blocked the bot
	}
	for i := range reply.Messages {
		if m := &reply.Messages[i]; !in.Private && m.Edit == 0 && m.ReplyTo == 0 {
			m.ReplyTo = in.Message
		}
	}
	reply.Change.Update, reply.Change.Person, reply.Change.Now = in.Update, in.Person, t.Now
	if s := reply.Change.Session; s != nil && s.Open() {
		s.Update, s.At = max(in.Update, session.Update), t.Now
	}
	if reply.Change.File != nil || reply.Change.Erase {
		reply.Change.QuotaDay = r.deps.Quota.today()
	}
	return reply, err
}

// unavailable is an error of the store with what people read: the store's own
// words where it has some, else those of key.
func unavailable(key, doing string, err error) error {
	err = fmt.Errorf("%s: %w", doing, err)
	var said *fraud.Error
	if errors.As(err, &said) && said.Code == fraud.CodeUnavailable && said.Key != "" {
		return err
	}
	return &fraud.Error{Code: fraud.CodeUnavailable, Key: key, Err: err}
}

// langOf decides the language: what the person chose, else what Telegram says,
// else what the text shows, else Russian.
func (r *Router) langOf(in Input, p fraud.Person) fraud.Lang {
	if p.Lang != "" {
		return p.Lang
	}
	if lang, ok := spoken(in.Language); ok {
		return lang
	}
	if strings.ContainsAny(in.Text, "әғқңөұүһіӘҒҚҢӨҰҮҺІ") || r.words.kazakh.resembles(in.Text) != "" {
		return fraud.Kazakh
	}
	return fraud.Russian
}

// spoken reads Telegram's language_code ("kk", "ru-RU", "", anything).
func spoken(code string) (fraud.Lang, bool) {
	base, _, _ := strings.Cut(strings.ToLower(code), "-")
	switch base {
	case "kk":
		return fraud.Kazakh, true
	case "ru":
		return fraud.Russian, true
	}
	return "", false
}
