package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"saqbol/bot"
	"saqbol/fraud"
	"saqbol/storage/seal"
)

// httpGrace is how long requests under way may take once the program stops. With
// the bot's own drain it stays within ten seconds.
const httpGrace = 8 * time.Second

type runCommand struct {
	Official string
}

func newRunCommand(s *surroundings) *cobra.Command {
	var c runCommand
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the bot with what the environment says (also without a command).",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return c.Run(s) },
	}
	cmd.Flags().StringVar(&c.Official, "official", "", "CSV `FILE` of official numbers instead of those compiled in.")
	return cmd
}

// Run runs the bot until the process is told to stop.
func (c runCommand) Run(s *surroundings) error {
	cfg, err := readConfig(s.env)
	if err != nil {
		return err
	}
	log := newLogger(s.stderr, cfg.logLevel, cfg.logFormat)
	p, err := cfg.parts(log)
	if err != nil {
		return err
	}
	if c.Official != "" { // before a key or a folder is made
		official, err := readOfficial(c.Official)
		if err != nil {
			return err
		}
		p.official = func() (fraud.Directory, error) { return official, nil }
	}
	prepare(s, log)
	p.metrics = newMetrics()
	l, err := listen(s.ctx, "HTTP_LISTEN", cfg.listen)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }() // closed by the server already where all went well
	page := p.metrics.page(log)
	front := newFront(log, page)
	beside, stop := besides(s.ctx, l, front)
	a, err := build(s.ctx, p)
	if err != nil {
		stop()
		if s.ctx.Err() != nil && errors.Is(err, context.Canceled) {
			log.Info("SaqBol was stopped before it had started")
			return nil
		}
		return err
	}
	var webhook http.Handler
	path := ""
	if cfg.webhook != nil {
		webhook, path = a.bot.Webhook(), cfg.webhook.Path
	}
	file, _ := sqlitePath(cfg.databaseURL)
	p.metrics.watch(source{waiting: a.bot.Waiting, ready: a.bot.Ready, stored: storedIn(a.store), filter: a.store.Filter, damage: a.store.Damage,
		polling: cfg.webhook == nil, file: file, backups: cfg.backups.interval()})
	front.open(newMux(log, []check{staying(s.ctx), {"database", a.store.Ping}, {"telegram", a.bot.Ready}}, page, path, webhook))
	log.Info("SaqBol is running", "bot", a.client.Username(), "mode", mode(cfg), "http", l.Addr().String(), "version", thisBuild().version)
	working, end := outlast(s.ctx, cfg.stopDelay)
	defer end()
	err = a.serve(working, beside)
	log.Info("SaqBol has stopped")
	return err
}

// besides serves HTTP at once, so that a start that has to wait can be seen. The
// first function it returns goes on with that until its ctx ends; the second ends
// it where the start has failed.
func besides(ctx context.Context, l net.Listener, handler http.Handler) (goOn func(context.Context) error, stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan struct{})
	var failed error
	go func() {
		defer close(served)
		failed = serve(ctx, l, handler, httpGrace)
	}()
	goOn = func(ctx context.Context) error {
		select {
		case <-served:
		case <-ctx.Done():
			cancel()
			<-served
		}
		return failed
	}
	stop = func() {
		cancel()
		<-served // why the start has failed matters more
	}
	return goOn, stop
}

// prepare keeps the process's memory to itself, and warns of settings that nobody
// reads.
func prepare(s *surroundings, log *slog.Logger) {
	if err := noCores(); err != nil {
		log.Warn("a crash may write the keys to a disk", "error", err)
	}
	names, meant := strangers(s.env)
	for _, name := range names {
		log.Warn(stranger(name, meant[name]))
	}
}

func mode(cfg config) string {
	if cfg.webhook != nil {
		return "webhook"
	}
	return "polling"
}

// parts checks the token and says where the rest is found.
func (c config) parts(log *slog.Logger) (parts, error) {
	if c.token.reveal() == "" {
		return parts{}, errors.New("TELEGRAM_BOT_TOKEN is missing: get a token from @BotFather and put it into .env, or try `saqbol demo`, which needs none")
	}
	token, err := bot.ParseToken(c.token.reveal())
	if err != nil {
		return parts{}, fmt.Errorf("TELEGRAM_BOT_TOKEN is not a token: copy it again from @BotFather, it looks like 123456:ABC-DEF (%w)", err)
	}
	keys := func(ctx context.Context) (*seal.Keys, error) { return c.keys(ctx, log) }
	p := parts{token: token, apiURL: c.apiURL, database: c.databaseURL, standby: c.readURL, quotas: c.quotas, backups: c.backups, exempt: c.dispatchers, keys: keys, keyPath: c.keyPath, log: log,
		limits: bot.Limits{PerSecond: c.sends, Burst: c.sends}}
	if c.webhook != nil {
		p.webhook = bot.Webhook{URL: c.webhook.String(), Secret: bot.NewSecret(c.webhookKey.reveal()), Calls: c.calls}
	}
	return p, nil
}

// serve runs the bot, its housekeeping and beside until ctx ends or one of them
// fails, and closes everything.
func (a *app) serve(ctx context.Context, beside func(context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.bot.Run(ctx) })
	group.Go(func() error { return beside(ctx) })
	group.Go(func() error { return a.guard(ctx) })
	group.Go(func() error { a.alone(ctx, "backups", a.backups.run); return nil })
	group.Go(func() error { a.alone(ctx, "housekeeping", a.housekeeping); return nil })
	group.Go(func() error { a.watch(ctx); return nil })
	group.Go(func() error { a.alone(ctx, "complete check", a.lookOverDaily); return nil })
	group.Go(func() error { a.keepFilter(ctx); return nil })
	group.Go(func() error { settle(ctx); return nil })
	group.Go(func() error { a.keys.run(ctx); return nil })
	group.Go(func() error { a.quota.Run(ctx); return nil })
	err := group.Wait()
	a.keepQuota()
	return errors.Join(err, a.close())
}
