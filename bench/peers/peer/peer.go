// Package peer is what the programs beside SaqBol have in common: where they
// find the Bot API, and the one plain lookup that stands for their whole work.
package peer

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	_ "modernc.org/sqlite" // the driver
)

// Settings is what the load generator tells a peer by its environment.
type Settings struct {
	Token   string // of the bot
	API     string // address of the fake Bot API
	Webhook bool   // updates come by webhook, else by polling
	Ride    bool   // the answer goes in the webhook's response
	Ordered bool   // one update after the other
	Listen  string // where the webhook is served
	Path    string // of the webhook
	Secret  string // of the webhook
	DB      string // the file with the reported numbers
}

// Read reads the settings.
func Read() Settings {
	return Settings{
		Token: os.Getenv("TOKEN"), API: os.Getenv("API"), Webhook: os.Getenv("MODE") != "polling", Ride: os.Getenv("RIDE") != "",
		Ordered: os.Getenv("ORDERED") != "", Listen: os.Getenv("LISTEN"), Path: os.Getenv("HOOK"), Secret: os.Getenv("SECRET"), DB: os.Getenv("DB"),
	}
}

// Context ends when the process is told to stop.
func Context() context.Context {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	return ctx
}

// Lookup finds how many people reported a number.
type Lookup struct{ stmt *sql.Stmt }

// Open opens the file for reading, with a statement prepared once and as many
// connections as there are cores, which is the fastest way to use it.
func Open(path string) *Lookup {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		Fail(err)
	}
	db.SetMaxOpenConns(runtime.GOMAXPROCS(0))
	db.SetMaxIdleConns(runtime.GOMAXPROCS(0))
	stmt, err := db.Prepare(`SELECT reporters FROM subjects WHERE subject = ?`)
	if err != nil {
		Fail(err)
	}
	return &Lookup{stmt: stmt}
}

// Answer is the answer to a text that is a telephone number.
func (l *Lookup) Answer(text string) string {
	number := normal(text)
	key := sha256.Sum256([]byte(number))
	var reporters int
	switch err := l.stmt.QueryRow(key[:16]).Scan(&reporters); {
	case errors.Is(err, sql.ErrNoRows):
		return number + ": nobody has reported it"
	case err != nil:
		Fail(err)
	}
	return fmt.Sprintf("%s: %d people have reported it", number, reporters)
}

// normal is a number of Kazakhstan as +7 and ten digits.
func normal(text string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
	if len(digits) == 11 && digits[0] == '8' {
		digits = "7" + digits[1:]
	}
	return "+" + digits
}

// Fail ends the program.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
