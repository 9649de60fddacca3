package emulator

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
)

const (
	maxUpload = 50 << 20          // a file sent by a bot
	maxBody   = maxUpload + 1<<20 // with the fields around it
	maxField  = 1 << 20
	maxParts  = 200
)

// input is a call's parameters as they came, before they are checked.
type input struct {
	values map[string]any // a formValue, or a JSON value
	files  map[string]*upload
}

// formValue is a parameter of an address or a form, where everything is text.
type formValue string

// upload is a file that came with a call.
type upload struct {
	name string
	mime string
	data []byte
}

var (
	errTooLarge = errors.New("request entity too large")
)

// readInput reads the parameters of a call from its address and its body.
func readInput(r *http.Request) (*input, *apiError) {
	in := &input{values: map[string]any{}, files: map[string]*upload{}}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse("can't parse the query string")
	}
	in.addValues(query)
	if r.Method == http.MethodGet {
		return in, nil
	}
	switch err := in.readBody(r.Header.Get("Content-Type"), r.Body); {
	case errors.Is(err, errTooLarge):
		return nil, &apiError{code: http.StatusRequestEntityTooLarge, text: "Request Entity Too Large"}
	case err != nil:
		return nil, refuse("can't parse the body: %v", err)
	}
	return in, nil
}

func (in *input) addValues(values url.Values) {
	for name, all := range values {
		in.values[name] = formValue(all[0])
	}
}

// readBody adds the parameters of a body of any of the three kinds Telegram
// takes. A body without a content type has to be empty.
func (in *input) readBody(contentType string, body io.Reader) error {
	if contentType == "" {
		data, err := readAll(body, maxField)
		if err == nil && len(data) > 0 {
			err = errors.New("it has no Content-Type")
		}
		return err
	}
	kind, args, err := mime.ParseMediaType(contentType)
	if err != nil {
		return errors.New("its Content-Type can't be read")
	}
	switch kind {
	case "application/json":
		return in.readJSON(body)
	case "application/x-www-form-urlencoded":
		data, err := readAll(body, maxBody)
		if err != nil {
			return err
		}
		values, err := url.ParseQuery(string(data))
		if err != nil {
			return errors.New("it is no form")
		}
		in.addValues(values)
		return nil
	case "multipart/form-data":
		return in.readMultipart(args["boundary"], body)
	}
	return errors.New("its Content-Type is not one the Bot API takes")
}

func (in *input) readJSON(body io.Reader) error {
	data, err := readAll(body, maxBody)
	if err != nil || len(bytes.TrimSpace(data)) == 0 {
		return err
	}
	v, err := decodeJSON(bytes.NewReader(data))
	if err != nil {
		return errors.New("it is no JSON")
	}
	object, ok := v.(map[string]any)
	if !ok {
		return errors.New("it must be a JSON object")
	}
	for name, v := range object {
		in.values[name] = v
	}
	return nil
}

// readMultipart reads parts with a file name as files and the others as fields.
// An empty body without even the closing boundary is a call with no parameters:
// go-telegram/bot sends that.
func (in *input) readMultipart(boundary string, body io.Reader) error {
	if boundary == "" {
		return errors.New("its Content-Type has no boundary")
	}
	counted := &counter{r: body}
	parts := multipart.NewReader(counted, boundary)
	left := maxBody
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		switch {
		case err == io.EOF || errors.Is(err, io.EOF) && counted.n == 0: //nolint:errorlint // a wrapped EOF is a body that breaks off
			return nil
		case err != nil:
			return limitOr(err, "it is no multipart form")
		case n == maxParts:
			return errors.New("it has too many parts")
		case part.FormName() == "":
			return errors.New("a part has no name")
		}
		used, err := in.readPart(part, left)
		if err != nil {
			return err
		}
		left -= used
	}
}

func (in *input) readPart(part *multipart.Part, left int) (int, error) {
	most := maxField
	if part.FileName() != "" {
		most = maxUpload
	}
	data, err := readAll(part, min(most, left))
	if err != nil {
		return 0, limitOr(err, "a part of it breaks off")
	}
	if part.FileName() == "" {
		in.values[part.FormName()] = formValue(data)
		return len(data), nil
	}
	in.files[part.FormName()] = &upload{name: part.FileName(), mime: part.Header.Get("Content-Type"), data: data}
	return len(data), nil
}

// readAll reads at most limit bytes and refuses more.
func readAll(r io.Reader, limit int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, limitOr(err, "it breaks off")
	}
	if len(data) > limit {
		return nil, errTooLarge
	}
	return data, nil
}

func limitOr(err error, otherwise string) error {
	var tooLarge *http.MaxBytesError
	if errors.Is(err, errTooLarge) || errors.As(err, &tooLarge) {
		return errTooLarge
	}
	return errors.New(otherwise)
}

// counter tells whether anything came at all.
type counter struct {
	r io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}
