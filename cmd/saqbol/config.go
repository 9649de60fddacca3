package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"saqbol/fraud"
)

// config is what the environment says, checked.
type config struct {
	token       secret
	apiURL      string
	databaseURL string
	readURL     string // a standby of it, "" = there is none
	key         secret
	keyPath     string   // the key file, "" where SAQBOL_KEY is given directly
	webhook     *url.URL // nil = polling
	webhookKey  secret
	calls       bool // no answer rides in the response to a delivery
	listen      string
	dispatchers []int64
	quotas      fraud.Limits
	backups     backupPlan
	stopDelay   time.Duration // serves on for so long when it is to stop
	sends       int           // calls to Telegram a second, to everybody together
	logLevel    slog.Level
	logFormat   string // "text", "json" or "" = by terminal
}

// secret is a value that must not be printed: fmt reads unexported fields without
// asking their methods, so the value stands behind a pointer.
type secret struct{ value *string }

func newSecret(value string) secret { return secret{&value} }

func (s secret) reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// String hides the value.
func (s secret) String() string { return "***" }

// GoString hides the value from %#v.
func (s secret) GoString() string { return "***" }

// LogValue hides the value from slog.
func (s secret) LogValue() slog.Value { return slog.StringValue("***") }

const (
	defaultDatabase = "sqlite:data/saqbol.db"
	defaultListen   = "127.0.0.1:8080"
	// defaultSends is what Telegram allows every bot.
	defaultSends = 30
	// maxSends is what Telegram gives bots that pay for it; a server of one's own
	// (TELEGRAM_API_URL) may take more.
	maxSends    = 1000
	maxSendsOwn = 1_000_000
)

// sqlitePath is the file that a DATABASE_URL names, "sqlite:" or "sqlite://" and
// a path; isFile is false, and path "", for a database elsewhere.
func sqlitePath(databaseURL string) (path string, isFile bool) {
	path, isFile = strings.CutPrefix(databaseURL, "sqlite:")
	if !isFile {
		return "", false // the URL may hold a password
	}
	return strings.TrimPrefix(path, "//"), true
}

// noFile reports that the database is a file, and that it is not there.
func noFile(cfg config) (path string, missing bool) {
	path, isFile := sqlitePath(cfg.databaseURL)
	info, err := os.Stat(path)
	return path, isFile && (errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0)
}

// databaseThere refuses to work on a database that is not there: this is not the
// folder of the bot, most likely. That comes before the keys, which are not there
// either then, and not lost.
func (c config) databaseThere() error {
	if path, missing := noFile(c); missing {
		return fmt.Errorf("there is no database %s yet: set DATABASE_URL, or run this in the folder in which `saqbol run` is started", path)
	}
	return nil
}

// reserved are the paths that the program serves itself.
func reserved(path string) bool {
	switch path {
	case "/healthz", "/readyz", "/metrics":
		return true
	}
	return strings.HasPrefix(path, "/console")
}

// webhookSecret is what Telegram accepts as secret_token, at most maxWebhookSecret
// characters ({1,256} in the expression would cost a millisecond at every start).
var webhookSecret = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// webhookPath is what may stand behind the host of WEBHOOK_URL.
var webhookPath = regexp.MustCompile(`^/[A-Za-z0-9/._~-]*$`)

const maxWebhookSecret = 256

func readAPIURL(values map[string]string, c *config) error {
	v := strings.TrimRight(values["TELEGRAM_API_URL"], "/")
	if v == "" {
		return nil
	}
	c.apiURL = v // what depends on it being set goes by that, right or wrong
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("TELEGRAM_API_URL must be an address such as http://127.0.0.1:8081")
	}
	return nil
}

func readWebhook(values map[string]string, c *config) error {
	v := values["WEBHOOK_URL"]
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || (u.Scheme != "https" && (u.Scheme != "http" || c.apiURL == "")) {
		return fmt.Errorf("WEBHOOK_URL must be a public https:// address (http:// only where TELEGRAM_API_URL is set); leave it empty for polling")
	}
	if u.Path == "" {
		u.Path = "/"
	}
	// The multiplexer would take braces for a pattern, panic over a space and never
	// match a path that is written in more than one way.
	if !webhookPath.MatchString(u.Path) || path.Clean(u.Path) != u.Path && path.Clean(u.Path)+"/" != u.Path {
		return fmt.Errorf("WEBHOOK_URL: the path may hold letters, digits and . _ ~ - between single slashes, such as /telegram")
	}
	if reserved(u.Path) {
		return fmt.Errorf("WEBHOOK_URL: the path %s is taken by SaqBol itself: choose another, such as /telegram", u.Path)
	}
	key := values["WEBHOOK_SECRET"]
	if key == "" {
		return fmt.Errorf("WEBHOOK_SECRET is missing: with WEBHOOK_URL set it to a random word, for instance the output of: openssl rand -hex 32")
	}
	if len(key) > maxWebhookSecret || !webhookSecret.MatchString(key) {
		return fmt.Errorf("WEBHOOK_SECRET may hold 1 to 256 characters of A-Z, a-z, 0-9, _ and -: make one with: openssl rand -hex 32")
	}
	_, alone := sqlitePath(c.databaseURL)
	switch values["WEBHOOK_ANSWERS"] {
	case "response":
	case "":
		c.calls = !alone
	case "calls":
		c.calls = true
	default:
		return fmt.Errorf("WEBHOOK_ANSWERS must be response (a lone answer goes in the webhook's response) or calls (each answer is a call of its own)")
	}
	c.webhook, c.webhookKey = u, newSecret(key)
	return nil
}

func readListen(values map[string]string, c *config) error {
	if v := values["HTTP_LISTEN"]; v != "" {
		c.listen = v
	}
	if !isAddress(c.listen) {
		return fmt.Errorf("HTTP_LISTEN must be an address and a port such as %s", defaultListen)
	}
	return nil
}

func readDispatchers(values map[string]string, c *config) error {
	for _, word := range strings.FieldsFunc(values["SAQBOL_DISPATCHERS"], func(r rune) bool { return r == ',' || r == ' ' }) {
		id, err := strconv.ParseInt(word, 10, 64)
		if err != nil || id <= 0 {
			return fmt.Errorf("SAQBOL_DISPATCHERS must be Telegram user ids, comma separated, such as 1000001,1000002")
		}
		c.dispatchers = append(c.dispatchers, id)
	}
	return nil
}

func readSends(values map[string]string, c *config) error {
	v := values["SAQBOL_SENDS_PER_SECOND"]
	if v == "" {
		return nil
	}
	most := maxSends
	if c.apiURL != "" {
		most = maxSendsOwn
	}
	sends, err := strconv.Atoi(v)
	if err != nil || sends < 1 || sends > most {
		return fmt.Errorf("SAQBOL_SENDS_PER_SECOND must be a whole number from 1 to %d; %d is what Telegram allows every bot", most, defaultSends)
	}
	c.sends = sends
	return nil
}

func readLogging(values map[string]string, c *config) error {
	var level, format error
	if v := values["LOG_LEVEL"]; v != "" && c.logLevel.UnmarshalText([]byte(v)) != nil {
		level = errors.New("LOG_LEVEL must be debug, info, warn or error")
	}
	if c.logFormat = strings.ToLower(values["LOG_FORMAT"]); !slices.Contains([]string{"", "text", "json"}, c.logFormat) {
		format = errors.New("LOG_FORMAT must be text or json")
	}
	return errors.Join(level, format)
}
