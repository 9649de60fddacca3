package emulator

import (
	"embed"
	"encoding/json"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// pageFiles is the chat page: HTML, JavaScript and CSS, nothing from elsewhere.
//
//go:embed page
var pageFiles embed.FS

// contentPolicy lets the page use what it is served with, and nothing else.
const contentPolicy = "default-src 'self'; img-src 'self' blob: data:; " +
	"object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Page serves the chat page and the control API behind it. Only a page from the
// same loopback address can use them: the Host must be a loopback name, so no
// other name can be pointed here, and a change must come from the page itself and
// be JSON, which a page from elsewhere can't send without asking first.
func (s *Server) Page() http.Handler {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil { // can't be: the folder is embedded
		s.log.Error("emulator: opening the page", "error", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "index.html")
	})
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(files)))
	mux.HandleFunc("GET /files/{id}", s.serveFile)
	mux.HandleFunc("GET /api/people", s.listPeople)
	mux.HandleFunc("POST /api/people", s.addPerson)
	mux.HandleFunc("POST /api/people/{id}", s.withPerson(s.changePerson))
	mux.HandleFunc("GET /api/people/{id}/chat", s.withPerson(s.showChat))
	mux.HandleFunc("GET /api/people/{id}/events", s.withPerson(s.streamEvents))
	for name, act := range actions() {
		mux.HandleFunc("POST /api/people/{id}/"+name, s.withPerson(s.act(act)))
	}
	return guard(mux)
}

// guard lets in what comes from this machine's own pages.
func guard(next http.Handler) http.Handler {
	others := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", contentPolicy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		switch {
		case !loopback(hostOf(r.Host)):
			problem(w, http.StatusForbidden, "only a loopback address is served")
		case others.Check(r) != nil:
			problem(w, http.StatusForbidden, "only this page may change anything here")
		case r.Method == http.MethodPost && kind != "application/json":
			problem(w, http.StatusUnsupportedMediaType, "Content-Type must be application/json")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// hostOf takes the port off a Host header.
func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return strings.Trim(address, "[]")
}

func problem(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	body, _ := json.Marshal(map[string]string{"error": text}) // strings always encode
	write(w, body)
}

func respond(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		problem(w, http.StatusInternalServerError, "the answer can't be encoded")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	write(w, body)
}

// maxControl bounds a request: a file of 20 MB in base64 and a little more.
const maxControl = 28 << 20

// readJSON reads a request that has these fields and no others.
func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		problem(w, http.StatusBadRequest, "the request can't be read as this call's JSON")
		return false
	}
	return true
}

func (s *Server) withPerson(next func(http.ResponseWriter, *http.Request, *Person)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
		p, ok := s.Person(id)
		if err != nil || !ok {
			problem(w, http.StatusNotFound, "no such person")
			return
		}
		next(w, r, p)
	}
}

// personView is a person as the page sees one.
type personView struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Language string `json:"language_code"`
	Blocked  bool   `json:"blocked"`
}

func viewPerson(p *Person) personView {
	return personView{p.ID(), p.Name(), p.Language(), p.Blocked()}
}

func (s *Server) listPeople(w http.ResponseWriter, _ *http.Request) {
	people := []personView{}
	for _, p := range s.People() {
		people = append(people, viewPerson(p))
	}
	respond(w, people)
}

// maxPeople bounds what a page can make.
const maxPeople = 1000

func (s *Server) addPerson(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name     string `json:"name"`
		Language string `json:"language_code"`
	}
	switch {
	case !readJSON(w, r, &in):
	case strings.TrimSpace(in.Name) == "" || len(in.Name) > 256 || len(in.Language) > 35:
		problem(w, http.StatusBadRequest, "a person needs a name of at most 256 bytes")
	case len(s.People()) >= maxPeople:
		problem(w, http.StatusConflict, "there are too many people")
	default:
		respond(w, viewPerson(s.NewPerson(strings.TrimSpace(in.Name), in.Language)))
	}
}

func (s *Server) changePerson(w http.ResponseWriter, r *http.Request, p *Person) {
	var in struct {
		Language string `json:"language_code"`
	}
	switch {
	case !readJSON(w, r, &in):
	case len(in.Language) > 35:
		problem(w, http.StatusBadRequest, "the language code is too long")
	default:
		p.SetLanguage(in.Language)
		respond(w, viewPerson(p))
	}
}

// showChat is all that the page draws.
func (s *Server) showChat(w http.ResponseWriter, _ *http.Request, p *Person) {
	messages := []messageView{}
	for _, m := range p.Messages() {
		messages = append(messages, viewMessage(m, p.ID()))
	}
	respond(w, struct {
		Person   personView    `json:"person"`
		Bot      About         `json:"bot"`
		Commands []Command     `json:"commands"`
		Messages []messageView `json:"messages"`
		Keyboard *Keyboard     `json:"keyboard"`
	}{viewPerson(p), p.Bot(), p.Commands(), messages, p.Keyboard()})
}

// serveFile gives a file of a message. Only pictures are shown in place; all
// else is downloaded, so that no file can act as a page of this address.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	file := s.files.get(r.PathValue("id"))
	if file == nil {
		problem(w, http.StatusNotFound, "no such file")
		return
	}
	switch file.mime {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		w.Header().Set("Content-Type", file.mime)
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.name}))
	}
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
	w.Header().Set("Content-Length", strconv.Itoa(len(file.data)))
	write(w, file.data)
}
