package storage

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"saqbol/storage/seal"
)

// What Backup and Restore can find wrong; each says in one line what to do.
var (
	ErrNoDatabase = errors.New("there is no database here: check DATABASE_URL")
	ErrExists     = errors.New("it exists already: choose another name, or replace that backup with --force")
	ErrNoCopy     = errors.New("it exists already and is no backup, and --force replaces nothing else: choose another name")
	ErrNotPlain   = errors.New("it is no ordinary file: choose another name")
	ErrNoFolder   = errors.New("its folder is not there: create it first, or choose another")
	ErrInTheWay   = errors.New("this name belongs to the database itself: choose another")
)

// BackupOptions changes how a copy is made; the zero value will do.
type BackupOptions struct {
	Force    bool                  // replace an earlier backup; nothing else is ever replaced
	Progress func(done, total int) // told of pages copied, some thousand times; nil = nobody
	Clock    func() time.Time      // nil = time.Now

	step func(name string) error // tests stop here; nil goes on
}

// Backup is what a copy holds.
type Backup struct {
	Taken  time.Time   // the moment of which it is
	Schema int64       // version of the schema
	Served bool        // an instance served people at that moment
	Tables []TableSize // in the order of their names
	Size   int64       // bytes, without the seal
}

// TableSize is how many rows a table has.
type TableSize struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

// BackupDatabase copies the database that url names into file while others write
// to it. It changes nothing of the database but the note that LastBackup reads,
// and never makes it newer. The errors are Err… values of this package.
func BackupDatabase(ctx context.Context, url string, keys *seal.Keys, file string, o BackupOptions) (Backup, error) {
	e, err := engineOf(url, lockWait)
	if err != nil {
		return Backup{}, err
	}
	if err := fitToBackUp(ctx, e); err != nil {
		return Backup{}, fmt.Errorf("the database %s: %w", e.place(), explained(err))
	}
	made, err := backup(ctx, e, keys, file, o)
	if err != nil {
		return Backup{}, err
	}
	return made, noteApart(ctx, e, made.Taken)
}

// fitToBackUp looks whether there is a database to copy.
func fitToBackUp(ctx context.Context, e engine) error {
	f, isFile := e.(*sqliteFile)
	if !isFile {
		return fitToMove(ctx, e, ErrNoDatabase)
	}
	if _, err := os.Stat(f.path); errors.Is(err, fs.ErrNotExist) {
		return ErrNoDatabase
	}
	return e.prepare(ctx)
}

// Backup is BackupDatabase for a database that is open here.
func (s *Store) Backup(ctx context.Context, file string, o BackupOptions) (Backup, error) {
	made, err := backup(ctx, s.engine, s.keys, file, o)
	if err != nil {
		return Backup{}, err
	}
	err = s.update(ctx, "noting when the last backup was made", func(ctx context.Context, t *tx) error {
		return noteBackup(ctx, t, made.Taken)
	})
	return made, err
}

const metaBackup = "last_backup"

func noteBackup(ctx context.Context, t *tx, taken time.Time) error {
	return setMeta(ctx, t, metaBackup, strconv.AppendInt(nil, millis(taken), 10))
}

// noteApart notes a backup without opening a Store, which would bring the schema
// up to date.
func noteApart(ctx context.Context, e engine, taken time.Time) (err error) {
	write, read, err := e.pools()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, read.close(), write.close()) }()
	if err := write.once(ctx, nil, func(ctx context.Context, t *tx) error { return noteBackup(ctx, t, taken) }); err != nil {
		return fmt.Errorf("the backup is made, but when could not be noted in the database: %w", err)
	}
	return nil
}

// LastBackup is the moment of the last copy that was made of this database, zero
// where there is none.
func (s *Store) LastBackup(ctx context.Context) (time.Time, error) {
	var text []byte
	row, err := s.read.row(ctx, `SELECT COALESCE((SELECT value FROM meta WHERE name = $1), '')`, metaBackup)
	if err == nil {
		err = row.Scan(&text)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("reading when the last backup was made: %w", err)
	}
	if len(text) == 0 {
		return time.Time{}, nil
	}
	ms, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return time.Time{}, errors.New("reading when the last backup was made: it is no time")
	}
	return moment(ms), nil
}

