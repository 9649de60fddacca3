package locales

import "fmt"

// Msg is a sentence not yet rendered: its key in the catalogue, and arguments.
//
// An argument may be a string (escaped), an int or int64 (thousands grouped), a
// Msg (rendered in the same language), a []Msg (rendered, joined by ", "), a Day
// or a Money.
type Msg struct {
	Key   string
	Args  map[string]any
	count int
	many  bool // count chooses the plural form
}

// M makes a message from a key and pairs of argument name and value. Names are
// capitalised, as the catalogue's placeholders are: M("check.seen", "Subject", s).
// It panics on an odd number of pairs or a name that is no string: both are slips
// of the programmer that every test of the message finds.
func M(key string, pairs ...any) Msg {
	m := Msg{Key: key}
	if len(pairs)%2 != 0 {
		panic("locales: M(" + key + "): an argument has no name")
	}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			panic(fmt.Sprintf("locales: M(%s): the name of an argument is a %T", key, pairs[i]))
		}
		if m.Args == nil {
			m.Args = make(map[string]any, len(pairs)/2)
		}
		m.Args[name] = pairs[i+1]
	}
	return m
}

// N chooses the plural form for n; the message shows it as {{.N}}.
func (m Msg) N(n int) Msg {
	m.count, m.many = n, true
	return m
}

// argument is what stands for a placeholder of the message's text.
func (m Msg) argument(name string) (value any, ok bool) {
	if m.many && name == "N" {
		return m.count, true
	}
	value, ok = m.Args[name]
	return value, ok
}

// Zero reports whether there is no message.
func (m Msg) Zero() bool { return m.Key == "" }
