package lists

import (
	"bytes"
	"errors"
	"slices"
	"unicode/utf8"
)

// What makes a whole file unusable.
var (
	ErrEncoding = errors.New("it is not in UTF-8 (Windows-1251, perhaps, or UTF-16): save it anew as «CSV UTF-8», or with `iconv -f WINDOWS-1251 -t UTF-8`")
	ErrHeading  = errors.New("line 1 must name the columns, and one of them value (the others are kind, scenario, reporters, last): write `value` above a list that has none")
	ErrTwice    = errors.New("line 1 names a column twice")
	ErrColumns  = errors.New("line 1 names more than 64 columns")
)

const maxColumns = 64

// columns is where each column that is read stands, -1 where it is missing.
type columns struct {
	sep                                    byte
	count                                  int
	kind, value, scenario, reporters, last int
	unused                                 []string
}

// readHeading reads the first line.
func readHeading(line []byte) (c columns, err error) {
	if bytes.HasPrefix(line, []byte("\xff\xfe")) || bytes.HasPrefix(line, []byte("\xfe\xff")) || !utf8.Valid(line) {
		return c, ErrEncoding
	}
	line = bytes.TrimPrefix(line, []byte("\ufeff"))
	c = columns{sep: ',', kind: -1, value: -1, scenario: -1, reporters: -1, last: -1}
	for _, sep := range []byte{';', '\t'} {
		if bytes.Count(line, []byte{sep}) > bytes.Count(line, []byte{c.sep}) {
			c.sep = sep
		}
	}
	names, reason := split(line, c.sep, nil)
	if reason != 0 {
		return c, ErrHeading
	}
	if c.count = len(names); c.count > maxColumns {
		return c, ErrColumns
	}
	known := map[string]*int{"kind": &c.kind, "value": &c.value, "scenario": &c.scenario, "reporters": &c.reporters, "last": &c.last}
	for i, name := range names {
		at := known[string(bytes.ToLower(name))]
		switch {
		case at != nil && *at >= 0:
			return c, ErrTwice
		case at != nil:
			*at = i
		case len(name) > 0:
			c.unused = append(c.unused, string(name))
		}
	}
	if c.value < 0 {
		return c, ErrHeading
	}
	return c, nil
}

// of returns a field, empty where the line or the file has none.
func (c *columns) of(fields [][]byte, at int) string {
	if at < 0 || at >= len(fields) {
		return ""
	}
	return string(fields[at])
}

// blank reports whether all fields are empty, as in the lines that spreadsheets
// leave at the end.
func blank(fields [][]byte) bool {
	return !slices.ContainsFunc(fields, func(field []byte) bool { return len(field) > 0 })
}
