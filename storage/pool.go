package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// pool is a pool of connections that keeps its statements prepared: parsing one
// costs several times what running it does. PostgreSQL's driver does that itself,
// for each connection.
type pool struct {
	db      *sql.DB
	guard   guard // of every transaction; nil lets all pass
	shared  bool  // with other programs, by a server: what it ends is done again
	options *sql.TxOptions
	ids     *ids // of receipts, where the pool is shared

	mu   sync.RWMutex
	kept map[string]*sql.Stmt
}

// guard lets a transaction pass or refuses it.
type guard func(ctx context.Context, t *tx) error

func newPool(db *sql.DB) *pool { return &pool{db: db, kept: map[string]*sql.Stmt{}} }

func (p *pool) known(query string) *sql.Stmt {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.kept[query]
}

// prepared returns a statement, prepared at its first use.
func (p *pool) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt := p.known(query); stmt != nil {
		return stmt, nil
	}
	stmt, err := p.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("preparing a statement: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if other := p.kept[query]; other != nil {
		return other, stmt.Close()
	}
	p.kept[query] = stmt
	return stmt, nil
}

// row reads one row by its key. From a file such a read takes microseconds, and to watch the
// context through it would cost two goroutines, more than the read itself: the
// context is asked once, before.
func (p *pool) row(ctx context.Context, query string, args ...any) (*sql.Row, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if p.shared {
		return answered(ctx, p, func() (*sql.Row, error) {
			row := p.db.QueryRowContext(ctx, query, args...)
			return row, row.Err()
		})
	}
	stmt, err := p.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryRowContext(context.WithoutCancel(ctx), args...), nil
}

// query hands each row to scan.
func (p *pool) query(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	if p.shared {
		rows, err := answered(ctx, p, func() (*sql.Rows, error) { return p.db.QueryContext(ctx, query, args...) })
		return each(rows, err, scan)
	}
	stmt, err := p.prepared(ctx, query)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	return each(rows, err, scan)
}

// each closes rows whatever happens.
func each(rows *sql.Rows, err error, scan func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := scan(rows); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, stmt := range p.kept {
		errs = append(errs, stmt.Close())
	}
	clear(p.kept)
	return errors.Join(append(errs, p.db.Close())...)
}

// tx is a transaction that uses the pool's statements.
type tx struct {
	*sql.Tx
	pool     *pool
	own      map[string]*sql.Stmt // the pool's statements, as this transaction's
	missing  []string             // statements that were not kept yet
	outdated func([]byte) bool    // knows values that were sealed under a key that seals no more; nil knows none
	spoiled  error                // why the transaction must not be committed
	wrote    bool                 // something was changed, perhaps
	twice    bool                 // it may be stored twice: that would change no more than once
}

// transact runs fn in a transaction that is rolled back if fn fails. The end of ctx
// ends the wait for the writer and nothing that has begun: an interrupt would take
// the whole transaction from SQLite, and of one that ends while it is committed
// nobody could say whether it was stored. So the context that fn gets has no end.
func (p *pool) transact(ctx context.Context, fn func(ctx context.Context, t *tx) error) error {
	return p.transactAs(ctx, p.guard, fn)
}

// transactAs is transact under another guard; nil is none.
func (p *pool) transactAs(ctx context.Context, pass guard, fn func(ctx context.Context, t *tx) error) error {
	if p.shared && !p.options.ReadOnly {
		return p.repeated(ctx, pass, fn)
	}
	return p.once(ctx, pass, fn)
}

// once is transactAs without a second try.
func (p *pool) once(ctx context.Context, pass guard, fn func(ctx context.Context, t *tx) error) error {
	begun, end, err := p.begin(ctx)
	if err != nil {
		return err
	}
	defer end() // after a panic too
	ctx = context.WithoutCancel(ctx)
	t := &tx{Tx: begun, pool: p, own: map[string]*sql.Stmt{}}
	if pass != nil {
		err = pass(ctx, t)
	}
	if err == nil {
		err = fn(ctx, t)
	}
	if err == nil {
		err = t.spoiled
	}
	if err != nil {
		if back := begun.Rollback(); back != nil && !errors.Is(back, sql.ErrTxDone) {
			err = errors.Join(err, fmt.Errorf("rolling back: %w", back))
		}
		return err
	}
	if err := begun.Commit(); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	// The writer's only connection is free again: prepare for the next time. A
	// failure here costs nothing but that.
	for _, query := range t.missing {
		_, _ = p.prepared(ctx, query)
	}
	return nil
}

// begin begins a transaction, unless ctx ends first. end gives its context back,
// and rolls it back where that was not done.
func (p *pool) begin(ctx context.Context) (begun *sql.Tx, end func(), err error) {
	lasting, end := context.WithCancel(context.WithoutCancel(ctx))
	let := context.AfterFunc(ctx, end)
	begun, err = p.db.BeginTx(lasting, p.options)
	if !let() {
		err = ctx.Err()
	}
	if err != nil {
		end()
		return nil, nil, fmt.Errorf("beginning: %w", err)
	}
	return begun, end, nil
}

// kept returns the kept statement, nil where there is none yet: the transaction
// holds the only connection, so it can't be prepared for keeping now.
func (t *tx) kept(ctx context.Context, query string) *sql.Stmt {
	if stmt := t.own[query]; stmt != nil {
		return stmt
	}
	if stmt := t.pool.known(query); stmt != nil {
		t.own[query] = t.StmtContext(ctx, stmt)
		return t.own[query]
	}
	if !t.pool.shared {
		t.missing = append(t.missing, query)
	}
	return nil
}

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	t.look(args)
	var result sql.Result
	var err error
	if stmt := t.kept(ctx, query); stmt != nil {
		result, err = stmt.ExecContext(ctx, args...)
	} else {
		result, err = t.ExecContext(ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	t.wrote = t.wrote || n != 0
	return n, err
}

// look sees whether a value among the arguments was sealed under a key that seals
// no more; such a transaction is not committed. Whoever seals within the
// transaction never meets it.
func (t *tx) look(args []any) {
	if t.outdated == nil {
		return
	}
	for _, arg := range args {
		if value, ok := arg.([]byte); ok && t.outdated(value) {
			t.spoiled = errOutdated
		}
	}
}

func (t *tx) row(ctx context.Context, query string, args ...any) *sql.Row {
	t.look(args)
	t.wrote = t.wrote || !reads(query)
	if stmt := t.kept(ctx, query); stmt != nil {
		return stmt.QueryRowContext(ctx, args...)
	}
	return t.QueryRowContext(ctx, query, args...)
}

// reads tells a query that only reads from one that returns what it changes.
func reads(query string) bool { return strings.HasPrefix(query, "SELECT") }

// query hands each row to scan.
func (t *tx) query(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	t.wrote = t.wrote || !reads(query)
	var rows *sql.Rows
	var err error
	if stmt := t.kept(ctx, query); stmt != nil {
		rows, err = stmt.QueryContext(ctx, args...)
	} else {
		rows, err = t.QueryContext(ctx, query, args...)
	}
	return each(rows, err, scan)
}
