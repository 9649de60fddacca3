package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"time"
)

// deliverer delivers updates to a webhook over connections of its own, each the
// next as soon as the last is taken.
type deliverer struct {
	address, head string // head of the request up to Content-Length's value
	tally         *tally
	updates       [][]byte
	next          atomic.Int64
}

// run delivers everything over so many connections.
func (d *deliverer) run(connections int) error {
	errs := make(chan error, connections)
	for range connections {
		go func() { errs <- d.connection() }()
	}
	var failed error
	for range connections {
		failed = errors.Join(failed, <-errs)
	}
	return failed
}

func (d *deliverer) connection() error {
	l := line{address: d.address}
	if err := l.dial(); err != nil {
		return err
	}
	defer func() { _ = l.conn.Close() }()
	var out []byte
	for i := int(d.next.Add(1)) - 1; i < len(d.updates); i = int(d.next.Add(1)) - 1 {
		out = append(out[:0], d.head...)
		out = strconv.AppendInt(out, int64(len(d.updates[i])), 10)
		out = append(append(out, "\r\n\r\n"...), d.updates[i]...)
		for {
			taken, err := l.deliver(out)
			if err != nil {
				return err
			}
			if taken {
				break
			}
			d.tally.refuse()
			time.Sleep(time.Millisecond)
		}
		if len(l.got.body) > 0 && l.got.body[0] == '{' {
			d.tally.answer(l.got.body)
		}
		d.tally.ack()
	}
	return nil
}

// line is one connection to a webhook.
type line struct {
	address string
	conn    net.Conn
	r       *bufio.Reader
	got     message // the last response
}

func (l *line) dial() (err error) {
	if l.conn, err = new(net.Dialer).DialContext(context.Background(), "tcp", l.address); err != nil {
		return fmt.Errorf("reaching the webhook: %w", err)
	}
	l.r = bufio.NewReaderSize(l.conn, 8<<10)
	return nil
}

// deliver writes a request and reads whether it was taken. Where the connection
// breaks there is a new one, and the update comes again.
func (l *line) deliver(request []byte) (taken bool, err error) {
	_, err = l.conn.Write(request)
	if err == nil {
		err = l.got.read(l.r)
	}
	if err == nil && !l.got.last {
		return bytes.Contains(l.got.first, []byte(" 200")), nil
	}
	taken = err == nil && bytes.Contains(l.got.first, []byte(" 200"))
	_ = l.conn.Close()
	return taken, l.dial()
}
