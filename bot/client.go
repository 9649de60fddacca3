package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	tg "github.com/go-telegram/bot"
)

// DefaultAPI is Telegram's own Bot API.
const DefaultAPI = "https://api.telegram.org"

const dialTimeout = 10 * time.Second

// What Dial and Run fail with, for the program to say what to do.
var (
	ErrToken       = errors.New("the Bot API does not know this bot token")
	ErrUnreachable = errors.New("the Bot API can't be reached")
)

// Client speaks to the Bot API as one bot. It is safe for concurrent use.
type Client struct {
	api      *tg.Bot
	http     *http.Client
	courier  courier
	base     string // the API's address without a slash at its end
	token    Token
	id       int64
	username string
}

// Dial asks the Bot API who the bot is. api is the server's address, "" for
// Telegram's. The error is ErrToken where the token is refused and
// ErrUnreachable where there is no way to the server.
func Dial(ctx context.Context, token Token, api string) (*Client, error) {
	c, err := newClient(token, api)
	if err != nil {
		return nil, err
	}
	if err := c.meet(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// meet asks the Bot API who the bot is.
func (c *Client) meet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	me, err := c.api.GetMe(ctx)
	if err != nil {
		return fmt.Errorf("asking the Bot API who this bot is: %w", known(wordless(err)))
	}
	c.id, c.username = me.ID, me.Username
	return nil
}

func newClient(token Token, api string) (*Client, error) {
	if token.Empty() {
		return nil, errors.New("the bot token is empty")
	}
	if api == "" {
		api = DefaultAPI
	}
	at, err := url.Parse(api)
	if err != nil || at.Host == "" || (at.Scheme != "https" && at.Scheme != "http") {
		return nil, errors.New("the Bot API's address must be like https://api.telegram.org")
	}
	c := &Client{http: transport(), base: strings.TrimRight(api, "/"), token: token}
	c.courier = courier{client: c.http}
	c.api, err = tg.New(token.reveal(), tg.WithSkipGetMe(), tg.WithServerURL(c.base),
		tg.WithHTTPClient(time.Minute, c.courier), tg.WithErrorsHandler(func(error) {}))
	if err != nil {
		return nil, errors.New("the bot token is refused by the library")
	}
	return c, nil
}

// Username is the bot's name without @.
func (c *Client) Username() string { return c.username }

// ID is the bot's own user id.
func (c *Client) ID() int64 { return c.id }

// Close lets go of the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Date asks the server what time it is, to the second, as it dates every answer.
func (c *Client) Date(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, c.base+"/", nil) // no token in it
	if err != nil {
		return time.Time{}, fmt.Errorf("asking the Bot API for the time: %w", err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return time.Time{}, fmt.Errorf("asking the Bot API for the time: %w: %w", ErrUnreachable, withoutAddress(err))
	}
	_ = resp.Body.Close() // HEAD has no body
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the time of the Bot API: %w", err)
	}
	return date, nil
}

// known gives an error of a call the name that the program can act on.
func known(err error) error {
	switch {
	case errors.Is(err, tg.ErrorUnauthorized), errors.Is(err, tg.ErrorNotFound):
		return ErrToken
	case errors.Is(err, context.Canceled), isAPI(err):
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}

// isAPI reports whether the Bot API itself refused the call.
func isAPI(err error) bool {
	var many *tg.TooManyRequestsError
	var moved *tg.MigrateError
	return errors.Is(err, tg.ErrorBadRequest) || errors.Is(err, tg.ErrorForbidden) ||
		errors.Is(err, tg.ErrorConflict) || errors.As(err, &many) || errors.As(err, &moved)
}

// post makes a call that the library lacks or spoils, with parameters as JSON.
func (c *Client) post(ctx context.Context, method string, params, result any, limit int64) error {
	body, err := json.Marshal(params)
	if err != nil {
		return fmt.Errorf("writing %s: %w", method, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/bot"+c.token.reveal()+"/"+method, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("preparing %s: the address can't be used", method)
	}
	req.Header.Set("Content-Type", "application/json")
	_, answer, err := c.courier.exchange(req, limit)
	if err != nil {
		return fmt.Errorf("calling %s: %w", method, err)
	}
	e, err := opened(answer)
	if err != nil {
		return fmt.Errorf("reading the answer of %s: %w", method, err)
	}
	if !e.OK {
		return fmt.Errorf("calling %s: %w", method, e.refusal())
	}
	if err := json.Unmarshal(e.Result, result); err != nil {
		return fmt.Errorf("reading the result of %s: %w", method, wordless(err))
	}
	return nil
}

// unreadable is an answer that is no JSON, or JSON nested too deep to be decoded.
type unreadable struct {
	answer []byte
	err    error
}

// Error says what is wrong without a word of the answer.
func (u *unreadable) Error() string { return u.err.Error() }

// Unwrap returns what the decoder said.
func (u *unreadable) Unwrap() error { return u.err }

// refusal names an error as the library names its own.
func (e envelope) refusal() error {
	named := map[int]error{
		http.StatusBadRequest:   tg.ErrorBadRequest,
		http.StatusUnauthorized: tg.ErrorUnauthorized,
		http.StatusForbidden:    tg.ErrorForbidden,
		http.StatusNotFound:     tg.ErrorNotFound,
		http.StatusConflict:     tg.ErrorConflict,
	}
	switch err, ok := named[e.Code]; {
	case e.Code == http.StatusTooManyRequests:
		return &tg.TooManyRequestsError{Message: e.Description, RetryAfter: e.Parameters.RetryAfter}
	case e.Code == http.StatusBadRequest && e.Parameters.MigrateToChatID != 0:
		return &tg.MigrateError{Message: e.Description, MigrateToChatID: int(e.Parameters.MigrateToChatID)}
	case ok:
		return fmt.Errorf("%w, %s", err, e.Description)
	}
	return &statusError{code: e.Code}
}
