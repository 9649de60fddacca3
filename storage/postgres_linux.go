package storage

import (
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// unansweredFor is how long what we have sent may stay unanswered by the server's
// machine. Without it a cable that is pulled is noticed after a quarter of an hour.
const unansweredFor = 15 * time.Second

// unanswered sets that on a connection; a socket on this machine has no need of it.
func unanswered(network, _ string, conn syscall.RawConn) error {
	if network == "unix" {
		return nil
	}
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(unansweredFor.Milliseconds()))
	})
	return errors.Join(err, failed)
}
