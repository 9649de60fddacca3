package emulator

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// sampler makes values that fit the types of the Bot API.
type sampler struct{ *schema }

func (s sampler) value(types []typeRef) any {
	t := types[0]
	if t.depth > 0 {
		return []any{s.value([]typeRef{{t.depth - 1, t.base}})}
	}
	switch t.base {
	case "Integer":
		return json.Number("1")
	case "Float":
		return json.Number("1.5")
	case "Boolean":
		return true
	case "String", "InputFile":
		return "x"
	}
	o := s.object(t.base)
	if o.union != nil {
		member := o.union[0]
		v := s.value([]typeRef{member})
		if tag, value := tagOf(o.name, member.base); tag != "" {
			v.(map[string]any)[tag] = value
		}
		return v
	}
	return s.required(o)
}

func (s sampler) required(o *object) map[string]any {
	out := map[string]any{}
	for _, name := range o.required {
		out[name] = s.value(o.fields[name].types)
	}
	return out
}

func everyMethod(t *testing.T, try func(t *testing.T, sc *schema, m *object)) {
	t.Helper()
	sc, err := loadSchema()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Values(sc.names)) {
		m, ok := sc.method(name)
		if !ok {
			t.Fatalf("no method %s", name)
		}
		t.Run(name, func(t *testing.T) { try(t, sc, m) })
	}
}

func check(sc *schema, m *object, values map[string]any) error {
	in := &input{values: values, files: map[string]*upload{}}
	for name, f := range m.fields { // a field that only a file can fill
		if values[name] == "x" && has(f.types, "InputFile") && !has(f.types, "String") {
			in.files[name] = &upload{name: "f", data: []byte("x")}
			delete(values, name)
		}
	}
	_, err := sc.checkCall(m, in)
	return err
}

func TestSchemaCompilesWhole(t *testing.T) {
	sc, err := loadSchema()
	if err != nil {
		t.Fatal(err)
	}
	if len(sc.raw.Methods) != 180 || len(sc.raw.Types) != 359 {
		t.Errorf("got %d methods and %d types", len(sc.raw.Methods), len(sc.raw.Types))
	}
	known := func(where string, types []typeRef) {
		for _, ref := range types {
			switch ref.base {
			case "Integer", "Float", "Boolean", "String", "InputFile":
			default:
				if sc.object(ref.base) == nil {
					t.Errorf("%s is of the unknown type %s", where, ref)
				}
			}
		}
	}
	compiled := func(o *object) {
		known(o.name, o.union)
		for _, f := range o.fields {
			if known(o.name+"."+f.name, f.types); len(f.types) == 0 {
				t.Errorf("%s.%s has no type", o.name, f.name)
			}
		}
	}
	for name := range sc.raw.Methods {
		m, _ := sc.method(name)
		compiled(m)
	}
	for name := range sc.raw.Types {
		if o := sc.object(name); o != nil {
			compiled(o)
		}
	}
}

// TestEveryMethod holds each of the 180 methods to the same rules.
func TestEveryMethod(t *testing.T) {
	everyMethod(t, func(t *testing.T, sc *schema, m *object) {
		sample := sampler{sc}
		if err := check(sc, m, sample.required(m)); err != nil {
			t.Errorf("refused a call with what it requires: %v", err)
		}
		all := map[string]any{}
		for name, f := range m.fields {
			all[name] = sample.value(f.types)
		}
		if err := check(sc, m, maps.Clone(all)); err != nil {
			t.Errorf("refused a call with every parameter: %v", err)
		}
		for _, name := range m.required {
			without := maps.Clone(all)
			delete(without, name)
			if err := check(sc, m, without); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("without %s: %v", name, err)
			}
		}
		unknown := maps.Clone(all)
		unknown["nonsense"] = true
		if err := check(sc, m, unknown); err == nil || !strings.Contains(err.Error(), "nonsense") {
			t.Errorf("with an unknown parameter: %v", err)
		}
		for name, f := range m.fields {
			wrong := maps.Clone(all)
			wrong[name] = wrongValue(f.types)
			if err := check(sc, m, wrong); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s = %v: %v", name, wrong[name], err)
			}
		}
	})
}

// wrongValue fits none of the types.
func wrongValue(types []typeRef) any {
	if has(types, "Boolean") {
		return json.Number("3.5")
	}
	return true
}

// TestEveryType puts one wrong field into each type, however deep it stands.
func TestEveryType(t *testing.T) {
	sc, err := loadSchema()
	if err != nil {
		t.Fatal(err)
	}
	sample := sampler{sc}
	accepts := func(name string, v any) error {
		c := checker{schema: sc, used: map[string]bool{}}
		_, err := c.value(&place{name: name}, []typeRef{{base: name}}, v, 0)
		return err
	}
	for name := range sc.raw.Types {
		o := sc.object(name)
		if o == nil || o.union != nil {
			continue
		}
		good := sample.required(o)
		if err := accepts(name, good); err != nil {
			t.Errorf("%s: refused a good value: %v", name, err)
		}
		for _, f := range o.fields {
			bad := maps.Clone(good)
			bad[f.name] = wrongValue(f.types)
			if has(f.types, "RichText") { // which may be almost anything, but no bool
				continue
			}
			if err := accepts(name, bad); err == nil {
				t.Errorf("%s.%s = %v was let in", name, f.name, bad[f.name])
			}
		}
		bad := maps.Clone(good)
		bad["nonsense"] = "x"
		if err := accepts(name, bad); err == nil {
			t.Errorf("%s with an unknown field was let in", name)
		}
	}
}

