package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"saqbol/storage"
)

// claim is how this process asks for the instance's lease. alone says that it has
// the lock beside the database file.
func claim(log *slog.Logger, alone bool) storage.Claim {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return storage.Claim{
		Holder: fmt.Sprintf("%s, process %d", host, os.Getpid()), Machine: machine(), Alone: alone,
		Waiting: func(holder string) {
			log.Warn("another SaqBol serves people with this database: waiting until it stops, or has given no sign of life for 20 s", "holder", holder)
		},
	}
}

// machine names the running kernel, "" where it can't be told: two processes that
// both have the lock beside one database file in turn, under one kernel, can't
// both be alive.
func machine() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// guard ends the program once another instance has taken over.
func (a *app) guard(ctx context.Context) error {
	select {
	case <-a.store.Lost():
		return storage.ErrFenced
	case <-ctx.Done():
		return nil
	}
}
