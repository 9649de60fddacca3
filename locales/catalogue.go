package locales

import (
	"embed"
	"fmt"
	"strings"
	"time"

	"saqbol/fraud"
)

//go:embed kk.toml ru.toml
var files embed.FS

// Catalogue renders messages in both languages. It is safe for concurrent use.
type Catalogue struct {
	texts map[fraud.Lang]texts
	zone  *time.Location
}

// Langs lists the languages of the catalogue.
func Langs() []fraud.Lang { return []fraud.Lang{fraud.Kazakh, fraud.Russian} }

// Load reads the embedded catalogues. It fails if one of them is not valid TOML
// or not a valid set of messages.
func Load() (*Catalogue, error) {
	c := &Catalogue{
		texts: map[fraud.Lang]texts{},
		// Kazakhstan has one time zone, UTC+5, since 1 March 2024.
		zone: time.FixedZone("Asia/Almaty", 5*60*60),
	}
	for _, lang := range Langs() {
		var err error
		if c.texts[lang], err = compile(files, lang); err != nil {
			return nil, fmt.Errorf("reading the catalogue: %w", err)
		}
	}
	return c, nil
}

// HTML renders messages for a text in Telegram's HTML, one below the other.
// String arguments are escaped.
func (c *Catalogue) HTML(lang fraud.Lang, messages ...Msg) string {
	return c.join(lang, Escape, messages)
}

// Escape makes a string safe inside Telegram's HTML, with the named entities
// that Telegram knows.
func Escape(s string) string {
	if !strings.ContainsAny(s, `&<>"`) {
		return s // most arguments, and no replacer to build
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

// Plain renders messages for places without markup: buttons, toasts, commands.
func (c *Catalogue) Plain(lang fraud.Lang, messages ...Msg) string {
	return c.join(lang, func(s string) string { return s }, messages)
}

func (c *Catalogue) join(lang fraud.Lang, escape func(string) string, messages []Msg) string {
	r := renderer{texts: c.in(lang), zone: c.zone, escape: escape}
	for i, m := range messages {
		if i > 0 {
			r.out.WriteByte('\n')
		}
		r.message(m)
	}
	return r.out.String()
}

// in is what the catalogue says in a language: in Russian if it does not know it.
func (c *Catalogue) in(lang fraud.Lang) texts {
	if t, ok := c.texts[lang]; ok {
		return t
	}
	return c.texts[fraud.Russian]
}

// Money is a sum in whole tenge, shown as "150 000 ₸".
type Money int64

// Day is a date, shown in Kazakhstan's time as "22 қараша 2026" or "22 ноября 2026".
type Day time.Time
