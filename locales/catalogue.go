package locales

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"saqbol/fraud"
)

//go:embed kk.toml ru.toml
var files embed.FS

// Catalogue renders messages in both languages. It is safe for concurrent use.
type Catalogue struct {
	bundle     *i18n.Bundle
	localizers map[fraud.Lang]*i18n.Localizer
	fixed      map[fraud.Lang]map[string]string // the texts that no argument changes
	zone       *time.Location
}

// Langs lists the languages of the catalogue.
func Langs() []fraud.Lang { return []fraud.Lang{fraud.Kazakh, fraud.Russian} }

// Load reads the embedded catalogues. It fails if one of them is not valid TOML
// or not a valid set of messages.
func Load() (*Catalogue, error) {
	c := &Catalogue{
		bundle:     i18n.NewBundle(language.Russian),
		localizers: map[fraud.Lang]*i18n.Localizer{},
		fixed:      map[fraud.Lang]map[string]string{},
		// Kazakhstan has one time zone, UTC+5, since 1 March 2024.
		zone: time.FixedZone("Asia/Almaty", 5*60*60),
	}
	c.bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, lang := range Langs() {
		file, err := c.bundle.LoadMessageFileFS(files, string(lang)+".toml")
		if err != nil {
			return nil, fmt.Errorf("reading the catalogue %s.toml: %w", lang, err)
		}
		c.fixed[lang] = fixedOf(file)
		c.localizers[lang] = i18n.NewLocalizer(c.bundle, string(lang))
	}
	return c, nil
}

// fixedOf are the texts of a file in which nothing is to be filled in: most of an
// answer, and go-i18n takes a microsecond for each.
func fixedOf(file *i18n.MessageFile) map[string]string {
	texts := make(map[string]string, len(file.Messages))
	for _, m := range file.Messages {
		if m.Other != "" && !strings.Contains(m.Other, "{{") {
			texts[m.ID] = strings.TrimRight(m.Other, "\n")
		}
	}
	return texts
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
	var out strings.Builder
	for i, m := range messages {
		if i > 0 {
			out.WriteByte('\n')
		}
		out.WriteString(c.render(lang, escape, m))
	}
	return out.String()
}

// render never fails in front of a citizen: a message that can't be rendered
// shows its key. The catalogue's tests keep that from happening.
func (c *Catalogue) render(lang fraud.Lang, escape func(string) string, m Msg) string {
	if m.Key == "" {
		return ""
	}
	localizer, ok := c.localizers[lang]
	if !ok {
		lang, localizer = fraud.Russian, c.localizers[fraud.Russian]
	}
	if len(m.Args) == 0 && !m.many {
		if text, ok := c.fixed[lang][m.Key]; ok {
			return text
		}
	}
	config := i18n.LocalizeConfig{MessageID: m.Key}
	if len(m.Args) > 0 || m.many {
		data := make(map[string]any, len(m.Args)+1)
		for name, value := range m.Args {
			data[name] = c.argument(lang, escape, value)
		}
		if m.many {
			data["N"] = group(int64(m.count))
			config.PluralCount = m.count
		}
		config.TemplateData = data
	}
	text, err := localizer.Localize(&config)
	if err != nil {
		return escape(m.Key)
	}
	return strings.TrimRight(text, "\n")
}

func (c *Catalogue) argument(lang fraud.Lang, escape func(string) string, value any) string {
	switch v := value.(type) {
	case string:
		return escape(v)
	case int:
		return group(int64(v))
	case int64:
		return group(v)
	case Msg:
		return c.render(lang, escape, v)
	case []Msg:
		parts := make([]string, len(v))
		for i, m := range v {
			parts[i] = c.render(lang, escape, m)
		}
		return strings.Join(parts, ", ")
	case Money:
		return group(int64(v)) + " ₸"
	case Day:
		return c.day(lang, time.Time(v))
	}
	return escape(fmt.Sprint(value))
}

// Money is a sum in whole tenge, shown as "150 000 ₸".
type Money int64

// Day is a date, shown in Kazakhstan's time as "22 қараша 2026" or "22 ноября 2026".
type Day time.Time

func (c *Catalogue) day(lang fraud.Lang, t time.Time) string {
	t = t.In(c.zone)
	month := c.render(lang, Escape, M("month."+strconv.Itoa(int(t.Month()))))
	return strconv.Itoa(t.Day()) + " " + month + " " + strconv.Itoa(t.Year())
}

// group writes a number with a no-break space between thousands.
func group(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	if len(digits) <= 4 {
		return sign + digits
	}
	var out strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteString("\u00a0")
		}
		out.WriteRune(d)
	}
	return sign + out.String()
}
