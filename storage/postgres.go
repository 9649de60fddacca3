package storage

import (
	"context"
	"database/sql"
	"encoding/binary"

	"fmt"
	"io"
	"net"
	"net/url"
	"path"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"saqbol/storage/seal"
)

// The connections of one program to PostgreSQL. Changes are gathered and stored by
// one connection at a time; the others are for leases and tools. Lookups wait for
// the network more than for a core.
const (
	postgresWriters       = 4
	postgresReadersByCore = 4
	postgresIdle          = 5 * time.Minute // then a connection that nobody uses is closed
)

// How long the server waits on our behalf, and we for the server.
const (
	postgresConnect   = 5 * time.Second
	postgresStatement = 15 * time.Second // a statement; a complete check's may take longer
	// A transaction of ours that does nothing: a replica stands still in the middle of
	// it, and all others wait for what it has locked. Shorter than people wait.
	postgresForgotten = 4 * time.Second
)

// slots is into how many parts the sums are divided that all replicas add to.
const slots = 64

// postgres is the engine of a database on a server. Any number of replicas use it
// at once. It takes no more of SQL than CockroachDB, YugabyteDB and Citus know
// (docs/adr/0016).
type postgres struct{ config *pgx.ConnConfig }

// newPostgres reads the URL. What the library says of one that it can't read may
// repeat a part of it, and with that of the password: so it is not passed on.
func newPostgres(address string) (engine, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, ErrURL
	}
	// A password with a slash in it that is not escaped ends what is read as the host;
	// its rest would be the name of the database, which errors show.
	if u, err := url.Parse(address); err != nil || strings.Contains(u.EscapedPath(), "@") {
		return nil, ErrURL
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = postgresConnect
	}
	for name, value := range map[string]string{
		"application_name":                    "saqbol",
		"statement_timeout":                   strconv.FormatInt(postgresStatement.Milliseconds(), 10),
		"idle_in_transaction_session_timeout": strconv.FormatInt(postgresForgotten.Milliseconds(), 10),
	} {
		if _, given := config.RuntimeParams[name]; !given {
			config.RuntimeParams[name] = value
		}
	}
	dialer := &net.Dialer{Timeout: config.ConnectTimeout, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3}}
	dialer.Control = unanswered
	config.DialFunc = dialer.DialContext
	return &postgres{config}, nil
}

func (p *postgres) place() string {
	at := p.config.Host
	if !path.IsAbs(at) { // a socket otherwise
		at = net.JoinHostPort(at, strconv.Itoa(int(p.config.Port)))
	}
	return "postgres://" + at + "/" + p.config.Database
}

// home tells the schemas of one database apart where the URL does.
func (p *postgres) home() string {
	if schema := p.config.RuntimeParams["search_path"]; schema != "" {
		return p.place() + "?search_path=" + schema
	}
	return p.place()
}

func (p *postgres) prepare(context.Context) error { return nil }
func (p *postgres) single() bool                  { return false }
func (p *postgres) chained() bool                 { return false }
func (p *postgres) witness(*seal.Keys) *witness   { return nil }

// What is deleted goes when the server clears its tables up (docs/operations.md).
func (p *postgres) scrub(context.Context, *pool) error { return nil }

// The server's checksums guard its pages; doctor sees that they are on.
func (p *postgres) broken(context.Context, *pool) ([]string, error) { return nil, nil }

func (p *postgres) slot(random io.Reader) (int64, error) {
	var drawn [2]byte
	if _, err := io.ReadFull(random, drawn[:]); err != nil {
		return 0, fmt.Errorf("reading randomness: %w", err)
	}
	return int64(binary.BigEndian.Uint16(drawn[:])) % slots, nil
}

func (p *postgres) pools() (write, read *pool, err error) {
	write = p.pool(postgresWriters, &sql.TxOptions{Isolation: sql.LevelSerializable})
	read = p.pool(max(8, postgresReadersByCore*runtime.NumCPU()), &sql.TxOptions{ReadOnly: true})
	return write, read, nil
}

// looking is one connection, whose statements may take their time. Each transaction
// sees one state, and keeps nobody from anything.
func (p *postgres) looking() (*pool, error) {
	patient := *p
	patient.config = p.config.Copy()
	patient.config.RuntimeParams["statement_timeout"] = "0"
	patient.config.RuntimeParams["idle_in_transaction_session_timeout"] = "60000" // it locks nothing
	return patient.pool(1, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}), nil
}

func (p *postgres) pool(size int, options *sql.TxOptions) *pool {
	db := stdlib.OpenDB(*p.config)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	db.SetConnMaxIdleTime(postgresIdle)
	made := newPool(db)
	made.shared, made.options = true, options
	return made
}

func (p *postgres) schema() schema {
	return schema{dialect: goose.DialectPostgres, folder: path.Join("migrations", "postgres"), begin: beginVersions,
		exists: `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'goose_db_version'`}
}

// beginVersions makes the table of the schema's version, in which each version can
// stand only once: of two replicas that bring the schema up to date side by side,
// one fails to say so, and with that its whole migration.
func beginVersions(ctx context.Context, db *sql.DB) error {
	for _, statement := range []string{
		`CREATE TABLE IF NOT EXISTS goose_db_version (
			id         BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
			version_id BIGINT NOT NULL UNIQUE,
			is_applied BOOLEAN NOT NULL,
			tstamp     TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)`,
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, TRUE) ON CONFLICT (version_id) DO NOTHING`,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
