package bot_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// poison makes one update that something is wrong with, or that is from the future.
func (c *chemist) poison() sample {
	makers := []func() sample{c.wrongType, c.wrongType, c.wrongType, c.unknownShape, c.unknownShape, c.unknownKind, c.hugeNumber, c.brokenText,
		c.twice, c.wrongID, c.truncated, c.trailing, c.noObject, c.secret}
	if c.r.IntN(40) == 0 {
		return c.deep()
	}
	return makers[c.r.IntN(len(makers))]()
}

// wrongType has a value of another type somewhere.
func (c *chemist) wrongType() sample {
	return c.bend("wrong type", func(any) bool { return true }, func(old any) any {
		for {
			value := pick[any](c.r, canary, 17, -0.5, true, nil, fields{}, []any{}, []any{nil}, fields{"id": canary}, fields{canary: nil})
			if fmt.Sprintf("%T", value) != fmt.Sprintf("%T", old) {
				return value
			}
		}
	})
}

// unknownShape has a shape that this version does not know.
func (c *chemist) unknownShape() sample {
	if c.r.IntN(2) == 0 {
		m := c.message()
		m["text"], m["forward_origin"] = canary, fields{"type": "telepathy", "date": 1, "medium": canary, "at": c.r.IntN(1e6)}
		return update("unknown origin", fields{"message": m})
	}
	return c.bend("unknown shape", func(v any) bool {
		o, ok := v.(fields)
		if !ok {
			return false
		}
		_, kind := o["type"].(string)
		_, status := o["status"].(string)
		return kind || status
	}, func(old any) any {
		o := old.(fields)
		for _, tag := range []string{"type", "status"} {
			if _, ok := o[tag]; ok {
				o[tag] = fmt.Sprint("telepathy_", c.r.IntN(1e6))
			}
		}
		return o
	})
}

// unknownKind is a kind of update from the future.
func (c *chemist) unknownKind() sample {
	return update("unknown kind", fields{fmt.Sprint("kind_", c.r.IntN(1e6)): pick[any](c.r, fields{"from": c.user(), "text": canary}, c.message(), []any{}, canary, nil, 5)})
}

// hugeNumber has a number that fits into nothing.
func (c *chemist) hugeNumber() sample {
	return c.bend("huge number", func(v any) bool { _, ok := v.(int); return ok }, func(any) any {
		return literal(pick(c.r, "1e400", "-1e400", "1e30", "-9223372036854775809", "18446744073709551616", "0.1e-400", strings.Repeat("9", 5000),
			fmt.Sprint(c.r.Uint64(), "0000")))
	})
}

// brokenText has a text that is no text.
func (c *chemist) brokenText() sample {
	n := c.r.IntN(1e6)
	return c.bend("broken text", func(v any) bool { _, ok := v.(string); return ok }, func(any) any {
		return literal(pick(c.r, fmt.Sprintf("\"\xff\xfe %d\"", n), fmt.Sprintf(`"\ud83d %d"`, n), fmt.Sprintf(`"\udead\ud83d %d"`, n),
			fmt.Sprintf(`"\u0000%d"`, n), fmt.Sprintf("\"\xed\xa0\x80%d\"", n), fmt.Sprintf("\"\xe2\x80\xae%d\"", n), fmt.Sprintf("\"\xf0\x9f %d\"", n)))
	})
}

// twice has a field two times, of two types.
func (c *chemist) twice() sample {
	s := c.bend("twice", func(any) bool { return true }, func(old any) any { return old })
	s.kind = "twice"
	s.raw = strings.TrimSuffix(s.raw, "}") + pick(c.r, `,"message":5`, `,"message":null`, fmt.Sprintf(`,"update_id":%q`, canary), `,"callback_query":{"id":1}`, `,"x":1,"x":[]`) +
		fmt.Sprintf(`,"n":%d}`, c.r.IntN(1e6))
	return s
}

// wrongID has no number, or one that is none.
func (c *chemist) wrongID() sample {
	s := update("wrong id", fields{"message": c.message(), "n": c.r.IntN(1e6)})
	with := pick(c.r, `"`+quotedID+`"`, "null", "-5", "0", "1.5", "true", "[]", "{}", `"`+canary+`"`, "99999999999999999999", "9007199254740993e3", "")
	if with == "" {
		s.raw = strings.Replace(s.raw, `"update_id":`+idHere+",", "", 1)
	} else {
		s.raw = strings.Replace(s.raw, idHere, with, 1)
	}
	return s
}

// truncated breaks off.
func (c *chemist) truncated() sample {
	s := c.bend("truncated", func(any) bool { return true }, func(old any) any { return old })
	s.raw, s.whole = s.raw[:len(`{"update_id":`+idHere)+c.r.IntN(len(s.raw)-len(`{"update_id":`+idHere))], false
	s.kind = "truncated"
	return s
}

// trailing has something behind it.
func (c *chemist) trailing() sample {
	s := update("trailing", fields{"message": c.message(), "n": c.r.IntN(1e6)})
	s.raw, s.whole = s.raw+pick(c.r, "}", "]", "{}", "null", "\x00", ","+canary, "\xff"), false
	return s
}

// noObject is no object at all.
func (c *chemist) noObject() sample {
	n := c.r.IntN(1e9)
	raw := pick(c.r, "null", "true", "[]", "{}", `""`, "0", fmt.Sprint(n), fmt.Sprintf("[%d]", n), fmt.Sprintf("[null,{},%d]", n), fmt.Sprintf("%q", fmt.Sprint(canary, n)),
		fmt.Sprintf(`{"message":%d}`, n), fmt.Sprintf(`{"":{"":%d}}`, n), fmt.Sprintf("-%d.5e5", n))
	if c.r.IntN(8) == 0 {
		return sample{kind: "nothing", raw: pick(c.r, "", " ", "\n\n", "\xef\xbb\xbf{}", "\x00", "@", "<html>"+fmt.Sprint(n))}
	}
	return sample{kind: "no object", raw: raw, whole: true}
}

// secret can't be decoded and holds a card's number or a code.
func (c *chemist) secret() sample {
	m := c.message()
	m["text"], m["forward_origin"] = fmt.Sprintf("%s карта %s, код из SMS 4821 %d", canary, pan, c.r.IntN(1e6)), fields{"type": "telepathy"}
	return update("secret", fields{"message": m})
}

// deep is nested deeper than anybody needs.
func (c *chemist) deep() sample {
	n := pick(c.r, 200, 2000, 9_000, 11_000, 20_000) + c.r.IntN(99)
	open, end := pick(c.r, "[", `{"a":`), "]"
	inner := ""
	if open != "[" {
		end, inner = "}", "1"
	}
	deep := literal(strings.Repeat(open, n) + inner + strings.Repeat(end, n))
	m := c.message()
	m["text"] = canary
	m[pick(c.r, "zz", "reply_markup", "entities")] = deep
	return update("deep", pick(c.r, fields{"zz": deep}, fields{"message": m}))
}
