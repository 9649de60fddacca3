package emulator

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// form writes a multipart body; values that are []byte become files.
func form(t testing.TB, fields map[string]any) (contentType string, body *bytes.Buffer) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	for name, v := range fields {
		var err error
		switch v := v.(type) {
		case []byte:
			var part io.Writer
			part, err = w.CreatePart(textproto.MIMEHeader{
				"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename="файл.json"`, name)},
				"Content-Type":        {"application/json"},
			})
			if err == nil {
				_, err = part.Write(v)
			}
		default:
			err = w.WriteField(name, fmt.Sprint(v))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), body
}

const inlineJSON = `{"inline_keyboard":[[{"text":"✅","callback_data":"ok"}]]}`

// TestBodies sends one message in each way Telegram takes.
func TestBodies(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	p.Send("/start")
	path := "/bot" + b.s.Token() + "/sendMessage"
	id := strconv.FormatInt(p.ID(), 10)
	values := url.Values{"chat_id": {id}, "text": {"Сәлем"}, "protect_content": {"True"}, "reply_markup": {inlineJSON}}
	multipartType, multipartBody := form(t, map[string]any{"chat_id": id, "text": "Сәлем", "protect_content": 1, "reply_markup": inlineJSON})
	for _, test := range []struct {
		name, path, contentType string
		body                    io.Reader
	}{
		{"JSON", path, "application/json; charset=utf-8", strings.NewReader(`{"chat_id":` + id + `,"text":"Сәлем","protect_content":true,"reply_markup":` + inlineJSON + `}`)},
		{"JSON with serialized markup", path, "application/json", strings.NewReader(`{"chat_id":"` + id + `","text":"Сәлем","protect_content":true,"reply_markup":` + strconv.Quote(inlineJSON) + `}`)},
		{"form", path, "application/x-www-form-urlencoded", strings.NewReader(values.Encode())},
		{"multipart", path, multipartType, multipartBody},
		{"address", path + "?" + values.Encode(), "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			b.t = t
			a := b.post(test.path, test.contentType, test.body)
			if !a.OK {
				t.Fatalf("%+v", a)
			}
			b.checkResult("sendMessage", a.Result)
			last, _ := p.Last()
			if last.Text != "Сәлем" || len(last.Buttons) != 1 || last.Buttons[0][0].Data != "ok" {
				t.Errorf("got %+v", last)
			}
			if !strings.Contains(string(a.Result), `"has_protected_content":true`) {
				t.Errorf("got %s", a.Result)
			}
		})
	}
	t.Run("GET", func(t *testing.T) {
		response, err := b.client.Get(b.base + path + "?" + values.Encode())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusOK {
			t.Error(response.Status)
		}
	})
}

func TestBodiesRefused(t *testing.T) {
	b := newBot(t, Options{})
	path := "/bot" + b.s.Token() + "/sendMessage"
	extraType, extra := form(t, map[string]any{"chat_id": 1, "text": "x", "thumbnail": []byte("x")})
	cutType, cut := form(t, map[string]any{"chat_id": 1, "text": "x"})
	cut.Truncate(cut.Len() - 6)
	for _, test := range []struct {
		name, contentType, body string
		code                    int
		words                   string
	}{
		{"no content type", "", `{"text":"x"}`, 400, "no Content-Type"},
		{"another content type", "text/plain", "x", 400, "not one the Bot API takes"},
		{"broken JSON", "application/json", `{"text":`, 400, "no JSON"},
		{"two JSON values", "application/json", `{} {}`, 400, "no JSON"},
		{"a JSON array", "application/json", `[]`, 400, "must be a JSON object"},
		{"a broken form", "application/x-www-form-urlencoded", "a=%zz", 400, "no form"},
		{"no boundary", "multipart/form-data", "x", 400, "no boundary"},
		{"a cut multipart", cutType, cut.String(), 400, "can't parse the body"},
		{"an unknown file", extraType, extra.String(), 400, `field "thumbnail"`},
		{"a word for a number", "application/x-www-form-urlencoded", "chat_id=1&text=x&message_thread_id=one", 400, `field "message_thread_id": must be Integer, is "one"`},
		{"a word for a boolean", "application/x-www-form-urlencoded", "chat_id=1&text=x&protect_content=maybe", 400, `field "protect_content": must be Boolean`},
		{"not UTF-8", "application/x-www-form-urlencoded", "chat_id=1&text=%ff", 400, "UTF-8"},
		{"a huge field", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n" + strings.Repeat("x", maxField+1) + "\r\n--b--\r\n", 413, "Request Entity Too Large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := b.post(path, test.contentType, strings.NewReader(test.body))
			if a.Status != test.code || !strings.Contains(a.Description, test.words) {
				t.Errorf("got %+v, want %d %q", a, test.code, test.words)
			}
		})
	}
}

