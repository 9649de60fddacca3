package emulator

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

const bodyTimeout = 2 * time.Minute

// call is a checked call on its way to its method.
type call struct {
	params
	in     *input
	method string
}

// API serves /bot<token>/<method> and /file/bot<token>/<path>.
func (s *Server) API() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		rest, isFile := strings.CutPrefix(r.URL.Path, "/file/bot")
		if !isFile {
			var ok bool
			if rest, ok = strings.CutPrefix(r.URL.Path, "/bot"); !ok {
				s.answer(w, nil, &apiError{code: http.StatusNotFound, text: "Not Found"})
				return
			}
		}
		token, name, _ := strings.Cut(rest, "/")
		switch {
		case subtle.ConstantTimeCompare([]byte(token), []byte(s.opts.Token)) != 1:
			s.log.Warn("emulator: a call with another token")
			s.answer(w, nil, &apiError{code: http.StatusUnauthorized, text: "Unauthorized"})
		case isFile:
			s.download(w, r, path.Clean(name))
		case r.Method != http.MethodGet && r.Method != http.MethodPost:
			s.answer(w, nil, &apiError{code: http.StatusNotFound, text: "Not Found"})
		default:
			s.serveCall(w, r, name)
		}
	})
}

func (s *Server) serveCall(w http.ResponseWriter, r *http.Request, name string) {
	// A caller has a while to send its body; the answer may take as long as it
	// likes. Only a recorder in a test has no deadlines to set.
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(bodyTimeout))
	in, refused := readInput(r)
	_ = connection.SetReadDeadline(time.Time{})
	if refused != nil {
		s.record(Call{Method: name}, nil, refused)
		s.answer(w, nil, refused)
		return
	}
	result, spoil, refused := s.execute(r.Context(), name, in, false)
	s.pause(r.Context(), time.Duration(s.latency.Load()))
	if spoil != nil && spoil.answer(r.Context(), s, w) {
		return
	}
	s.answer(w, result, refused)
}

// execute checks and runs a call, and writes it into the log. It is the one way
// in for calls over HTTP and for those in the answers of webhooks.
func (s *Server) execute(ctx context.Context, name string, in *input, inWebhook bool) (json.RawMessage, *Fault, *apiError) {
	entry := Call{Method: name, InWebhook: inWebhook}
	c, run, refused := s.check(name, in)
	if c != nil {
		entry.Method, entry.ChatID = c.method, c.chatID()
		if s.calls.wanted() {
			entry.Params = logged(c.params)
		}
	}
	spoil := s.faults.pick(entry.Method, entry.ChatID)
	if spoil != nil {
		entry.Fault = spoil.Kind.String()
	}
	var result json.RawMessage
	if refused == nil && (spoil == nil || spoil.Applied) {
		result, refused = s.run(ctx, c, run)
	}
	if spoil != nil {
		if r := spoil.refusal(); r != nil {
			refused, result = r, nil
		}
	}
	s.record(entry, result, refused)
	return result, spoil, refused
}

// check finds the method and holds the parameters against the schema.
func (s *Server) check(name string, in *input) (*call, method, *apiError) {
	schema, err := s.loadSchema()
	if err != nil {
		return nil, nil, &apiError{code: http.StatusInternalServerError, text: err.Error()}
	}
	shape, ok := schema.method(name)
	if !ok {
		return nil, nil, &apiError{code: http.StatusNotFound, text: "Not Found"}
	}
	c := &call{in: in, method: shape.name}
	c.params, err = schema.checkCall(shape, in)
	if err != nil {
		return c, nil, refuse("%v", err)
	}
	run := s.methods(shape.name)
	if run == nil {
		return c, nil, notEmulated(shape.name)
	}
	return c, run, nil
}

func (s *Server) run(ctx context.Context, c *call, run method) (json.RawMessage, *apiError) {
	value, refused := run(ctx, c)
	if refused != nil {
		return nil, refused
	}
	result, err := json.Marshal(value)
	if err != nil {
		return nil, &apiError{code: http.StatusInternalServerError, text: fmt.Sprintf("encoding the result: %v", err)}
	}
	return result, nil
}

func (s *Server) record(entry Call, result json.RawMessage, refused *apiError) {
	entry.Time, entry.Code, entry.Result = s.opts.Clock(), http.StatusOK, result
	if refused != nil {
		entry.Code, entry.Description = refused.code, refused.text
		s.log.Info("emulator: refused a call", "method", clip(entry.Method), "code", refused.code, "description", refused.text)
	}
	s.calls.add(entry)
}

// answer writes the envelope of the Bot API.
func (s *Server) answer(w http.ResponseWriter, result json.RawMessage, refused *apiError) {
	w.Header().Set("Content-Type", "application/json")
	if refused == nil {
		body := make([]byte, 0, len(result)+24)
		body = append(body, `{"ok":true,"result":`...)
		write(w, append(append(body, result...), '}'))
		return
	}
	envelope := struct {
		OK          bool           `json:"ok"`
		Code        int            `json:"error_code"`
		Description string         `json:"description"`
		Parameters  map[string]any `json:"parameters,omitempty"`
	}{Code: refused.code, Description: refused.text}
	switch {
	case refused.retryAfter > 0:
		envelope.Parameters = map[string]any{"retry_after": refused.retryAfter}
		w.Header().Set("Retry-After", strconv.Itoa(refused.retryAfter))
	case refused.migrateTo != 0:
		envelope.Parameters = map[string]any{"migrate_to_chat_id": refused.migrateTo}
	}
	// Strings and numbers always encode.
	body, _ := json.Marshal(envelope)
	w.WriteHeader(refused.code)
	write(w, body)
}

// write sends a body. An error means that the caller is gone, and there is
// nobody left to tell.
func write(w http.ResponseWriter, body []byte) { _, _ = w.Write(body) }

// chatID is the chat a call names by number.
func (c *call) chatID() int64 {
	switch id := c.params["chat_id"].(type) {
	case int64:
		return id
	case string:
		n, err := strconv.ParseInt(id, 10, 64)
		if err == nil {
			return n
		}
	}
	return 0
}
