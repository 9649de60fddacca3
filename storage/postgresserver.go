package storage

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

// Server is how the server of a database is set up. What one of PostgreSQL's kin
// does not say of itself is "".
type Server struct {
	Version     int           // as PostgreSQL counts: 150004 is 15.4
	Checksums   string        // data_checksums
	Synchronous string        // synchronous_commit, of our connections
	Fsync       string        // fsync
	Ahead       time.Duration // by how much its clock is ahead of ours
	Encrypted   bool          // our connections to it
	Local       bool          // it runs on this machine
}

// Server asks the server how it is set up; nil for a database in a file.
func (s *Store) Server(ctx context.Context) (*Server, error) {
	if _, shared := s.engine.(*postgres); !shared {
		return nil, nil
	}
	server, err := s.askServer(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking the server how it is set up: %w", err)
	}
	return server, nil
}

func (s *Store) askServer(ctx context.Context) (_ *Server, err error) {
	conn, err := s.write.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	var server Server
	if err := conn.Raw(func(driver any) error { server.Encrypted, server.Local = reached(driver); return nil }); err != nil {
		return nil, err
	}
	rows, err := conn.QueryContext(ctx, `SELECT name, setting FROM pg_settings
		WHERE name IN ('server_version_num', 'data_checksums', 'synchronous_commit', 'fsync')`)
	if err = each(rows, err, server.scan); err != nil {
		return nil, err
	}
	var now int64
	begun := time.Now()
	if err := conn.QueryRowContext(ctx, `SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)`).Scan(&now); err != nil {
		return nil, err
	}
	server.Ahead = time.UnixMilli(now).Sub(begun.Add(time.Since(begun) / 2)).Round(time.Millisecond)
	return &server, nil
}

// scan takes a setting.
func (s *Server) scan(rows *sql.Rows) error {
	var name, setting string
	if err := rows.Scan(&name, &setting); err != nil {
		return err
	}
	switch name {
	case "server_version_num":
		version, err := strconv.Atoi(setting)
		s.Version = version
		return err
	case "data_checksums":
		s.Checksums = setting
	case "synchronous_commit":
		s.Synchronous = setting
	case "fsync":
		s.Fsync = setting
	}
	return nil
}

// reached says how a connection goes to the server.
func reached(driver any) (encrypted, local bool) {
	conn := driver.(*stdlib.Conn).Conn().PgConn().Conn()
	_, encrypted = conn.(*tls.Conn)
	switch at := conn.RemoteAddr().(type) {
	case *net.UnixAddr:
		local = true
	case *net.TCPAddr:
		local = at.IP.IsLoopback()
	}
	return encrypted, local
}
