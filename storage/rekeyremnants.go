package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Remnants counts the pieces of values under older keys that stand in parts of the
// file that nothing uses. SQLite overwrites what is deleted; but when it moves rows
// from one page to another, which it does as tables grow, the bytes of some stay
// behind on the first page. No query finds them, only who reads the file and has
// the old key. Compact removes them.
func (s *Store) Remnants(ctx context.Context) (int, error) {
	if err := s.followNow(ctx); err != nil {
		return 0, err
	}
	beginnings := s.keys.Beginnings()
	if len(beginnings) == 0 {
		return 0, nil
	}
	path, err := s.file()
	if err != nil { // a server's files are not ours to read
		return 0, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("reading the database's file: %w", err)
	}
	found, err := countIn(ctx, file, beginnings)
	if err = errors.Join(err, file.Close()); err != nil {
		return 0, fmt.Errorf("reading the database's file: %w", err)
	}
	return found, nil
}

// countIn counts where one of some byte strings of the same length begins.
func countIn(ctx context.Context, r io.Reader, wanted [][]byte) (found int, err error) {
	const chunk = 1 << 20
	overlap := len(wanted[0]) - 1
	buffer := make([]byte, 0, chunk+overlap)
	for {
		n, err := io.ReadFull(r, buffer[len(buffer):len(buffer)+chunk])
		buffer = buffer[:len(buffer)+n]
		for _, w := range wanted {
			found += bytes.Count(buffer, w)
		}
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return found, nil
		case err != nil:
			return found, err
		case ctx.Err() != nil:
			return found, ctx.Err()
		}
		buffer = append(buffer[:0], buffer[len(buffer)-overlap:]...)
	}
}

// errServed is returned by Compact beside a running bot.
var errServed = errors.New("the bot runs: stop it first")

// Compact writes the whole database anew, without remnants. Nobody else can write
// meanwhile, and the file may become smaller, which who has it mapped would not
// survive: so it wants a Store that is the instance. It takes as much free space
// as the database has, twice.
func (s *Store) Compact(ctx context.Context) error {
	if _, err := s.file(); err != nil {
		return err
	}
	if s.instance == nil {
		return errServed
	}
	// What is sorted out in between would else all stand in memory.
	for _, statement := range []string{`PRAGMA temp_store = FILE`, `VACUUM`, `PRAGMA temp_store = MEMORY`} {
		if _, err := s.write.db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("writing the database anew: %w", explained(err))
		}
	}
	return s.engine.scrub(ctx, s.write)
}
