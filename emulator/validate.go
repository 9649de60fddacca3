package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep a parameter may nest. Telegram's own JSON reader stops
// at a like depth.
const maxDepth = 64

// place is where in a call a value stands. It is written out only in refusals.
type place struct {
	up    *place
	name  string
	index int
}

func (p *place) String() string {
	switch {
	case p.up == nil:
		return p.name
	case p.name == "":
		return fmt.Sprintf("%s[%d]", p.up, p.index)
	}
	return p.up.String() + "." + p.name
}

// mismatch is a value that does not fit its type.
type mismatch struct {
	at   string
	text string
}

func (m *mismatch) Error() string { return fmt.Sprintf("field %q: %s", m.at, m.text) }

func wrong(at *place, format string, args ...any) error {
	return &mismatch{at: at.String(), text: fmt.Sprintf(format, args...)}
}

// checker holds one call against the schema.
type checker struct {
	*schema
	files map[string]*upload
	used  map[string]bool // the files that a field refers to
}

// checkCall gives the call's parameters with their types, or says what is wrong
// with them.
func (sc *schema) checkCall(method *object, in *input) (params, error) {
	c := checker{schema: sc, files: in.files, used: map[string]bool{}}
	out := make(params, len(in.values))
	for _, name := range slices.Sorted(maps.Keys(in.values)) {
		f, known := method.fields[name]
		at := &place{name: name}
		if !known {
			return nil, wrong(at, "%s has no such parameter", method.name)
		}
		v, err := c.parameter(at, f, in.values[name])
		if err != nil {
			return nil, err
		}
		if v != nil {
			out[name] = v
		}
	}
	for name := range in.files {
		f, known := method.fields[name]
		if known && has(f.types, "InputFile") && !out.has(name) {
			out[name], c.used[name] = in.files[name], true
		}
		if !c.used[name] {
			return nil, wrong(&place{name: name}, "%s takes no such file", method.name)
		}
	}
	for _, name := range method.required {
		if !out.has(name) {
			return nil, wrong(&place{name: name}, "the parameter is required")
		}
	}
	return out, nil
}

// parameter checks a top-level value: a formValue, which is always text, or a
// JSON value, in which an object may also come as a string of JSON.
func (c *checker) parameter(at *place, f *field, v any) (any, error) {
	s, isString := v.(string)
	form, isForm := v.(formValue)
	if isForm {
		s = string(form)
	}
	if !isForm && !isString {
		return c.value(at, f.types, v, 0)
	}
	if !utf8.ValidString(s) {
		return nil, wrong(at, "strings must be encoded in UTF-8")
	}
	if isForm || has(f.types, "String") {
		if v, ok, err := c.scalar(at, f.types, s); ok || err != nil {
			return v, err
		}
	}
	if !c.structured(f.types) {
		return nil, wrong(at, "must be %s, is String", alternatives(f.types))
	}
	parsed, err := decodeJSON(strings.NewReader(s))
	if err != nil {
		return nil, wrong(at, "can't parse the JSON-serialized %s: %v", alternatives(f.types), err)
	}
	return c.value(at, f.types, parsed, 0)
}

// scalar reads the text of a form field as one of the basic types; ok is false
// where the field has none.
func (c *checker) scalar(at *place, types []typeRef, s string) (v any, ok bool, err error) {
	if has(types, "Integer") {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, true, nil
		}
	}
	if has(types, "String") {
		v, err := c.file(at, types, s)
		return v, true, err
	}
	switch {
	case has(types, "InputFile"):
		v, err := c.file(at, types, s)
		return v, true, err
	case has(types, "Boolean"):
		switch strings.ToLower(s) {
		case "true", "1", "yes":
			return true, true, nil
		case "false", "0", "no":
			return false, true, nil
		}
	case has(types, "Float"):
		if x, err := strconv.ParseFloat(s, 64); err == nil {
			return x, true, nil
		}
	case !has(types, "Integer"):
		return nil, false, nil
	}
	return nil, false, wrong(at, "must be %s, is %q", alternatives(types), clip(s))
}

// file resolves attach://name, the way a field names an uploaded file. The
// string stays as it is where it is a file_id, an address or plain text.
func (c *checker) file(at *place, types []typeRef, s string) (any, error) {
	if name, ok := strings.CutPrefix(s, "attach://"); ok && mayAttach(at, types) {
		if _, ok := c.files[name]; !ok {
			return nil, wrong(at, "no file %q is attached", clip(name))
		}
		c.used[name] = true
		if has(types, "InputFile") {
			return c.files[name], nil
		}
		return s, nil
	}
	if has(types, "InputFile") && !has(types, "String") {
		return nil, wrong(at, "must be an uploaded file")
	}
	return s, nil
}

// mayAttach tells whether a field may name an uploaded file: inside objects such
// fields are of type String and only their names tell.
func mayAttach(at *place, types []typeRef) bool {
	if at.up == nil {
		return has(types, "InputFile")
	}
	switch at.name {
	case "media", "thumbnail", "cover", "photo", "video", "animation", "sticker":
		return true
	}
	return false
}

