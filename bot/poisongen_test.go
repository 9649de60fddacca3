package bot_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// canary stands in every generated text: it must never be seen in a log or in the
// reason of a dead letter.
const canary = "канарейка"

// pan is a card's number of a sample card.
const pan = "4400430000001237"

// telegram is the Bot API as data.
type telegram struct {
	Types map[string]struct {
		Fields []struct {
			Name     string   `json:"name"`
			Types    []string `json:"types"`
			Required bool     `json:"required"`
		} `json:"fields"`
		Subtypes []string `json:"subtypes"`
	} `json:"types"`
}

// fields of an object, or a list, or a plain value: JSON as it is built up.
type fields = map[string]any

// literal is JSON that encoding/json would not write.
type literal string

// chemist makes updates: true ones of everything the Bot API has, and poison.
type chemist struct {
	telegram
	r     *rand.Rand
	chats []int64 // whose updates they are
}

func newChemist(t testing.TB, seed uint64) *chemist {
	t.Helper()
	data, err := os.ReadFile("../emulator/data/bot-api.json")
	if err != nil {
		t.Fatal(err)
	}
	c := &chemist{r: rand.New(rand.NewPCG(seed, 20261122)), chats: []int64{5_000_000_001, 5_000_000_002, -1_001_234_567_890}}
	if err := json.Unmarshal(data, &c.telegram); err != nil {
		t.Fatal(err)
	}
	return c
}

const maxDepth = 7

// value makes a value of a type; named is the field it is for.
func (c *chemist) value(kind, named string, depth int) any {
	if of, ok := strings.CutPrefix(kind, "Array of "); ok {
		list := []any{}
		for range 1 + c.r.IntN(2) {
			list = append(list, c.value(of, named, depth+1))
		}
		return list
	}
	switch kind {
	case "Integer":
		if strings.HasSuffix(named, "date") {
			return 1_700_000_000 + c.r.IntN(60_000_000)
		}
		return c.r.IntN(100_000)
	case "Float":
		return c.r.Float64() * 90
	case "Boolean":
		return true
	case "String":
		return canary + fmt.Sprint(" ", c.r.IntN(1000))
	case "Chat":
		return c.chat()
	case "User":
		return c.user()
	}
	shape := c.Types[kind]
	if len(shape.Subtypes) > 0 {
		return c.variant(kind, shape.Subtypes[c.r.IntN(len(shape.Subtypes))], depth)
	}
	return c.object(kind, depth)
}

func (c *chemist) chat() fields {
	id := c.chats[c.r.IntN(len(c.chats))]
	if id < 0 {
		return fields{"id": id, "type": "supergroup", "title": canary}
	}
	return fields{"id": id, "type": "private", "first_name": canary}
}

func (c *chemist) user() fields {
	id := c.chats[c.r.IntN(len(c.chats))]
	return fields{"id": max(id, -id), "is_bot": false, "first_name": canary, "language_code": "kk"}
}

// object makes an object with all that it must have, and something of the rest
// where it is not deep inside already.
func (c *chemist) object(kind string, depth int) fields {
	out := fields{}
	for _, f := range c.Types[kind].Fields {
		if f.Required && depth <= 2*maxDepth || depth < maxDepth && c.r.IntN(8+4*depth) == 0 {
			out[f.Name] = c.value(f.Types[c.r.IntN(len(f.Types))], f.Name, depth+1)
		}
	}
	return out
}

// variant makes one of the shapes that a type may have, with the word by which
// Telegram tells them apart.
func (c *chemist) variant(kind, shape string, depth int) any {
	if len(c.Types[shape].Fields) == 0 && len(c.Types[shape].Subtypes) == 0 {
		return c.value(shape, "", depth+1)
	}
	out := c.object(shape, depth)
	for _, tag := range []string{"type", "status", "source"} {
		if _, ok := out[tag].(string); ok {
			out[tag] = c.tag(kind, shape)
			break
		}
	}
	if shape == "InaccessibleMessage" {
		out["date"] = 0
	}
	return out
}