// backup makes the copy under a temporary name beside file, checks and seals it,
// and gives it its name when all of it is on the disk.
func backup(ctx context.Context, e engine, keys *seal.Keys, file string, o BackupOptions) (made Backup, err error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	fail := func(err error) (Backup, error) {
		return Backup{}, fmt.Errorf("the backup %s: %w", file, err)
	}
	if err := mayWrite(e, file, o.Force); err != nil {
		return fail(err)
	}
	part, err := newPart(file)
	if err != nil {
		return fail(outOfPlace(err))
	}
	defer func() {
		if err != nil {
			removeDatabase(part) // half a copy helps nobody
		}
	}()
	if f, isFile := e.(*sqliteFile); isFile {
		made, err = copyDatabase(ctx, f.path, part, keys, o)
	} else {
		made, err = copyServer(ctx, e, part, keys, o)
	}
	if err != nil {
		return fail(err)
	}
	if err = o.at("copied"); err != nil {
		return fail(err)
	}
	if made.Size, err = sealBackup(part, keys, made); err != nil {
		return fail(err)
	}
	if err = o.at("sealed"); err != nil {
		return fail(err)
	}
	if err = mayWrite(e, file, o.Force); err != nil {
		return fail(err)
	}
	if err = os.Rename(part, file); err != nil {
		return fail(err)
	}
	if err := syncFolder(file); err != nil { // the name stands: it is not taken back
		return fail(err)
	}
	return made, nil
}

func (o BackupOptions) at(step string) error {
	if o.step == nil {
		return nil
	}
	return o.step(step)
}

// mayWrite refuses names at which something of value stands.
func mayWrite(e engine, file string, force bool) error {
	if f, isFile := e.(*sqliteFile); isFile {
		for _, own := range append(databaseFiles(f.path), f.path+".lock") {
			if same(own, file) {
				return ErrInTheWay
			}
		}
	}
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return outOfPlace(err)
	case info.IsDir():
		return errors.New("it is a folder: name a file in it")
	case !info.Mode().IsRegular(): // a link may lead to anything
		return ErrNotPlain
	}
	switch copied, err := isBackup(file); {
	case err != nil:
		return fmt.Errorf("it exists already and can't be read (%w): choose another name", pathless(err))
	case !copied:
		return ErrNoCopy
	case !force:
		return ErrExists
	}
	return nil
}

// outOfPlace says why there can be no file where a backup should be.
func outOfPlace(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return ErrNoFolder
	}
	return fmt.Errorf("nothing can be written there (%w): give this user the right to, or choose another folder", pathless(err))
}

// pathless is an error about a file without the file's name, for those who know it.
func pathless(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// same reports whether two names lead to one file, there or not.
func same(a, b string) bool {
	one, err := os.Stat(a)
	if other, failed := os.Stat(b); err == nil && failed == nil {
		return os.SameFile(one, other)
	}
	full, err := filepath.Abs(a)
	other, failed := filepath.Abs(b)
	return err == nil && failed == nil && full == other
}

// databaseFiles are a SQLite database and what may stand beside it.
func databaseFiles(path string) []string {
	return []string{path, path + "-wal", path + "-shm", path + "-journal", path + WitnessSuffix}
}

// removeDatabase clears away a copy that came to nothing.
func removeDatabase(path string) {
	for _, name := range databaseFiles(path) {
		_ = os.Remove(name) // not there, or the operator will see it
	}
}

// PartMark is in the names of copies under way: the name they will have, this, and
// something random.
const PartMark = ".part-"

// newPart makes an empty file beside file, for its owner only.
func newPart(file string) (string, error) {
	var tail [4]byte
	_, _ = rand.Read(tail[:]) // never fails
	part := file + PartMark + hex.EncodeToString(tail[:])
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	return part, f.Close()
}

// syncFile makes what stands in a file durable.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// syncFolder makes the names in a file's folder durable.
func syncFolder(path string) error {
	f, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
