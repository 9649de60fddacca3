package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Standby makes a streaming standby of the server and starts it; Close ends it. It
// answers those who read, and is as far behind as its replay is let be.
func (s *Server) Standby(ctx context.Context) (_ *Server, err error) {
	folder, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, fmt.Errorf("making a folder for a standby: %w", err)
	}
	b := &Server{folder: folder, bin: s.bin}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}()
	if err := b.unprivileged(); err != nil {
		return nil, err
	}
	copied := b.command(ctx, "pg_basebackup", "--pgdata", b.data(), "--host", s.folder, "--username", owner,
		"--write-recovery-conf", "--wal-method", "stream", "--checkpoint", "fast", "--no-sync")
	if out, err := copied.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pg_basebackup: %w: %s", err, out)
	}
	b.args = []string{"-D", b.data(), "-k", folder, "-c", "listen_addresses=", "-c", "max_connections=200", "-c", "shared_buffers=32MB",
		"-c", "fsync=off", "-c", "logging_collector=off", "-c", "log_destination=stderr", "-c", "hot_standby=on"}
	return b, b.Start()
}
