package emulator

import "context"

// sendFile sends a file with a caption. attach puts it into the message.
func (s *Server) sendFile(c *call, kind string, attach func(*wireMessage, *storedFile)) (any, *apiError) {
	return s.deliver(c, func(m *wireMessage) (refused *apiError) {
		if m.Caption, m.CaptionEntities, refused = c.marked(c.params, "caption", "caption_entities", maxCaption); refused != nil {
			return refused
		}
		file, refused := s.sent(c, kind)
		if refused == nil {
			attach(m, file)
		}
		return refused
	})
}

func (s *Server) sendDocument(_ context.Context, c *call) (any, *apiError) {
	return s.sendFile(c, "document", func(m *wireMessage, f *storedFile) { m.Document = f.document() })
}

func (s *Server) sendPhoto(_ context.Context, c *call) (any, *apiError) {
	return s.sendFile(c, "photo", func(m *wireMessage, f *storedFile) { m.Photo = f.photo() })
}

func (s *Server) sendVoice(_ context.Context, c *call) (any, *apiError) {
	return s.sendFile(c, "voice", func(m *wireMessage, f *storedFile) { m.Voice = f.voice(c.int("duration")) })
}

// getFile says where a file can be downloaded, up to 20 MB.
func (s *Server) getFile(_ context.Context, c *call) (any, *apiError) {
	file := s.files.get(c.str("file_id"))
	switch {
	case file == nil:
		return nil, refuse("invalid file_id")
	case len(file.data) > maxDownload:
		return nil, refuse("file is too big")
	}
	return struct {
		ID     string `json:"file_id"`
		Unique string `json:"file_unique_id"`
		Size   int64  `json:"file_size"`
		Path   string `json:"file_path"`
	}{file.id, file.unique, int64(len(file.data)), file.path}, nil
}
