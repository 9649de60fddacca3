package bot

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// connections to the Bot API are this many at the most, and all are kept for a
	// burst of answers: net/http's default of two dials anew for four calls of five.
	connections = 256
	maxAnswer   = 4 << 20  // bytes of an ordinary answer of the Bot API
	maxBatch    = 32 << 20 // bytes of a batch of updates
)

// statusError is an answer that says nothing more than its HTTP status: the
// server's failure, or a page of something in between.
type statusError struct{ code int }

// Error names the status only: the body of a proxy's page may echo the address,
// and with it the token.
func (e *statusError) Error() string {
	return "the Bot API answered with status " + strconv.Itoa(e.code)
}

// transport makes the HTTP client for the Bot API. It never follows a redirect:
// the address holds the token.
func transport() *http.Client {
	dialer := &net.Dialer{Timeout: 8 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         dialer.DialContext,
			TLSHandshakeTimeout: 8 * time.Second,
			MaxIdleConns:        connections,
			MaxIdleConnsPerHost: connections,
			MaxConnsPerHost:     connections,
			IdleConnTimeout:     90 * time.Second,
			ForceAttemptHTTP2:   true,
			// All calls share an HTTP/2 connection: one that has died without a word
			// would take them all until the system gives it up, a quarter of an hour.
			HTTP2: &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// courier carries the library's requests: buffered, with a Content-Length, their
// answers bounded, and without the address in any error.
type courier struct{ client *http.Client }

// Do makes one call.
func (c courier) Do(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, fmt.Errorf("writing the call: %w", err)
	}
	setBody(req, body)
	if len(body) == 0 {
		req.Header.Del("Content-Type") // an empty multipart form is no form
	}
	status, answer, err := c.exchange(req, maxAnswer)
	if err != nil {
		return nil, err
	}
	if answer, err = readable(answer); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(bytes.NewReader(answer))}, nil
}

func setBody(req *http.Request, body []byte) {
	req.ContentLength = int64(len(body))
	req.Body = io.NopCloser(bytes.NewReader(body))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
}

// exchange sends a request and reads its answer, at most limit bytes of it.
func (c courier) exchange(req *http.Request, limit int64) (status int, body []byte, err error) {
	resp, err := c.client.Do(req)
	if err != nil {
		return 0, nil, withoutAddress(err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end below; closing can't lose anything
	body, err = io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return 0, nil, fmt.Errorf("reading the answer: %w", withoutAddress(err))
	}
	if int64(len(body)) > limit {
		return 0, nil, fmt.Errorf("reading the answer: %w", errTooLong)
	}
	if !typed(resp.StatusCode) || !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) {
		return 0, nil, &statusError{code: resp.StatusCode}
	}
	return resp.StatusCode, body, nil
}

var errTooLong = errors.New("it is too long")

// typed reports whether the library has an error of its own for a status.
func typed(status int) bool {
	switch status {
	case http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden,
		http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests:
		return true
	}
	return false
}

// withoutAddress drops the address from an error of net/http: it holds the token.
func withoutAddress(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
