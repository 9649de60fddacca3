package storage

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver

	"saqbol/storage/seal"
)

// sqliteMagic begins every SQLite file.
const sqliteMagic = "SQLite format 3\x00"

// application marks our files ("SaqB"); the first migration writes it.
const application = 0x53617142

// dsn names a database to the driver with the pragmas of every connection. They
// are per connection, and the pool opens connections when it likes.
func dsn(path string, wait time.Duration, pragmas ...string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("finding the path: %w", err)
	}
	query := url.Values{"_pragma": append([]string{"busy_timeout(" + strconv.FormatInt(wait.Milliseconds(), 10) + ")"}, pragmas...)}
	if path = filepath.ToSlash(path); path[0] != '/' {
		path = "/" + path // C:/data
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String(), nil
}

// sqliteFile is the engine of a database in a file.
type sqliteFile struct {
	path string
	wait time.Duration // for another program's lock
}

func (f *sqliteFile) place() string                         { return f.path }
func (f *sqliteFile) home() string                          { return "sqlite:" + wholePath(f.path) }
func (f *sqliteFile) single() bool                          { return true }
func (f *sqliteFile) chained() bool                         { return true }
func (f *sqliteFile) slot(io.Reader) (int64, error)         { return 0, nil }
func (f *sqliteFile) schema() schema                        { return sqliteSchema() }
func (f *sqliteFile) prepare(ctx context.Context) error     { return prepareFile(ctx, f.path, f.wait) }
func (f *sqliteFile) pools() (write, read *pool, err error) { return openSQLite(f.path, f.wait) }
func (f *sqliteFile) witness(keys *seal.Keys) *witness      { return readWitness(f.path, keys) }

func sqliteSchema() schema {
	return schema{dialect: goose.DialectSQLite3, folder: "migrations",
		exists: `SELECT COUNT(*) FROM sqlite_master WHERE name = 'goose_db_version'`}
}

// openSQLite makes the pools: one writer, and about as many readers as there are
// cores, because more only queue inside SQLite.
func openSQLite(path string, wait time.Duration) (write, read *pool, err error) {
	common := []string{"journal_mode(WAL)", "synchronous(" + synchronous + ")", "foreign_keys(1)", "temp_store(MEMORY)"}
	// What is deleted is overwritten: somebody's words must not outlive their erasure.
	forWriting, err := dsn(path, wait, append(common, "secure_delete(ON)", "journal_size_limit(16777216)", "wal_autocheckpoint(4000)")...)
	if err != nil {
		return nil, nil, err
	}
	// Mapped, a lookup among ten million costs a third more than among ten thousand;
	// read page by page, half as much again. The file never shrinks under the map.
	forReading, err := dsn(path, wait, append(common, "query_only(1)", "mmap_size(1073741824)")...)
	if err != nil {
		return nil, nil, err
	}
	writer, err := sql.Open("sqlite", forWriting+"&_txlock=immediate")
	if err != nil {
		return nil, nil, err
	}
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite", forReading)
	if err != nil {
		return nil, nil, errors.Join(err, writer.Close())
	}
	readers := max(2, runtime.NumCPU())
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	return newPool(writer), newPool(reader), nil
}

// wholePath is a path from the root, through no links as far as it is there.
func wholePath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	return path
}

// prepareFile creates a missing database, readable by its owner only, and
// refuses a file that is not ours without changing a byte of it.
func prepareFile(ctx context.Context, path string, wait time.Duration) error {
	if exists(promised(path)) {
		return ErrRestoring
	}
	head, err := header(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		if err := create(path); err != nil {
			return err
		}
		syncNames(path)
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w (%w)", ErrNotWritable, err)
	}
	switch {
	case len(head) == 0:
		syncNames(path) // a first start may have ended before it came to that
		return nil
	case len(head) < 100 || !bytes.HasPrefix(head, []byte(sqliteMagic)):
		return ErrNotDatabase
	case ours(head):
		return nil
	}
	return inspect(ctx, path, wait)
}

// ours reports whether a header bears our mark.
func ours(head []byte) bool { return binary.BigEndian.Uint32(head[68:]) == application }

// header reads the first 100 bytes of a file, fewer where it has fewer.
func header(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 100)
	n, err := io.ReadFull(file, head)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return head[:n], errors.Join(err, file.Close())
}

func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("%w (%w)", ErrFolder, err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("%w (%w)", ErrNotWritable, err)
	}
	return file.Close()
}

// inspect looks into a database whose header does not bear our mark. It may be
// ours all the same: the mark may still stand in the write-ahead log, or a first
// start may have been cut off before it was written.
func inspect(ctx context.Context, path string, wait time.Duration) error {
	name, err := dsn(path, wait, "query_only(1)")
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return err
	}
	var mark uint32
	var tables int
	err = db.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&mark)
	if err == nil {
		err = db.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_master
			WHERE tbl_name NOT IN ('goose_db_version', 'sqlite_sequence')`).Scan(&tables)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if mark == application || mark == 0 && tables == 0 {
		return nil
	}
	return ErrForeign
}

// scrubWait is how long readers may keep the write-ahead log from being emptied.
// Nobody can write meanwhile, and a backup reads for minutes.
const scrubWait = 200 * time.Millisecond

// scrub empties the write-ahead log, in which deleted rows still stand. Somebody
// reading at this moment may keep it from being emptied; then the next Prune or
// Close does it.
func (f *sqliteFile) scrub(ctx context.Context, write *pool) (err error) {
	fail := func(err error) error { return fmt.Errorf("emptying the write-ahead log: %w", err) }
	conn, err := write.db.Conn(ctx)
	if err != nil {
		return fail(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	patience := func(ctx context.Context, d time.Duration) error {
		_, err := conn.ExecContext(ctx, `PRAGMA busy_timeout = `+strconv.FormatInt(d.Milliseconds(), 10))
		return err
	}
	if err := patience(ctx, min(scrubWait, f.wait)); err != nil {
		return fail(err)
	}
	defer func() { err = errors.Join(err, patience(context.WithoutCancel(ctx), f.wait)) }()
	var busy, pages, moved int
	if err := conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved); err != nil {
		return fail(err)
	}
	return nil
}

// looking is a connection of its own for a complete check: it reads the file
// itself and not a map of it, in which a page that the disk can't give would end
// the process, and it takes no place among those who look something up.
func (f *sqliteFile) looking() (*pool, error) {
	name, err := dsn(f.path, f.wait, "query_only(1)", "mmap_size(0)", "temp_store(MEMORY)")
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return newPool(db), nil
}

// broken lists what SQLite finds wrong with the file's structure, nothing for a
// sound one. A flipped byte inside a row is not its business.
func (f *sqliteFile) broken(ctx context.Context, p *pool) ([]string, error) {
	var found []string
	rows, err := p.db.QueryContext(ctx, `PRAGMA integrity_check(10)`)
	err = each(rows, err, func(rows *sql.Rows) error {
		var line string
		err := rows.Scan(&line)
		if line != "ok" && err == nil {
			found = append(found, line)
		}
		return err
	})
	return found, err
}
