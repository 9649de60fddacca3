package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"saqbol/emulator"
	"saqbol/storage"
	"saqbol/storage/seal"
)

// The ways in which updates come.
const (
	polling = "polling"
	webhook = "webhook"
)

// site is one installation: a folder with a database and a key, and the Telegram
// that it talks to. The program in it starts and dies many times.
type site struct {
	rig      *rig
	name     string
	folder   string // the program's working folder
	binary   string
	api      *emulator.Server
	apiURL   string
	listen   string   // HTTP_LISTEN, the same at every start: the webhook's address
	database string   // a DATABASE_URL, "" = the file in the folder
	extra    []string // settings of this site alone, NAME=value
	post     *post    // what was sent to whom

	mu     sync.Mutex
	starts int
}

// newSite makes an installation that has never run. The program makes its key
// file itself, as a first start does.
func (r *rig) newSite(ctx context.Context, name string) (*site, error) {
	r.mu.Lock()
	r.number++
	name = fmt.Sprintf("%s-%02d", name, r.number)
	r.mu.Unlock()
	s := &site{rig: r, name: name, folder: filepath.Join(r.folder, name)}
	var err error
	if s.binary, err = r.binary(ctx); err != nil {
		return nil, err
	}
	if err := os.Mkdir(s.folder, 0o700); err != nil {
		return nil, fmt.Errorf("making a site: %w", err)
	}
	s.post = newPost(s.generation)
	s.api, err = emulator.New(emulator.Options{KeepCalls: -1, OnCall: s.post.called})
	if err != nil {
		return nil, err
	}
	if s.apiURL, err = s.api.Listen("127.0.0.1:0", s.api.API()); err != nil {
		return nil, err
	}
	s.listen, err = freeAddress(ctx)
	return s, err
}

// close ends the site's Telegram. Its folder stays until the run is over.
func (s *site) close() { s.api.Close() }

// generation counts the starts of the program.
func (s *site) generation() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.starts
}

// databaseOf is where the database of a site's folder is.
func databaseOf(folder string) string { return filepath.Join(folder, "data", "saqbol.db") }

// environment is what the program is started with.
func (s *site) environment(mode string) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "LOG_FORMAT=text",
		"TELEGRAM_BOT_TOKEN=" + s.api.Token(), "TELEGRAM_API_URL=" + s.apiURL, "HTTP_LISTEN=" + s.listen,
	}
	if mode == webhook {
		env = append(env, "WEBHOOK_URL=http://"+s.listen+"/telegram", "WEBHOOK_SECRET=a_sample_secret")
	}
	return append(env, s.extra...)
}

// open opens the site's database as the program would. The program must not run.
func (s *site) open(ctx context.Context) (*storage.Store, *seal.Keys, error) {
	if s.database != "" {
		return openOn(ctx, s.folder, s.database)
	}
	return openAt(ctx, s.folder)
}

func openAt(ctx context.Context, folder string, options ...storage.Option) (*storage.Store, *seal.Keys, error) {
	return openOn(ctx, folder, "sqlite:"+databaseOf(folder), options...)
}

func openOn(ctx context.Context, folder, database string, options ...storage.Option) (*storage.Store, *seal.Keys, error) {
	text, err := os.ReadFile(filepath.Join(folder, "saqbol.key"))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the key: %w", err)
	}
	keys, err := seal.Read(text)
	if err != nil {
		return nil, nil, err
	}
	store, err := storage.Open(ctx, database, keys, options...)
	return store, keys, err
}

// freeAddress is a loopback address that nothing listens on. It is none of those
// that the system gives to connections, one of which could take it before it is used.
func freeAddress(ctx context.Context) (string, error) {
	for {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000)))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("finding a free port: %w", err)
		}
		return l.Addr().String(), errors.Join(l.Close())
	}
}
