package emulator

import (
	"fmt"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// fileStore keeps what was uploaded, up to a total size: the oldest goes first.
type fileStore struct {
	mu    sync.Mutex
	keep  int64
	size  int64
	last  int64
	files map[string]*storedFile // by id
	order []string
}

type storedFile struct {
	id     string
	unique string
	path   string // under /file/bot<token>/
	kind   string // document, photo, voice
	name   string
	mime   string
	data   []byte
}

func (f *fileStore) init(keep int64) {
	f.keep, f.files = keep, map[string]*storedFile{}
}

// put keeps a file of a kind and gives it its ids.
func (f *fileStore) put(kind string, u *upload) *storedFile {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last++
	n := strconv.FormatInt(f.last, 10)
	extension := strings.ToLower(path.Ext(u.name))
	if len(extension) > 8 || strings.ContainsAny(extension, "/\\\"") {
		extension = ""
	}
	file := &storedFile{
		id: "SAMPLE-file-" + kind + "-" + n, unique: "SAMPLE-unique-" + n, kind: kind,
		path: kind + "s/file_" + n + extension, name: u.name, mime: fileType(u), data: u.data,
	}
	f.files[file.id] = file
	f.order = append(f.order, file.id)
	for f.size += int64(len(u.data)); f.size > f.keep && len(f.order) > 1; f.order = f.order[1:] {
		f.size -= int64(len(f.files[f.order[0]].data))
		delete(f.files, f.order[0])
	}
	return file
}

// fileType is the type that came with the file, or what its name says.
func fileType(u *upload) string {
	if u.mime != "" && u.mime != "application/octet-stream" {
		return u.mime
	}
	if kind := mime.TypeByExtension(path.Ext(u.name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

func (f *fileStore) get(id string) *storedFile {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.files[id]
}

// view is the file as a Message shows it. A file already forgotten keeps its id.
func (f *fileStore) view(id string) *File {
	file := f.get(id)
	if file == nil {
		return &File{ID: id}
	}
	return &File{ID: id, Name: file.name, MIME: file.mime, Size: int64(len(file.data))}
}

// File gives the data of a file in a message by its id, as long as it is kept.
func (s *Server) File(id string) ([]byte, bool) {
	file := s.files.get(id)
	if file == nil {
		return nil, false
	}
	return file.data, true
}

func (f *storedFile) document() *wireDocument {
	return &wireDocument{FileID: f.id, UniqueID: f.unique, Name: f.name, MIME: f.mime, Size: int64(len(f.data))}
}

func (f *storedFile) voice(seconds int64) *wireVoice {
	return &wireVoice{FileID: f.id, UniqueID: f.unique, Duration: seconds, MIME: "audio/ogg", Size: int64(len(f.data))}
}

// photo is the one size there is: the emulator does not decode pictures, so the
// measures are made up.
func (f *storedFile) photo() []wirePhoto {
	return []wirePhoto{{FileID: f.id, UniqueID: f.unique, Width: 1280, Height: 960, Size: int64(len(f.data))}}
}

// download serves /file/bot<token>/<path>.
func (s *Server) download(w http.ResponseWriter, r *http.Request, name string) {
	s.files.mu.Lock()
	var found *storedFile
	for _, f := range s.files.files {
		if f.path == name {
			found = f
		}
	}
	s.files.mu.Unlock()
	if found == nil || r.Method != http.MethodGet || len(found.data) > maxDownload {
		s.answer(w, nil, &apiError{code: http.StatusNotFound, text: "Not Found"})
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(found.data)))
	write(w, found.data)
}

// sent resolves a file parameter: an upload, or the id of a file that is known.
func (s *Server) sent(c *call, name string) (*storedFile, *apiError) {
	switch v := c.params[name].(type) {
	case *upload:
		if len(v.data) == 0 {
			return nil, refuse("file must be non-empty")
		}
		return s.files.put(name, v), nil
	case string:
		if strings.HasPrefix(v, "http://") || strings.HasPrefix(v, "https://") {
			return nil, notEmulated("sending a file by its address")
		}
		file := s.files.get(v)
		switch {
		case file == nil:
			return nil, refuse("wrong remote file identifier specified: Wrong string length")
		case file.kind != name && name != "document":
			return nil, refuse("can't use file of type %s as %s", title(file.kind), title(name))
		}
		return file, nil
	}
	return nil, refuse("there is no %s in the request", name)
}

func title(kind string) string { return fmt.Sprintf("%s%s", strings.ToUpper(kind[:1]), kind[1:]) }
