package emulator

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

var secretShape = regexp.MustCompile(`^[A-Za-z0-9_-]+$`) // at most 256; {1,256} would cost a millisecond at every start

// webhook delivers updates to the bot's address: those of one chat in order,
// chats at the same time, on so many connections at most. Server.mu guards what
// changes.
type webhook struct {
	server  *Server
	url     string
	secret  string
	most    int64
	client  *http.Client
	ctx     context.Context // ends with the webhook
	end     context.CancelFunc
	slots   chan struct{}
	lanes   map[int64][]*update // by chat; a lane that is there has its goroutine
	errorAt int64
	error   string
}

const defaultConnections = 40

// checkWebhook holds the parameters of setWebhook against Telegram's rules.
// Plain http is let through on loopback only.
func checkWebhook(c *call) *apiError {
	u, err := url.Parse(c.str("url"))
	secret := c.str("secret_token")
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return refuse("bad webhook: invalid webhook URL specified")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return refuse("bad webhook: An HTTPS URL must be provided for webhook")
	case c.has("secret_token") && (len(secret) > 256 || !secretShape.MatchString(secret)):
		return refuse("secret token contains unallowed characters or is too long")
	case c.has("max_connections") && (c.int("max_connections") < 1 || c.int("max_connections") > 100):
		return refuse(`field "max_connections": must be 1 to 100`)
	}
	return nil
}

func (s *Server) setWebhook(_ context.Context, c *call) (any, *apiError) {
	remove := c.str("url") == ""
	if !remove {
		if refused := checkWebhook(c); refused != nil {
			return nil, refused
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopWebhook()
	if c.has("allowed_updates") {
		s.queue.allowed = c.strings("allowed_updates")
	}
	s.drop(c)
	if remove {
		return true, nil
	}
	s.queue.stop(conflict("terminated by setWebhook request"))
	most := c.int("max_connections")
	if most == 0 {
		most = defaultConnections
	}
	ctx, end := context.WithCancel(context.Background())
	s.hook = &webhook{
		server: s, url: c.str("url"), secret: c.str("secret_token"), most: most, ctx: ctx, end: end,
		slots: make(chan struct{}, most), lanes: map[int64][]*update{},
		client: &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: int(most), MaxIdleConns: int(most), DialContext: s.opts.WebhookDial},
			Timeout:       s.opts.WebhookTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	for _, u := range s.queue.updates {
		if !u.done {
			s.hook.enqueue(u)
		}
	}
	return true, nil
}

// stopWebhook ends deliveries; what was not acknowledged stays in the queue.
func (s *Server) stopWebhook() {
	if s.hook != nil {
		s.hook.end()
		s.hook.client.CloseIdleConnections()
		s.hook = nil
	}
}

// drop forgets what waits, where a call asks for that.
func (s *Server) drop(c *call) {
	if !c.bool("drop_pending_updates") {
		return
	}
	for _, u := range s.queue.updates {
		s.queue.finish(u)
	}
	s.queue.trim()
}

func (s *Server) deleteWebhook(_ context.Context, c *call) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopWebhook()
	s.drop(c)
	return true, nil
}

func (s *Server) getWebhookInfo(context.Context, *call) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info := map[string]any{"url": "", "has_custom_certificate": false, "pending_update_count": s.queue.waiting}
	if len(s.queue.allowed) > 0 {
		info["allowed_updates"] = slices.Clone(s.queue.allowed)
	}
	if h := s.hook; h != nil {
		info["url"], info["max_connections"] = h.url, h.most
		if h.error != "" {
			info["last_error_date"], info["last_error_message"] = h.errorAt, h.error
		}
	}
	return info, nil
}

// enqueue adds an update to its chat's lane. The caller holds the lock.
func (h *webhook) enqueue(u *update) {
	lane, running := h.lanes[u.chat]
	h.lanes[u.chat] = append(lane, u)
	if !running {
		h.server.wg.Go(func() { h.drive(u.chat) })
	}
}

// drive delivers a lane until it is empty.
func (h *webhook) drive(chat int64) {
	for {
		h.server.mu.Lock()
		lane := h.lanes[chat]
		for len(lane) > 0 && lane[0].done {
			lane = lane[1:]
		}
		if len(lane) == 0 || h.ctx.Err() != nil {
			delete(h.lanes, chat)
			h.server.mu.Unlock()
			return
		}
		h.lanes[chat] = lane
		u, body := lane[0], lane[0].body
		h.server.mu.Unlock()
		if h.repeat(body) {
			h.delivered(u)
		}
	}
}

// delivered counts a delivery that was acknowledged. The webhook may have ended
// meanwhile; the update is delivered all the same.
func (h *webhook) delivered(u *update) {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	if u.copies--; u.copies <= 0 {
		h.server.queue.finish(u)
		h.server.queue.trim()
	}
}

// repeat delivers one update until it is acknowledged, waiting longer each time,
// or until the webhook ends.
func (h *webhook) repeat(body []byte) bool {
	wait := h.server.opts.WebhookBackoff
	for {
		select {
		case h.slots <- struct{}{}:
		case <-h.ctx.Done():
			return false
		}
		err := h.deliver(body)
		<-h.slots
		if err == nil {
			return true
		}
		if h.ctx.Err() != nil {
			return false
		}
		h.failed(err)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-h.ctx.Done():
			timer.Stop()
			return false
		}
		wait = min(2*wait, 100*h.server.opts.WebhookBackoff)
	}
}

func (h *webhook) failed(err error) {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	h.errorAt, h.error = h.server.opts.Clock().Unix(), err.Error()
	h.server.log.Info("emulator: a webhook delivery failed", "error", h.error)
}

// deliver posts an update once, and runs the call that the answer may hold.
func (h *webhook) deliver(body []byte) error {
	request, err := http.NewRequestWithContext(h.ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return deliveryProblem("Wrong URL of the webhook")
	}
	request.Header.Set("Content-Type", "application/json")
	if h.secret != "" {
		request.Header.Set("X-Telegram-Bot-Api-Secret-Token", h.secret)
	}
	response, err := h.client.Do(request)
	if err != nil {
		return deliveryError(err)
	}
	defer func() { _ = response.Body.Close() }() // it was only read
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return deliveryError(err)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return deliveryProblem("Wrong response from the webhook: " + response.Status)
	}
	h.answered(response.Header.Get("Content-Type"), answer)
	return nil
}

// deliveryProblem is a failure in the words of last_error_message.
type deliveryProblem string

func (p deliveryProblem) Error() string { return string(p) }

func deliveryError(err error) error {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return deliveryProblem("Read timeout expired")
	case strings.Contains(err.Error(), "refused"):
		return deliveryProblem("Connection refused")
	}
	return deliveryProblem("Connection closed")
}

// answered runs the call in the answer to a delivery, if it holds one. Its
// result is told to nobody; it stands in the log of calls.
func (h *webhook) answered(contentType string, body []byte) {
	if len(bytes.TrimSpace(body)) == 0 {
		return
	}
	in := &input{values: map[string]any{}, files: map[string]*upload{}}
	if err := in.readBody(contentType, bytes.NewReader(body)); err != nil {
		return // an answer that is no call, such as "ok", is nothing to Telegram
	}
	name := ""
	switch v := in.values["method"].(type) {
	case formValue:
		name = string(v)
	case string:
		name = v
	}
	if name == "" {
		return
	}
	delete(in.values, "method")
	_, _, _ = h.server.execute(h.ctx, name, in, true)
}
