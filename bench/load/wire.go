package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// message is the head and the body of one HTTP/1.1 request or response, read
// with as little work as can be: what measures must cost less than what is measured.
type message struct {
	first []byte // the request or the status line
	body  []byte
	last  bool // the other side closes the connection
}

// read reads the next message. Its parts are good until the next call.
func (m *message) read(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	m.first = append(m.first[:0], bytes.TrimRight(line, "\r\n")...)
	length, chunked := 0, false
	m.last = false
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return fmt.Errorf("reading Content-Length: %w", err)
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = bytes.EqualFold(value, []byte("chunked"))
		case bytes.EqualFold(name, []byte("Connection")):
			m.last = bytes.EqualFold(value, []byte("close"))
		}
	}
	m.body = m.body[:0]
	if chunked {
		return m.chunks(r)
	}
	return m.more(r, length)
}

// more reads n more bytes of the body.
func (m *message) more(r *bufio.Reader, n int) error {
	if n < 0 || n > 1<<20 {
		return errors.New("a body of an odd length")
	}
	at := len(m.body)
	m.body = append(m.body, make([]byte, n)...)
	_, err := io.ReadFull(r, m.body[at:])
	return err
}

func (m *message) chunks(r *bufio.Reader) error {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, _, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(";"))
		n, err := strconv.ParseUint(string(size), 16, 20)
		if err != nil {
			return fmt.Errorf("reading the length of a chunk: %w", err)
		}
		if err := m.more(r, int(n)); err != nil {
			return err
		}
		if _, err := r.ReadSlice('\n'); err != nil || n == 0 {
			return err
		}
	}
}

// asked finds in an answer's body which number it is about: the first +7 and ten
// digits, however they are set apart and encoded. It is -1 where there is none.
func asked(body []byte) int {
	at := bytes.Index(body, []byte("+7"))
	if skip := 2; at < 0 {
		if at = bytes.Index(body, []byte("%2B7")); at < 0 {
			return -1
		}
		at += skip
	}
	number, digits := 0, 0
	for rest := body[at+2:]; len(rest) > 0 && digits < 10; {
		switch {
		case rest[0] >= '0' && rest[0] <= '9':
			number, digits, rest = number*10+int(rest[0]-'0'), digits+1, rest[1:]
		case bytes.HasPrefix(rest, []byte(`\u00a0`)):
			rest = rest[6:]
		default:
			rest = rest[1:]
		}
	}
	if digits < 10 {
		return -1
	}
	return number
}
