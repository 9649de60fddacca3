package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"saqbol/bot"
	"saqbol/emulator"
	"saqbol/fraud"
	"saqbol/storage/seal"
)

type demoCommand struct {
	Listen string
	Log    string
}

func newDemoCommand(s *surroundings) *cobra.Command {
	var c demoCommand
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Try the bot: no token, no network, a chat page in the browser, sample data.",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return c.Run(s) },
	}
	cmd.Flags().StringVar(&c.Listen, "listen", "127.0.0.1:8088", "`ADDRESS` at which the chat page is served; keep it on this machine.")
	cmd.Flags().StringVar(&c.Log, "log", "warn", "How much to log (`LEVEL`): debug, info, warn or error.")
	return cmd
}

// Run runs the real bot on the built-in Bot API, with marked sample data in a
// folder that is removed afterwards.
func (c demoCommand) Run(s *surroundings) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Log)); err != nil {
		return fmt.Errorf("%w: --log must be debug, info, warn or error", errUsage)
	}
	if !isAddress(c.Listen) {
		return fmt.Errorf("%w: --listen takes an address of this machine and a port, such as 127.0.0.1:8088", errUsage)
	}
	d, err := newDemo(s.ctx, newLogger(s.stderr, level, ""))
	if err != nil {
		return err
	}
	defer d.clean()
	page, err := d.emulator.Listen(c.Listen, d.emulator.Page())
	if err != nil {
		return errors.Join(fmt.Errorf("the chat page can't be served on %s: %s, with --listen 127.0.0.1:PORT (%w)", c.Listen, listenAdvice(err), err), d.app.close())
	}
	fmt.Fprintf(s.stdout, "SaqBol demo: open %s in a browser. The data are samples. Ctrl-C stops it.\n", page)
	return d.app.serve(s.ctx, func(ctx context.Context) error { <-ctx.Done(); return nil })
}

// demo is the bot on the built-in Bot API.
type demo struct {
	emulator *emulator.Server
	app      *app
	folder   string
}

func newDemo(ctx context.Context, log *slog.Logger) (_ *demo, err error) {
	d := &demo{}
	defer func() {
		if err != nil {
			d.clean()
		}
	}()
	if d.folder, err = os.MkdirTemp("", "saqbol-demo-"); err != nil {
		return nil, fmt.Errorf("making a folder for the demo's database: %w", err)
	}
	d.emulator, err = emulator.New(emulator.Options{Username: "saqbol_demo_bot", Log: log})
	if err != nil {
		return nil, fmt.Errorf("starting the built-in Bot API: %w", err)
	}
	api, err := d.emulator.Listen("127.0.0.1:0", d.emulator.API())
	if err != nil {
		return nil, fmt.Errorf("starting the built-in Bot API: %w", err)
	}
	keys, err := seal.Generate()
	if err != nil {
		return nil, err
	}
	token, err := bot.ParseToken(d.emulator.Token())
	if err != nil {
		return nil, err
	}
	d.app, err = build(ctx, parts{token: token, apiURL: api, database: "sqlite:" + filepath.Join(d.folder, "demo.db"), quotas: fraud.DefaultLimits(), keys: func(context.Context) (*seal.Keys, error) { return keys, nil }, log: log})
	if err != nil {
		return nil, err
	}
	if err := d.plant(ctx, keys, rand.Reader); err != nil {
		_ = d.app.close() // the folder goes with it
		return nil, fmt.Errorf("planting the sample data: %w", err)
	}
	return d, nil
}

func (d *demo) plant(ctx context.Context, keys *seal.Keys, random io.Reader) error {
	return plantSamples(ctx, d.app.store, d.app.recogniser.Find, keys.Tokens().Identify, random, time.Now().UTC())
}

// clean stops the built-in Bot API and removes the folder.
func (d *demo) clean() {
	if d.emulator != nil {
		d.emulator.Close()
	}
	if d.folder != "" {
		_ = os.RemoveAll(d.folder) // a temporary folder: the system clears it in the end
	}
}