// value checks a JSON value against the types it may have. A null counts as
// absent, as it does for Telegram.
func (c *checker) value(at *place, types []typeRef, v any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, wrong(at, "nests too deep")
	}
	switch v := v.(type) {
	case nil:
		return nil, nil
	case bool:
		if has(types, "Boolean") {
			return v, nil
		}
	case string:
		if has(types, "String") {
			return c.file(at, types, v)
		}
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil && has(types, "Integer") {
			return n, nil
		}
		if x, err := v.Float64(); err == nil && has(types, "Float") {
			return x, nil
		}
	case []any:
		return c.array(at, types, v, depth)
	case map[string]any:
		return c.alternativesOf(at, types, v, depth)
	}
	if union := c.onlyUnion(types); union != nil {
		return c.value(at, union.union, v, depth+1)
	}
	return nil, wrong(at, "must be %s, is %s", alternatives(types), typeName(v))
}

// array checks each element; where several array types are possible, each
// element may be of any of them, as in an album of photos and videos.
func (c *checker) array(at *place, types []typeRef, list []any, depth int) (any, error) {
	if union := c.onlyUnion(types); union != nil {
		types = union.union
	}
	var elements []typeRef
	for _, t := range types {
		if t.depth > 0 {
			elements = append(elements, typeRef{t.depth - 1, t.base})
		}
	}
	if elements == nil {
		return nil, wrong(at, "must be %s, is an array", alternatives(types))
	}
	out := make([]any, len(list))
	for i, v := range list {
		here := &place{up: at, index: i}
		checked, err := c.value(here, elements, v, depth+1)
		if err != nil {
			return nil, err
		}
		if checked == nil {
			return nil, wrong(here, "must be %s, is null", alternatives(elements))
		}
		out[i] = checked
	}
	return out, nil
}

// alternativesOf checks an object against each type it may have. Where none
// fits, the refusal is that of the type which shares the most fields with it.
func (c *checker) alternativesOf(at *place, types []typeRef, v map[string]any, depth int) (any, error) {
	var best error
	score := -1
	for _, t := range types {
		o := c.object(t.base)
		if t.depth > 0 || o == nil {
			continue
		}
		checked, err := c.objectOf(at, o, v, depth)
		if err == nil {
			return checked, nil
		}
		shared := 0
		for name := range v {
			if _, ok := o.fields[name]; ok {
				shared++
			}
		}
		if o.union != nil || shared > score {
			best, score = err, shared
		}
	}
	if best == nil {
		best = wrong(at, "must be %s, is an object", alternatives(types))
	}
	return nil, best
}

func (c *checker) objectOf(at *place, o *object, v map[string]any, depth int) (any, error) {
	if o.union != nil {
		return c.union(at, o, v, depth)
	}
	out := make(map[string]any, len(v))
	for name, value := range v {
		here := &place{up: at, name: name}
		f, known := o.fields[name]
		if !known {
			return nil, wrong(here, "%s has no such field", o.name)
		}
		checked, err := c.value(here, f.types, value, depth+1)
		if err != nil {
			return nil, err
		}
		if checked != nil {
			out[name] = checked
		}
	}
	for _, name := range o.required {
		if _, ok := out[name]; !ok {
			return nil, wrong(&place{up: at, name: name}, "%s requires the field", o.name)
		}
	}
	return out, nil
}

// union picks the member by its tag where the union has tags, else tries all.
func (c *checker) union(at *place, o *object, v map[string]any, depth int) (any, error) {
	tag, _ := tagOf(o.name, o.union[0].base)
	if tag == "" {
		return c.alternativesOf(at, o.union, v, depth+1)
	}
	for _, t := range o.union {
		if _, value := tagOf(o.name, t.base); value == text(v, tag) {
			return c.objectOf(at, c.object(t.base), v, depth+1)
		}
	}
	return nil, wrong(&place{up: at, name: tag}, "%q marks no %s", clip(text(v, tag)), o.name)
}

// onlyUnion is the union that types consist of, if that is all they are.
func (c *checker) onlyUnion(types []typeRef) *object {
	if len(types) != 1 || types[0].depth > 0 {
		return nil
	}
	if o := c.object(types[0].base); o != nil && o.union != nil {
		return o
	}
	return nil
}

// structured tells whether a value may be an array or an object.
func (c *checker) structured(types []typeRef) bool {
	return slices.ContainsFunc(types, func(t typeRef) bool { return t.depth > 0 || c.object(t.base) != nil })
}

// decodeJSON reads exactly one JSON value and keeps numbers as they are written.
func decodeJSON(r io.Reader) (any, error) {
	d := json.NewDecoder(r)
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something stands after the value")
	}
	return v, nil
}

// checkType holds a JSON value against a type by name. The emulator's own tests
// use it on the updates they send.
func (sc *schema) checkType(name string, data []byte) error {
	v, err := decodeJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	c := checker{schema: sc, used: map[string]bool{}}
	_, err = c.value(&place{name: name}, []typeRef{parseTypeRef(name)}, v, 0)
	return err
}

func alternatives(types []typeRef) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.String()
	}
	return strings.Join(names, " or ")
}

func typeName(v any) string {
	switch v.(type) {
	case bool:
		return "Boolean"
	case string:
		return "String"
	}
	return "a number"
}

// clip keeps refusals short whatever a caller sends.
func clip(s string) string {
	const most = 40
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most]) + "…"
}
