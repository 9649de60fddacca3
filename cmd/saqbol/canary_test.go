package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// canary is something that must be seen nowhere.
type canary struct {
	name  string
	texts []string // the ways in which people and programs write it
	key   bool     // it is in the key file, and may be there
}

// canaries are what the flows are fed with. Numbers are samples that belong to nobody.
func canaries() []canary {
	return []canary{
		{name: "token", texts: []string{canaryToken, strings.SplitN(canaryToken, ":", 2)[1]}},
		{name: "webhook secret", texts: []string{canaryWebhook}},
		{name: "wrong secret", texts: []string{canaryWrong}},
		{name: "wrong token", texts: []string{canaryWrongToken}},
		{name: "password of an address", texts: []string{canaryPassword}},
		{name: "phone", texts: []string{"+7 701 314 15 92", "8 701 314 15 92", "77013141592", "87013141592", "7013141592", "701-314-15-92", "(701)", "314 15 92", "3141592"}},
		{name: "card", texts: []string{canaryPAN, grouped4(canaryPAN), strings.ReplaceAll(grouped4(canaryPAN), " ", "-")}},
		{name: "account", texts: []string{canaryIBAN, grouped4(canaryIBAN)}},
		{name: "code of the card", texts: []string{"CVV 739", "cvv: 739"}},
		{name: "one-time code", texts: []string{"код 48291357", "48291357"}},
		{name: "password", texts: []string{"Сарыбуура-91", "пароль Сарыбуура"}},
		{name: "words", texts: []string{canaryWords, "зеленыйжираф", "көкпарталасы", "zebracanary"}},
		{name: "name", texts: []string{"Құпиягүл", "Тайнамырза"}},
		{name: "hostile kind", texts: []string{"kind_of_canary_wxyz"}},
	}
}

const (
	canaryToken      = "6200000000:AAcanaryTokenq7Zp_Lm4xV9tR2wKs8"
	canaryWrongToken = "6200000001:AAwrongTokenb3Hn_Yc6uE1jD5gFo0"
	canaryWebhook    = "canaryWebhook_k2Pq8Vd5Zt"
	canaryWrong      = "canaryWrong_s9Xm3Jb7Ry"
	canaryPassword   = "canaryPassword_h4Tn6Wc1"
	canaryPAN        = "4400430266113346"
	canaryIBAN       = "KZ86125KZT5004100100"
	canaryWords      = "зеленыйжираф сказал көкпарталасы zebracanary"
)

func grouped4(text string) string {
	var parts []string
	for chunk := range slices.Chunk([]byte(text), 4) {
		parts = append(parts, string(chunk))
	}
	return strings.Join(parts, " ")
}

// form is one way in which a canary could stand in some bytes.
type form struct {
	canary, how string
	bytes       []byte
	alone       bool // digits of which neighbours that are digits make another number
}

// forms are all ways in which the canaries could stand somewhere: as they are, in
// hex, base64 (wherever they stand within a triple), URL-encoded, escaped, in
// UTF-16, and digits as numbers too.
func forms(all []canary) []form {
	var out []form
	seen := map[string]bool{}
	add := func(c canary, how string, content []byte, alone bool) {
		if len(content) < 4 || seen[string(content)] {
			return
		}
		seen[string(content)] = true
		out = append(out, form{c.name, how, content, alone})
	}
	for _, c := range all {
		for _, text := range c.texts {
			digits := strings.Trim(text, "0123456789") == ""
			raw := []byte(text)
			add(c, "plain", raw, digits)
			add(c, "upper case", bytes.ToUpper(raw), digits)
			add(c, "lower case", bytes.ToLower(raw), digits)
			add(c, "hex", []byte(hex.EncodeToString(raw)), false)
			add(c, "upper hex", bytes.ToUpper([]byte(hex.EncodeToString(raw))), false)
			for shift := range 3 {
				for how, alphabet := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
					encoded := alphabet.EncodeToString(append(make([]byte, shift), raw...))
					// The edges depend on the neighbours; short ones occur by chance.
					if inner := encoded[(shift*8+5)/6 : len(encoded)-1]; len(inner) >= 10 {
						add(c, fmt.Sprintf("%s, %d", how, shift), []byte(inner), false)
					}
				}
			}
			add(c, "URL", []byte(url.QueryEscape(text)), digits)
			add(c, "URL path", []byte(url.PathEscape(text)), digits)
			escaped, _ := json.Marshal(text) // a string always encodes
			add(c, "JSON", bytes.Trim(escaped, `"`), digits)
			add(c, "ASCII", []byte(strings.Trim(strconv.QuoteToASCII(text), `"`)), digits)
			units := utf16.Encode([]rune(text))
			little, big := []byte{}, []byte{}
			for _, u := range units {
				little, big = binary.LittleEndian.AppendUint16(little, u), binary.BigEndian.AppendUint16(big, u)
			}
			add(c, "UTF-16", little, false)
			add(c, "UTF-16, big endian", big, false)
			if n, err := strconv.ParseUint(text, 10, 64); digits && err == nil && len(text) >= 9 {
				add(c, "a number in hex", strconv.AppendUint(nil, n, 16), false)
				add(c, "a number, big endian", bytes.TrimLeft(binary.BigEndian.AppendUint64(nil, n), "\x00"), false)
				add(c, "a number, little endian", bytes.TrimRight(binary.LittleEndian.AppendUint64(nil, n), "\x00"), false)
				add(c, "a varint", binary.AppendUvarint(nil, n), false)
			}
		}
	}
	return out
}

