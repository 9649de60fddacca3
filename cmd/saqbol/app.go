package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"saqbol/bot"
	"saqbol/fraud"
	"saqbol/handlers"
	"saqbol/locales"
	"saqbol/recognize"
	"saqbol/storage"
	"saqbol/storage/seal"
)

// parts is what an app is built from.
type parts struct {
	token    bot.Token
	apiURL   string
	database string
	standby  string                                    // a standby of it, "" = there is none
	keys     func(context.Context) (*seal.Keys, error) // reads or makes the key set
	keyPath  string                                    // the file they come from, "" = from none
	official func() (fraud.Directory, error)           // nil: the numbers compiled in
	webhook  bot.Webhook
	limits   bot.Limits
	quotas   fraud.Limits
	backups  backupPlan
	exempt   []int64  // from the quotas
	metrics  *metrics // nil: nothing is counted
	log      *slog.Logger
	clock    func() time.Time // nil: time.Now
}

// app is the whole bot, built and not yet running.
type app struct {
	heap       *heap
	log        *slog.Logger
	clock      func() time.Time
	client     *bot.Client
	store      *storage.Store
	lock       *os.File // on a database file, nil where there is none
	recogniser *recognize.Recogniser
	keys       *keyWatch
	quota      *handlers.Quota
	backups    *backups
	bot        *bot.Bot
	lookedOver bool // the whole database, in the start
	replicated bool // other programs may serve people with the same database
}

// botMeter is the metrics as the edge knows them: a nil pointer in an interface
// would not be nil.
func (p parts) botMeter() bot.Meter {
	if p.metrics == nil {
		return nil
	}
	return p.metrics
}

// storeMeter is botMeter for the store.
func (p parts) storeMeter() storage.Meter {
	if p.metrics == nil {
		return nil
	}
	return p.metrics
}

// build opens and connects everything; slow steps go side by side. What it has
// opened is closed again where it fails.
func build(ctx context.Context, p parts) (_ *app, err error) {
	// A start allocates a few megabytes once; collecting them in between, or as soon
	// as it is over, only delays the first answer.
	heap := &heap{}
	heap.holds(0)
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	if p.clock == nil {
		p.clock = time.Now
	}
	if p.official == nil {
		p.official = fraud.DefaultDirectory
	}
	a := &app{heap: heap, log: p.log, clock: p.clock, replicated: replicated(p.database)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	var catalogue *locales.Catalogue
	var official fraud.Directory
	steps, stepsCtx := errgroup.WithContext(ctx)
	steps.Go(func() (err error) { a.client, err = bot.Dial(stepsCtx, p.token, p.apiURL); return dialAdvice(err) })
	var keys *seal.Keys
	steps.Go(func() (err error) { keys, err = a.openStore(stepsCtx, p); return err })
	steps.Go(func() (err error) { catalogue, err = locales.Load(); return err })
	steps.Go(func() (err error) { a.recogniser, err = recognize.New(); return err })
	var words *handlers.Words
	steps.Go(func() error { words = handlers.ReadWords(); bot.Prepare(); return nil })
	steps.Go(func() (err error) { official, err = p.official(); return err })
	if err := steps.Wait(); err != nil {
		return nil, err
	}
	a.keys = &keyWatch{path: p.keyPath, adopt: a.store.Adopt, log: p.log}
	a.quota = newQuota(p, a.store)
	a.backups = a.newBackups(p.backups)
	router := handlers.New(handlers.Deps{
		Store: a.store, Official: official, Recognise: a.recogniser, Tokens: keys.Tokens(),
		Catalogue: catalogue, Username: a.client.Username(), Clock: p.clock, Random: rand.Reader,
		Quota: a.quota, Words: words,
	})
	var turns bot.Turns
	if a.replicated {
		turns = a.store
	}
	a.bot, err = bot.New(bot.Options{
		Turns: turns, Alone: a.alone,
		Client: a.client, Handler: router, Journal: a.store, Catalogue: catalogue,
		Webhook: p.webhook, Limits: p.limits, Meter: p.botMeter(), Redact: a.recogniser.Redact, Log: p.log, Clock: p.clock, Random: rand.Reader,
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// openStore locks the database, opens it and looks over what is there, unless that
// is too much to wait for.
func (a *app) openStore(ctx context.Context, p parts) (keys *seal.Keys, err error) {
	path, isFile := sqlitePath(p.database)
	var there int64 // bytes
	if isFile {
		if a.lock, err = lockDatabase(path); err != nil {
			return nil, err
		}
		if err := finishRestore(p.database, p.log); err != nil {
			return nil, err
		}
		if there, err = sizeOf(path); err != nil {
			return nil, err
		}
	}
	if keys, err = p.keys(ctx); err != nil {
		return nil, err
	}
	a.store, err = storage.Open(ctx, p.database, keys, storage.WithMeter(p.storeMeter()), storage.WithClock(p.clock), storage.WithStandby(p.standby),
		storage.WithInstance(claim(p.log, a.lock != nil)))
	if err == nil && isFile {
		if a.lookedOver = there == 0; !a.lookedOver {
			a.lookedOver, err = lookOverFirst(ctx, a.store, path)
		}
	}
	return keys, err
}

// close lets go of the database and the connections.
func (a *app) close() error {
	if a.client != nil {
		a.client.Close()
	}
	var errs []error
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if a.lock != nil {
		errs = append(errs, a.lock.Close()) // the next instance may come
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("closing the database: %w", err)
	}
	return nil
}

// readOfficial reads the official numbers from a file, or those compiled in.
func readOfficial(path string) (fraud.Directory, error) {
	if path == "" {
		return fraud.DefaultDirectory()
	}
	f, err := os.Open(path)
	if err != nil {
		return fraud.Directory{}, fmt.Errorf("--official: %s can't be read: %w", path, cause(err))
	}
	defer func() { _ = f.Close() }() // read only
	official, err := fraud.ReadDirectory(io.LimitReader(f, 16<<20))
	if err == nil && official.Len() == 0 {
		err = errors.New("it holds no number") // no call would be known as official any more
	}
	if err != nil {
		return fraud.Directory{}, fmt.Errorf("--official: %s: %w: correct it (a heading, then number,name_kk,name_ru,source,checked in each line), or leave --official out for the numbers compiled in", path, cause(err))
	}
	return official, nil
}

// pruneEvery is how often marks of handled updates are cleared away, and
// keepMarks how long they are kept: Telegram holds an update for 24 hours.
const (
	pruneFirst = time.Minute
	pruneEvery = time.Hour
	keepMarks  = 48 * time.Hour
)

// housekeeping clears away what need not be kept, until ctx ends: first when those
// who waited for the start have their answers.
func (a *app) housekeeping(ctx context.Context) {
	timer := time.NewTimer(pruneFirst)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if err := a.store.Prune(ctx, a.clock().Add(-keepMarks)); err != nil && ctx.Err() == nil {
			a.log.Error("clearing away old marks failed; it is tried again in an hour", "error", err)
		}
		timer.Reset(pruneEvery)
	}
}
