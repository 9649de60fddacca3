package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"saqbol/bot"
	"saqbol/storage"
	"saqbol/storage/seal"
)

type doctorCommand struct{}

// doctor goes through the checks and writes a line for each.
type doctor struct {
	out    io.Writer
	failed int
}

// Run checks the configuration, token, database, keys, clock and disk, and says
// what is wrong and how to mend it. It makes neither keys nor a database; one that
// is there is opened as run opens it.
func (doctorCommand) Run(s *surroundings) error {
	d := &doctor{out: s.stdout}
	cfg, err := readConfig(s.env)
	d.report("configuration", "every setting is well formed", err)
	if err == nil {
		d.token(s.ctx, cfg)
		keys := d.keys(cfg)
		d.database(s.ctx, cfg, keys)
		d.disk(cfg)
	}
	if d.failed > 0 {
		return fmt.Errorf("doctor found %d problem(s): mend what is marked with ✗ above", d.failed)
	}
	fmt.Fprintln(d.out, "All is well.")
	return nil
}

func (d *doctor) report(what, fine string, err error) {
	if err != nil {
		d.failed++
		fmt.Fprintf(d.out, "✗ %s: %s\n", what, oneLine(err))
		return
	}
	fmt.Fprintf(d.out, "✓ %s: %s\n", what, fine)
}

func (d *doctor) token(ctx context.Context, cfg config) {
	if cfg.token.reveal() == "" {
		d.report("token", "", errors.New("TELEGRAM_BOT_TOKEN is missing: get one from @BotFather"))
		return
	}
	token, err := bot.ParseToken(cfg.token.reveal())
	if err != nil {
		d.report("token", "", fmt.Errorf("TELEGRAM_BOT_TOKEN is not a token: copy it again from @BotFather (%w)", err))
		return
	}
	client, err := bot.Dial(ctx, token, cfg.apiURL)
	if err != nil {
		d.report("token", "", dialAdvice(err))
		return
	}
	defer client.Close()
	d.report("token", "Telegram knows @"+client.Username(), nil)
	d.clock(ctx, client)
}

// maxSkew is how far the clock may be from Telegram's: the date of an HTTP answer
// has whole seconds, and reports are dated by the day.
const maxSkew = 30 * time.Second

func (d *doctor) clock(ctx context.Context, client *bot.Client) {
	theirs, err := client.Date(ctx)
	if err != nil {
		d.report("clock", "", fmt.Errorf("no answer from Telegram to compare with: %w", err))
		return
	}
	skew := time.Since(theirs)
	if skew.Abs() > maxSkew {
		err = fmt.Errorf("this machine's clock is %s off: set it by NTP (timedatectl set-ntp true)", skew.Abs().Round(time.Second))
	}
	d.report("clock", "agrees with Telegram's", err)
}

// keys reads the key set without making one.
func (d *doctor) keys(cfg config) *seal.Keys {
	text, where := []byte(cfg.key.reveal()), "SAQBOL_KEY"
	if cfg.key.reveal() == "" {
		where = keyFile
		var err error
		if text, err = os.ReadFile(keyFile); errors.Is(err, os.ErrNotExist) {
			fmt.Fprintf(d.out, "· keys: none yet; `saqbol run` makes %s in this folder: keep a copy apart from the database\n", keyFile)
			return nil
		} else if err != nil {
			d.report("keys", "", fmt.Errorf("%s can't be read: %w", keyFile, err))
			return nil
		}
		if info, err := os.Stat(keyFile); err == nil && info.Mode().Perm()&0o077 != 0 {
			d.report("keys", "", fmt.Errorf("others can read %s: chmod 600 %s", keyFile, keyFile))
			return nil
		}
	}
	keys, err := seal.Read(text)
	d.report("keys", where+" holds a key set", err)
	return keys
}

func (d *doctor) database(ctx context.Context, cfg config, keys *seal.Keys) {
	path, isFile := sqlitePath(cfg.databaseURL)
	if isFile {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			fmt.Fprintf(d.out, "· database: none yet; `saqbol run` makes %s\n", path)
			return
		}
	}
	if keys == nil {
		d.report("database", "", fmt.Errorf("there is a database but no key for it: put %s or SAQBOL_KEY back", keyFile))
		return
	}
	store, err := storage.Open(ctx, cfg.databaseURL, keys)
	if err != nil {
		d.report("database", "", err)
		return
	}
	health, err := store.Check(ctx)
	if err == nil && len(health.Damage) > 0 {
		err = errors.New(health.Damage[0])
	}
	d.report("database", "opens with the key and is sound", errors.Join(err, store.Close()))
	if health.Letters > 0 {
		fmt.Fprintf(d.out, "· %d update(s) could not be handled: `saqbol deadletters` lists them\n", health.Letters)
	}
	if health.Aside > 0 {
		fmt.Fprintf(d.out, "· %d stored message(s) or letter(s) can't be read and are set aside for a month: sealed under another key, or damaged\n", health.Aside)
	}
}

// enoughDisk is the free space below which doctor warns: a million reports take
// about half of it.
const enoughDisk = 1 << 30

func (d *doctor) disk(cfg config) {
	path, isFile := sqlitePath(cfg.databaseURL)
	if !isFile {
		return
	}
	folder := filepath.Dir(path)
	for folder != "." && folder != "/" {
		if _, err := os.Stat(folder); err == nil {
			break
		}
		folder = filepath.Dir(folder)
	}
	free, err := freeBytes(folder)
	if err == nil && free < enoughDisk {
		err = fmt.Errorf("only %d MB are free for the database in %s: make room", free>>20, folder)
	}
	d.report("disk", fmt.Sprintf("%d GB are free", free>>30), err)
}
