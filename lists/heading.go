package lists

import (
	"bytes"
	"errors"
	"slices"
	"unicode/utf8"
)

// What makes a whole file unusable.
var (
	ErrEncoding  = errors.New("it is not in UTF-8 (Windows-1251, perhaps): save the list anew as «CSV UTF-8», or with `iconv -f WINDOWS-1251 -t UTF-8`")
	ErrUTF16     = errors.New("it is in UTF-16: save it anew as «CSV UTF-8», or with `iconv -f UTF-16 -t UTF-8`")
	ErrWorkbook  = errors.New("this is an Excel workbook (or another packed file), not CSV: open it in Excel and save it as «CSV UTF-8»")
	ErrSeparator = errors.New("sep= names a separator that is not read: save the list anew with commas, semicolons or tabs")
	ErrHeading   = errors.New("it must name the columns, and one of them value (the others are kind, scenario, reporters, last): write `value` above a list that has none")
	ErrTwice     = errors.New("it names a column twice")
	ErrColumns   = errors.New("it names more than 64 columns")
)

// otherwise says what is wrong with a file that begins with these bytes, which no
// list in UTF-8 does.
func otherwise(start []byte) error {
	switch {
	case bytes.HasPrefix(start, []byte("PK\x03\x04")), bytes.HasPrefix(start, []byte("\xd0\xcf\x11\xe0")): // .xlsx, .xls
		return ErrWorkbook
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")): // its byte order marks
		return ErrUTF16
	}
	return nil
}

// separators are what may stand between fields.
const separators = ",;\t"

const maxColumns = 64

// columns is where each column that is read stands, -1 where it is missing.
type columns struct {
	sep                                    byte
	count                                  int
	kind, value, scenario, reporters, last int
	unused                                 []string
}

// readHeading reads the line that names the columns.
func readHeading(line []byte) (c columns, err error) {
	if !utf8.Valid(line) {
		return c, ErrEncoding
	}
	line = bytes.TrimPrefix(line, []byte("\ufeff"))
	c = columns{sep: separators[0], kind: -1, value: -1, scenario: -1, reporters: -1, last: -1}
	for _, sep := range []byte(separators[1:]) {
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
