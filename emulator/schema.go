package emulator

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// apiData is Bot API 10.1 of 11 June 2026: every method and type with its
// fields, their types and which are required.
//
//go:embed data/bot-api.json
var apiData []byte

// schema is apiData, compiled piece by piece as calls need it: reading all of
// it would cost each server more than most tests do.
type schema struct {
	mu      sync.Mutex
	raw     schemaData
	names   map[string]string // lower case → the method's name
	methods map[string]*object
	types   map[string]*object
}

type schemaData struct {
	Methods map[string]json.RawMessage `json:"methods"`
	Types   map[string]json.RawMessage `json:"types"`
}

// object is a method's parameters, an object type, or a union of types.
type object struct {
	name     string
	fields   map[string]*field
	required []string
	union    []typeRef
}

type field struct {
	name     string
	types    []typeRef
	required bool
}

// typeRef names a type: depth arrays of base.
type typeRef struct {
	depth int
	base  string
}

func (t typeRef) String() string { return strings.Repeat("Array of ", t.depth) + t.base }

func parseTypeRef(s string) typeRef {
	var t typeRef
	for {
		rest, ok := strings.CutPrefix(s, "Array of ")
		if !ok {
			t.base = s
			return t
		}
		t.depth++
		s = rest
	}
}

func loadSchema() (*schema, error) {
	sc := &schema{names: map[string]string{}, methods: map[string]*object{}, types: map[string]*object{}}
	if err := json.Unmarshal(apiData, &sc.raw); err != nil {
		return nil, fmt.Errorf("emulator: reading the embedded Bot API: %w", err)
	}
	for name := range sc.raw.Methods {
		sc.names[strings.ToLower(name)] = name
	}
	return sc, nil
}

// method finds a method by its name in any case, as Telegram does.
func (sc *schema) method(name string) (*object, bool) {
	name, ok := sc.names[strings.ToLower(name)]
	if !ok {
		return nil, false
	}
	return sc.compile(sc.methods, sc.raw.Methods, name), true
}

// object finds a type; nil for the basic ones (Integer, String …).
func (sc *schema) object(name string) *object { return sc.compile(sc.types, sc.raw.Types, name) }

func (sc *schema) compile(done map[string]*object, raw map[string]json.RawMessage, name string) *object {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if o, ok := done[name]; ok {
		return o
	}
	data, ok := raw[name]
	if !ok || name == "InputFile" {
		return nil
	}
	var parsed struct {
		Fields []struct {
			Name     string   `json:"name"`
			Types    []string `json:"types"`
			Required bool     `json:"required"`
		} `json:"fields"`
		Subtypes []string `json:"subtypes"`
	}
	// The data is embedded and a test compiles all of it, so it can't fail here.
	_ = json.Unmarshal(data, &parsed)
	o := &object{name: name, fields: make(map[string]*field, len(parsed.Fields))}
	for _, f := range parsed.Fields {
		compiled := &field{name: f.Name, required: f.Required}
		for _, t := range f.Types {
			compiled.types = append(compiled.types, parseTypeRef(t))
		}
		o.fields[f.Name] = compiled
		if f.Required {
			o.required = append(o.required, f.Name)
		}
	}
	for _, t := range parsed.Subtypes {
		o.union = append(o.union, parseTypeRef(t))
	}
	done[name] = o
	return o
}

// tagOf gives the constant that marks a member of a union and the field it
// stands in, for the unions whose members can't be told apart by their fields.
// The data does not hold these constants; Telegram's pages do.
func tagOf(union, member string) (name, value string) {
	suffix := func(prefix string) string { return snake(strings.TrimPrefix(member, prefix)) }
	switch union {
	case "BotCommandScope", "MenuButton", "MessageOrigin", "ReactionType", "InputMedia":
		return "type", suffix(union)
	case "InputPollMedia", "InputPollOptionMedia":
		return "type", suffix("InputMedia")
	case "ChatMember":
		status := suffix("ChatMember")
		switch status {
		case "owner":
			status = "creator"
		case "banned":
			status = "kicked"
		}
		return "status", status
	}
	return "", ""
}

// snake turns AllPrivateChats into all_private_chats.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// has tells whether one of the types is the basic type named.
func has(types []typeRef, base string) bool {
	return slices.Contains(types, typeRef{base: base})
}
