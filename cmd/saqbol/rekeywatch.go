package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"saqbol/storage/seal"
)

// keyLook is how often a running bot looks whether its key file has changed.
const keyLook = time.Second

// keyWatch takes up what changes in the key file while the bot runs. Whatever is
// wrong with the file, the bot goes on with the keys it has.
type keyWatch struct {
	path  string
	adopt func(context.Context, *seal.Keys) error
	log   *slog.Logger

	taken   fs.FileInfo // the file whose keys were taken up; nil at first
	refused string      // what was last said about the file
}

// run looks until ctx ends. The first look takes up what changed while the bot
// was starting.
func (w *keyWatch) run(ctx context.Context) {
	if w.path == "" {
		return // the keys came in the environment, which can't change
	}
	ticker := time.NewTicker(keyLook)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			w.look(ctx)
		}
	}
}

// look takes up the file's keys if it has changed.
func (w *keyWatch) look(ctx context.Context) {
	info, err := os.Stat(w.path)
	if err == nil && w.taken != nil && os.SameFile(info, w.taken) && info.ModTime().Equal(w.taken.ModTime()) && info.Size() == w.taken.Size() {
		w.refused = ""
		return
	}
	var keys *seal.Keys
	if err == nil {
		keys, err = readKeyFile(w.path)
	}
	if err == nil {
		err = w.adopt(ctx, keys)
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		w.refuse(err)
	default:
		if w.taken != nil {
			w.log.Info("the key file has changed: its keys are taken up", "file", w.path)
		}
		w.taken, w.refused = info, ""
	}
}

// refuse says once what is wrong.
func (w *keyWatch) refuse(err error) {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if message := err.Error(); message != w.refused {
		w.refused = message
		w.log.Warn("the key file has changed and its keys can't be taken up: the bot goes on with those it has; put the right file back, a restart needs it", "file", w.path, "error", err)
	}
}
