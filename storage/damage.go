package storage

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"saqbol/fraud"
)

// damage remembers the first sign that the file is damaged. From then on nothing
// is written, which could spread it, and nobody is told what a subject's row says.
type damage struct {
	once  sync.Once
	found chan struct{} // closed when there is a sign
	sign  error         // read it once found is closed
}

func newDamage() *damage { return &damage{found: make(chan struct{})} }

func (d *damage) report(sign error) {
	d.once.Do(func() {
		d.sign = sign
		close(d.found)
	})
}

func (d *damage) seen() error {
	select {
	case <-d.found:
		return d.sign
	default:
		return nil
	}
}

// Damaged is closed when a sign of damage has been found; Damage says which.
func (s *Store) Damaged() <-chan struct{} { return s.damage.found }

// Damage is the first sign of damage that was found since the database was
// opened, an ErrDamaged; nil while there is none.
func (s *Store) Damage() error { return s.damage.seen() }

// noticed makes a sign of damage, if err is one, known to the whole store.
func (s *Store) noticed(err error) bool {
	if !damaging(err) {
		return false
	}
	if !errors.Is(err, ErrDamaged) {
		err = fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	s.damage.report(err)
	return true
}

// unreadable is the error of a read. Where it shows damage people are told to be
// careful; an answer made of what is left could say that there are no reports.
func (s *Store) unreadable(doing string, err error) error {
	err = fmt.Errorf("%s: %w", doing, err)
	if !s.noticed(err) {
		return err
	}
	return &fraud.Error{Code: fraud.CodeUnavailable, Key: "check.damaged", Err: err}
}

// unsaved is the error of a write.
func (s *Store) unsaved(ctx context.Context, doing string, err error) error {
	if err == nil || answers(err) {
		return err
	}
	err = fmt.Errorf("%s: %w", doing, err)
	// A deadline that passes while others hold the file is no bug either.
	late := errors.Is(ctx.Err(), context.DeadlineExceeded)
	if s.noticed(err) || late || ctx.Err() == nil && refused(err) {
		return &fraud.Error{Code: fraud.CodeUnavailable, Key: "common.not_saved", Err: err}
	}
	return err
}