func TestRefusalsNameThePlace(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	p.Send("/start")
	keyboard := func(button args) args {
		return args{"chat_id": p.ID(), "text": "x", "reply_markup": args{
			"inline_keyboard": []any{[]any{args{"text": "a", "callback_data": "a"}, button}},
		}}
	}
	for _, test := range []struct {
		name, method string
		params       args
		words        string
	}{
		{"unknown parameter", "sendMessage", args{"chat_id": p.ID(), "text": "x", "txet": "x"}, `field "txet": sendMessage has no such parameter`},
		{"missing", "sendMessage", args{"chat_id": p.ID()}, `field "text": the parameter is required`},
		{"null counts as missing", "sendMessage", args{"chat_id": p.ID(), "text": nil}, `field "text": the parameter is required`},
		{"a number for a string", "sendMessage", args{"chat_id": p.ID(), "text": 5}, `field "text": must be String, is a number`},
		{"a string for a number", "deleteMessage", args{"chat_id": p.ID(), "message_id": "1"}, `field "message_id": must be Integer, is String`},
		{"a fraction for an integer", "deleteMessage", args{"chat_id": p.ID(), "message_id": 1.5}, `field "message_id": must be Integer`},
		{"an object for an integer", "deleteMessage", args{"chat_id": p.ID(), "message_id": args{}}, `field "message_id": must be Integer, is an object`},
		{"an array for an object", "sendMessage", args{"chat_id": p.ID(), "text": "x", "reply_markup": []any{}}, `field "reply_markup": must be InlineKeyboardMarkup or`},
		{"no markup at all", "sendMessage", args{"chat_id": p.ID(), "text": "x", "reply_markup": args{}}, `field "reply_markup`},
		{"a markup in broken JSON", "sendMessage", args{"chat_id": p.ID(), "text": "x", "reply_markup": "{"}, `field "reply_markup": can't parse the JSON-serialized`},
		{"an unknown field of a button", "sendMessage", keyboard(args{"text": "b", "callback": "b"}), `field "reply_markup.inline_keyboard[0][1].callback": InlineKeyboardButton has no such field`},
		{"a wrong type in a button", "sendMessage", keyboard(args{"text": 5, "callback_data": "b"}), `field "reply_markup.inline_keyboard[0][1].text": must be String`},
		{"a button without a text", "sendMessage", keyboard(args{"callback_data": "b"}), `field "reply_markup.inline_keyboard[0][1].text": InlineKeyboardButton requires the field`},
		{"a null in an array", "deleteMessages", args{"chat_id": p.ID(), "message_ids": []any{1, nil}}, `field "message_ids[1]": must be Integer, is null`},
		{"an unknown scope", "setMyCommands", args{"commands": []any{}, "scope": args{"type": "everyone"}}, `field "scope.type": "everyone" marks no BotCommandScope`},
		{"a scope without its chat", "setMyCommands", args{"commands": []any{}, "scope": args{"type": "chat"}}, `field "scope.chat_id": BotCommandScopeChat requires the field`},
		{"a file that is not attached", "sendDocument", args{"chat_id": p.ID(), "document": "attach://a"}, `field "document": no file "a" is attached`},
		{"media that is not attached", "sendMediaGroup", args{"chat_id": p.ID(), "media": []any{args{"type": "photo", "media": "attach://a"}}}, `field "media[0].media": no file "a" is attached`},
	} {
		t.Run(test.name, func(t *testing.T) {
			b.t = t
			b.refused(test.method, test.params, 400, test.words)
		})
	}
}

func TestMethodNames(t *testing.T) {
	b := newBot(t, Options{})
	for _, name := range []string{"getMe", "getme", "GETME"} {
		b.must(name, nil, nil)
	}
	b.refused("getYou", nil, 404, "Not Found")
	b.refused("", nil, 404, "Not Found")
	b.refused("sendDice", args{"chat_id": 1}, 501, "sendDice is not emulated")
	b.refused("sendDice", args{}, 400, `field "chat_id"`)
}

func TestEmulatedMethodsExist(t *testing.T) {
	b := newBot(t, Options{})
	for _, name := range b.s.Emulated() {
		if m, ok := b.schema().method(name); !ok || m.name != name {
			t.Errorf("the Bot API has no method %s", name)
		}
	}
}

func TestTokens(t *testing.T) {
	b := newBot(t, Options{})
	for _, path := range []string{"/bot1:wrong/getMe", "/bot/getMe", "/bot" + b.s.Token() + "x/getMe", "/file/bot1:wrong/a"} {
		if a := b.post(path, "", nil); a.Status != 401 || a.Description != "Unauthorized" {
			t.Errorf("%s: %+v", path, a)
		}
	}
	if a := b.post("/getMe", "", nil); a.Status != 404 {
		t.Errorf("without /bot: %+v", a)
	}
}