// tag is the word for a shape: in nearly every case the rest of its name.
func (c *chemist) tag(kind, shape string) string {
	switch shape {
	case "ChatMemberOwner":
		return "creator"
	case "ChatMemberBanned":
		return "kicked"
	}
	var out strings.Builder
	for i, r := range strings.TrimPrefix(shape, kind) {
		if unicode.IsUpper(r) && i > 0 {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

// message is a message of a person in a private chat, without content.
func (c *chemist) message() fields {
	id := c.chats[0]
	if len(c.chats) > 3 {
		id = c.chats[3+c.r.IntN(len(c.chats)-3)]
	}
	return fields{"message_id": 1 + c.r.IntN(1000), "date": 1_790_000_000, "chat": fields{"id": id, "type": "private", "first_name": canary},
		"from": fields{"id": id, "is_bot": false, "first_name": canary, "language_code": "ru"}}
}

// sample is an update on its way to the bot: JSON, whole or not, in which idHere
// stands where the update's number goes.
type sample struct {
	kind string
	raw  string
	// whole is false where it is no single value of JSON, or bears a number that
	// Telegram would not give: a list of updates can't hold it.
	whole bool
}

const (
	idHere   = `"@update_id@"`
	quotedID = `@quoted_id@` // where it stands within quotes
)

// update writes an update with its number first, as Telegram does.
func update(kind string, content fields) sample {
	var out strings.Builder
	out.WriteString(`{"update_id":` + idHere)
	for _, name := range slices.Sorted(maps.Keys(content)) {
		out.WriteString(`,` + encode(name) + `:` + encode(content[name]))
	}
	return sample{kind: kind, raw: out.String() + "}", whole: true}
}

// encode writes JSON, literals as they stand.
func encode(value any) string {
	switch v := value.(type) {
	case literal:
		return string(v)
	case fields:
		parts := []string{}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, encode(name)+":"+encode(v[name]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		parts := []string{}
		for _, item := range v {
			parts = append(parts, encode(item))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// everything is one update of each sort that the Bot API's data names: every field
// of an update, every content of a message, every origin of a forwarded one.
func (c *chemist) everything() []sample {
	var all []sample
	for _, f := range c.Types["Update"].Fields {
		if f.Name != "update_id" {
			all = append(all, update("update", fields{f.Name: c.value(f.Types[0], f.Name, 0)}))
		}
	}
	for _, f := range c.Types["Message"].Fields {
		for _, where := range []string{"message", "edited_message"} {
			m := c.message()
			m[f.Name] = c.value(f.Types[0], f.Name, 2)
			if f.Name == "chat" || f.Name == "from" {
				m["text"] = canary
			}
			all = append(all, update("content", fields{where: m}))
		}
	}
	for _, origin := range c.Types["MessageOrigin"].Subtypes {
		for _, content := range []string{"text", "caption", "contact", "photo"} {
			m := c.message()
			m["forward_origin"] = c.variant("MessageOrigin", origin, 2)
			for _, f := range c.Types["Message"].Fields {
				if f.Name == content {
					m[content] = c.value(f.Types[0], content, 3)
				}
			}
			all = append(all, update("origin", fields{"message": m}))
		}
	}
	return all
}

// spot is a place in a value at which something else can be put.
type spot struct {
	value any
	put   func(any)
}

// spots are all places in a value.
func spots(value any, put func(any), into *[]spot) {
	*into = append(*into, spot{value, put})
	switch v := value.(type) {
	case fields:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			spots(v[name], func(x any) { v[name] = x }, into)
		}
	case []any:
		for i := range v {
			spots(v[i], func(x any) { v[i] = x }, into)
		}
	}
}

// bend makes a true update, and puts something else at one place in it.
func (c *chemist) bend(kind string, fits func(any) bool, with func(any) any) sample {
	for {
		content := fields{}
		if c.r.IntN(3) == 0 {
			f := c.Types["Update"].Fields[1+c.r.IntN(len(c.Types["Update"].Fields)-1)]
			content[f.Name] = c.value(f.Types[0], f.Name, 0)
		} else {
			m := c.message()
			for range 3 {
				f := c.Types["Message"].Fields[c.r.IntN(len(c.Types["Message"].Fields))]
				m[f.Name] = c.value(f.Types[0], f.Name, 2)
			}
			content[[]string{"message", "edited_message"}[c.r.IntN(2)]] = m
		}
		var all []spot
		for name, value := range content {
			spots(value, func(x any) { content[name] = x }, &all)
		}
		all = slices.DeleteFunc(all, func(s spot) bool { return !fits(s.value) })
		if len(all) == 0 {
			continue
		}
		at := all[c.r.IntN(len(all))]
		at.put(with(at.value))
		return update(kind, content)
	}
}
