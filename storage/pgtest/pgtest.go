// Package pgtest runs a PostgreSQL server for tests: a real one, of their own, on
// a socket in a temporary folder. It needs Debian's package postgresql, or initdb
// and postgres of another; no other server on the machine is needed or touched.
package pgtest

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver
)

// owner is the server's first user, who may do everything.
const owner = "saqbol"

// Server is a server that tests have for themselves.
type Server struct {
	folder string // the socket's, and the cluster's in it
	bin    string
	as     *syscall.SysProcAttr // an unprivileged user, nil = who runs the tests
	args   []string

	mu      sync.Mutex
	process *exec.Cmd
	ended   chan error
	watcher *exec.Cmd // ends the server once its input is closed, as it is when this process ends
	made    atomic.Int64
}

// Options changes how a server runs.
type Options struct {
	// Durable has it wait for the disk, as a server does that keeps something.
	Durable bool
	// Settings of postgresql.conf, as name=value.
	Settings []string
}

// New makes a server and starts it; Close ends it. The error says what to install
// where that is missing.
func New(ctx context.Context, o Options) (_ *Server, err error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "pgtest") // short: a socket's path may have 107 characters
	if err != nil {
		return nil, fmt.Errorf("making a folder for PostgreSQL: %w", err)
	}
	s := &Server{folder: folder, bin: bin}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}()
	if err := s.unprivileged(); err != nil {
		return nil, err
	}
	init := s.command(ctx, "initdb", "--pgdata", s.data(), "--username", owner, "--auth", "trust", "--encoding", "UTF8",
		"--locale", "C.UTF-8", "--data-checksums", "--no-sync", "--no-instructions")
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	s.args = []string{"-D", s.data(), "-k", folder, "-c", "listen_addresses=", "-c", "max_connections=200", "-c", "shared_buffers=32MB",
		"-c", "logging_collector=off", "-c", "log_destination=stderr"}
	if !o.Durable {
		s.args = append(s.args, "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")
	}
	for _, setting := range o.Settings {
		s.args = append(s.args, "-c", setting)
	}
	return s, s.Start()
}

// programs is the folder of PostgreSQL's programs, of its newest version.
func programs() (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil {
		real, err := filepath.EvalSymlinks(path) // its other programs stand beside it
		return filepath.Dir(real), err
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // Debian keeps them out of PATH
	if err != nil || len(found) == 0 {
		return "", errors.New("PostgreSQL's server is not installed, and the tests need it: sh .ci/deps, or apt-get install postgresql")
	}
	newest, version := "", 0
	for _, path := range found {
		if n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path)))); err == nil && n > version {
			newest, version = path, n
		}
	}
	return filepath.Dir(newest), nil
}

// unprivileged has the server run as another user where the tests run as root,
// which it refuses.
func (s *Server) unprivileged() error {
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(errUID, errGID); err != nil {
			return err
		}
		s.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), NoSetGroups: true}}
		return os.Chown(s.folder, int(uid), int(gid))
	}
	return errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody: add one, or run the tests as another user")
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

func (s *Server) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...)
	cmd.SysProcAttr, cmd.Dir, cmd.Env = s.as, s.folder, []string{"LC_ALL=C.UTF-8", "TZ=UTC"}
	return cmd
}

// Start starts the server, again after Stop or Kill, and waits until it takes
// connections.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		log, err := s.start()
		if err == nil {
			return nil
		}
		// The last one's children may need a moment to notice that it is gone.
		if !strings.Contains(log, "still in use") && !strings.Contains(log, "lock file") {
			return fmt.Errorf("starting PostgreSQL: %w: %s", err, log)
		}
	}
}

// start is one try; it returns what the server wrote.
func (s *Server) start() (string, error) {
	cmd := s.command(context.Background(), "postgres", s.args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	ready, ended := make(chan string), make(chan error, 1)
	go func() {
		var log strings.Builder
		said := false
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			if !said {
				log.WriteString(lines.Text() + "\n")
			}
			if !said && strings.Contains(lines.Text(), "ready to accept") { // connections, or only those that read
				said = true
				ready <- log.String()
			}
		}
		ended <- cmd.Wait()
		if !said {
			ready <- log.String()
		}
	}()
	log := <-ready
	select {
	case err := <-ended:
		return log, errors.Join(errors.New("it ended"), err)
	default:
	}
	s.process, s.ended = cmd, ended
	return log, s.watch()
}

// watch has a shell end the server should this process end without doing so.
func (s *Server) watch() error {
	pid := s.process.Process.Pid
	cmd := exec.CommandContext(context.Background(), "/bin/sh", "-c", "read -r _ || kill -QUIT "+strconv.Itoa(pid)+" && rm -rf '"+s.folder+"'")
	if _, err := cmd.StdinPipe(); err != nil {
		return err
	}
	s.watcher = cmd
	return cmd.Start()
}

// unwatch ends the watcher, and leaves the server to the caller.
func (s *Server) unwatch() error {
	if err := s.watcher.Process.Kill(); err != nil {
		return err
	}
	_ = s.watcher.Wait() // it was killed; Wait closes its input too
	return nil
}

// Kill kills the server as it stands, with kill -9.
func (s *Server) Kill() error { return s.end(syscall.SIGKILL) }

// Stop stops the server at once: who is connected is told so and thrown out.
func (s *Server) Stop() error { return s.end(syscall.SIGINT) }

func (s *Server) end(by syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return nil
	}
	err := s.unwatch()
	err = errors.Join(err, s.process.Process.Signal(by))
	if ended := <-s.ended; by != syscall.SIGKILL {
		err = errors.Join(err, ended)
	}
	s.process = nil
	return err
}

// Close stops the server and removes all that it kept.
func (s *Server) Close() error { return errors.Join(s.Stop(), os.RemoveAll(s.folder)) }

// URL is the DATABASE_URL of one of its databases.
func (s *Server) URL(database string) string {
	return "postgres:///" + database + "?" + url.Values{"host": {s.folder}, "user": {owner}}.Encode()
}

// Database makes an empty database and returns its DATABASE_URL.
func (s *Server) Database(ctx context.Context) (_ string, err error) {
	db, err := sql.Open("pgx", s.URL("postgres"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	name := "test" + strconv.FormatInt(s.made.Add(1), 10)
	if _, err := db.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", fmt.Errorf("making a database: %w", err)
	}
	return s.URL(name), nil
}

// Shared is a server that all tests of a process share. It is started when the
// first asks for it; TestMain must call Close at the end.
type Shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Database makes an empty database for a test and returns its DATABASE_URL. The
// test fails where PostgreSQL is missing.
func (s *Shared) Database(t testing.TB) string {
	t.Helper()
	s.once.Do(func() { s.server, s.err = New(context.Background(), Options{}) })
	if s.err != nil {
		t.Fatal(s.err)
	}
	at, err := s.server.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// Close ends the server, if there is one.
func (s *Shared) Close() error {
	if s.server == nil {
		return nil
	}
	return s.server.Close()
}
