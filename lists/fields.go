package lists

import "bytes"

// split splits a line at its separators, as RFC 4180 has it for one line: a field
// may stand in quotes, and a quote within one is written twice. The fields are
// appended to into, of line's bytes or copies.
func split(line []byte, sep byte, into [][]byte) ([][]byte, Reason) {
	for {
		var field []byte
		if rest, quoted := bytes.CutPrefix(bytes.TrimLeft(line, " "), []byte{'"'}); quoted {
			var ok bool
			if field, line, ok = unquoted(rest); !ok {
				return into, ReasonQuote
			}
			line = bytes.TrimLeft(line, " ")
			if len(line) > 0 && line[0] != sep {
				return into, ReasonQuote
			}
		} else {
			at := bytes.IndexByte(line, sep)
			if at < 0 {
				at = len(line)
			}
			field, line = line[:at], line[at:]
		}
		into = append(into, bytes.TrimSpace(field))
		if len(line) == 0 {
			return into, 0
		}
		line = line[1:]
	}
}

// unquoted reads a field behind its opening quote, and returns what stands behind
// the closing one.
func unquoted(line []byte) (field, rest []byte, ok bool) {
	for {
		at := bytes.IndexByte(line, '"')
		switch {
		case at < 0:
			return nil, nil, false
		case at+1 == len(line) || line[at+1] != '"':
			if field == nil {
				return line[:at], line[at+1:], true
			}
			return append(field, line[:at]...), line[at+1:], true
		}
		field = append(field, line[:at+1]...)
		line = line[at+2:]
	}
}