// TestEmptyBodies are the two ways in which go-telegram/bot calls without
// parameters.
func TestEmptyBodies(t *testing.T) {
	b := newBot(t, Options{})
	for name, body := range map[string]string{"nothing": "", "the last boundary": "--b--\r\n"} {
		if a := b.post("/bot"+b.s.Token()+"/getMe", "multipart/form-data; boundary=b", strings.NewReader(body)); !a.OK {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func TestFiles(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	p.Send("/start")
	data := []byte(`{"reports":[]}`)
	send := func(method string, fields map[string]any) answer {
		fields = maps.Clone(fields)
		fields["chat_id"] = p.ID()
		contentType, body := form(t, fields)
		a := b.post("/bot"+b.s.Token()+"/"+method, contentType, body)
		if a.OK {
			b.checkResult(method, a.Result)
		}
		return a
	}
	if a := send("sendDocument", map[string]any{"document": data, "caption": "<b>Деректер</b>", "parse_mode": "HTML"}); !a.OK {
		t.Fatalf("%+v", a)
	}
	m, _ := p.Last()
	if m.Document == nil || m.Document.Name != "файл.json" || m.Document.Size != int64(len(data)) || m.Document.MIME != "application/json" || m.HTML() != "<b>Деректер</b>" {
		t.Fatalf("got %+v, %+v", m, m.Document)
	}
	if got, ok := b.s.File(m.Document.ID); !ok || !bytes.Equal(got, data) {
		t.Errorf("the file holds %q", got)
	}
	for _, fields := range []map[string]any{
		{"document": "attach://d", "d": data},
		{"document": m.Document.ID},
	} {
		if a := send("sendDocument", fields); !a.OK {
			t.Errorf("%v: %+v", fields, a)
		}
	}
	for _, test := range []struct {
		method string
		fields map[string]any
		words  string
	}{
		{"sendDocument", map[string]any{"document": "no-such-id"}, "wrong remote file identifier"},
		{"sendDocument", map[string]any{"document": []byte{}}, "file must be non-empty"},
		{"sendDocument", map[string]any{"document": data, "other": data}, `field "other"`},
		{"sendDocument", map[string]any{"document": data, "caption": strings.Repeat("x", 1025)}, "message caption is too long"},
		{"sendPhoto", map[string]any{"photo": m.Document.ID}, "can't use file of type Document as Photo"},
		{"sendDocument", map[string]any{"document": "https://example.com/a"}, "not emulated"},
	} {
		if a := send(test.method, test.fields); a.OK || !strings.Contains(a.Description, test.words) {
			t.Errorf("%s %v: got %+v, want %q", test.method, test.fields, a, test.words)
		}
	}
	if a := send("sendPhoto", map[string]any{"photo": data}); !a.OK {
		t.Errorf("%+v", a)
	}
	if a := send("sendVoice", map[string]any{"voice": data, "duration": 5}); !a.OK {
		t.Errorf("%+v", a)
	}
	b.checkDownload(m.Document.ID, data)
	b.refused("getFile", args{"file_id": "no-such-id"}, 400, "invalid file_id")
}

func (b *bot) checkDownload(id string, want []byte) {
	b.t.Helper()
	var file struct {
		Path string `json:"file_path"`
	}
	b.must("getFile", args{"file_id": id}, &file)
	response, err := b.client.Get(b.base + "/file/bot" + b.s.Token() + "/" + file.Path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	if err != nil || !bytes.Equal(got, want) || response.StatusCode != http.StatusOK {
		b.t.Errorf("downloaded %q, %v", got, err)
	}
}

func TestUploadsAreBounded(t *testing.T) {
	in := &input{values: map[string]any{}, files: map[string]*upload{}}
	head := "--b\r\nContent-Disposition: form-data; name=\"document\"; filename=\"a\"\r\n\r\n"
	endless := io.MultiReader(strings.NewReader(head), &zeros{})
	if err := in.readBody("multipart/form-data; boundary=b", endless); !errors.Is(err, errTooLarge) {
		t.Errorf("got %v", err)
	}
}

// zeros never ends.
type zeros struct{ read int }

func (z *zeros) Read(p []byte) (int, error) {
	clear(p)
	if z.read += len(p); z.read > 2*maxBody {
		return 0, fmt.Errorf("read %d bytes of a file that may have %d", z.read, maxUpload)
	}
	return len(p), nil
}

func TestFilesAreForgotten(t *testing.T) {
	s, err := New(Options{KeepFileBytes: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := s.NewPerson("Person", "kk")
	for range 3 {
		p.SendDocument(Upload{Name: "a.txt", Data: []byte("123456")})
	}
	kept := 0
	for _, m := range p.Messages() {
		if _, ok := s.File(m.Document.ID); ok {
			kept++
		}
	}
	if kept != 1 {
		t.Errorf("%d files are kept", kept)
	}
}

// FuzzBody: no body makes the reader panic or take more than it was given.
func FuzzBody(f *testing.F) {
	contentType, body := form(f, map[string]any{"chat_id": 1, "document": []byte("x")})
	f.Add(contentType, body.Bytes())
	f.Add("application/json", []byte(`{"chat_id":1,"reply_markup":{"inline_keyboard":[[]]}}`))
	f.Add("application/x-www-form-urlencoded", []byte("chat_id=1&text=%D0%B0"))
	f.Add("multipart/form-data; boundary=b", []byte("--b\r\n\r\n--b--"))
	f.Add("", []byte("x"))
	sc, err := loadSchema()
	if err != nil {
		f.Fatal(err)
	}
	method, _ := sc.method("sendDocument")
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		in := &input{values: map[string]any{}, files: map[string]*upload{}}
		if err := in.readBody(contentType, bytes.NewReader(body)); err != nil {
			return
		}
		size := 0
		for _, u := range in.files {
			size += len(u.data)
		}
		if size > len(body) {
			t.Fatalf("%d bytes of files out of %d", size, len(body))
		}
		p, err := sc.checkCall(method, in)
		if err == nil && !p.has("chat_id") {
			t.Fatal("let in without chat_id")
		}
	})
}
