package locales

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// renderer writes messages in one language, for one kind of place.
type renderer struct {
	texts  texts
	zone   *time.Location
	escape func(string) string
	out    strings.Builder
}

// message never fails in front of a citizen: a message that can't be rendered, for
// want of its text or of an argument, shows its key. The catalogue's tests keep
// that from happening.
func (r *renderer) message(m Msg) {
	if m.Key == "" {
		return
	}
	text, ok := r.texts.of(m)
	if !ok || !text.filledBy(m) {
		r.out.WriteString(r.escape(m.Key))
		return
	}
	for _, p := range text {
		r.out.WriteString(p.literal)
		if p.name != "" {
			value, _ := m.argument(p.name)
			r.argument(value)
		}
	}
}

// filledBy reports whether a message has an argument for each placeholder.
func (text pieces) filledBy(m Msg) bool {
	for _, p := range text {
		if p.name == "" {
			continue
		}
		if _, ok := m.argument(p.name); !ok {
			return false
		}
	}
	return true
}

func (r *renderer) argument(value any) {
	switch v := value.(type) {
	case string:
		r.out.WriteString(r.escape(v))
	case int:
		r.out.WriteString(group(int64(v)))
	case int64:
		r.out.WriteString(group(v))
	case Msg:
		r.message(v)
	case []Msg:
		for i, m := range v {
			if i > 0 {
				r.out.WriteString(", ")
			}
			r.message(m)
		}
	case Money:
		r.out.WriteString(group(int64(v)) + " ₸")
	case Day:
		r.day(time.Time(v))
	default:
		r.out.WriteString(r.escape(fmt.Sprint(v)))
	}
}

func (r *renderer) day(t time.Time) {
	t = t.In(r.zone)
	r.out.WriteString(strconv.Itoa(t.Day()) + " ")
	r.message(M("month." + strconv.Itoa(int(t.Month()))))
	r.out.WriteString(" " + strconv.Itoa(t.Year()))
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