// in reports whether the form stands in the bytes, and what is around it.
func (f form) in(content []byte) (around string, found bool) {
	for at := 0; ; {
		i := bytes.Index(content[at:], f.bytes)
		if i < 0 {
			return "", false
		}
		start, end := at+i, at+i+len(f.bytes)
		at = start + 1
		if f.alone && (start > 0 && digit(content[start-1]) || end < len(content) && digit(content[end])) {
			continue
		}
		return strconv.Quote(string(content[max(0, start-120):min(len(content), end+60)])), true
	}
}

func digit(b byte) bool { return '0' <= b && b <= '9' }

// TestCanariesAreFound: the search itself finds each canary in each form, among
// other bytes.
func TestCanariesAreFound(t *testing.T) {
	all := canaries()
	for _, f := range forms(all) {
		content := slices.Concat([]byte("2026-11-22 level=INFO x="), f.bytes, []byte(" y=1"))
		if _, found := f.in(content); !found {
			t.Errorf("%s, %s is not found", f.canary, f.how)
		}
	}
	for _, c := range all {
		for _, text := range c.texts {
			for shift := range 3 {
				for _, encode := range []func([]byte) string{base64.StdEncoding.EncodeToString, base64.URLEncoding.EncodeToString} {
					content := []byte(encode(append(make([]byte, shift), text+" and more"...)))
					if !slices.ContainsFunc(forms([]canary{c}), func(f form) bool { _, found := f.in(content); return found }) && len(text) >= 12 {
						t.Errorf("%s is not found in base64 at %d", c.name, shift)
					}
				}
			}
		}
	}
	if _, found := (form{bytes: []byte("48291357"), alone: true}).in([]byte("0.748291357s 482913570")); found {
		t.Error("digits within other numbers are taken for a code")
	}
}

// haul is everything that came out of the program, by where it was found.
type haul map[string][]byte

// folder adds every file below a folder.
func (h haul) folder(t *testing.T, name, folder string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		rel, _ := filepath.Rel(folder, path)
		h[name+": "+rel] = content
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// search looks for the canaries in everything and gives how many hits there were.
func (h haul) search(t *testing.T, all []canary) (bytes, hits int) {
	t.Helper()
	needles := forms(all)
	keyFiles := regexp.MustCompile(`saqbol\.key(\.\d{4}-.*)?$`)
	allowed := map[string]bool{}
	for _, c := range all {
		allowed[c.name] = c.key
	}
	for name, content := range h {
		bytes += len(content)
		said := map[string]bool{}
		for _, f := range needles {
			if allowed[f.canary] && keyFiles.MatchString(name) {
				continue
			}
			around, found := f.in(content)
			if !found {
				continue
			}
			hits++
			if !said[f.canary] {
				said[f.canary] = true
				t.Errorf("%s shows %s (%s): …%s…", name, f.canary, f.how, around)
			}
		}
	}
	return bytes, hits
}
