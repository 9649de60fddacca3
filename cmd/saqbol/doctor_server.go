package main

import (
	"context"
	"time"

	"saqbol/storage"
)

// oldestServer is the version of PostgreSQL from which on SaqBol is tested.
const oldestServer = 140000

// clocksApart is by how much the server's clock may differ from ours: more shows
// that one of them is wrong.
const clocksApart = 5 * time.Second

// server looks at how a PostgreSQL server is set up. A file has none.
func (d *doctor) server(ctx context.Context, store *storage.Store) {
	server, err := store.Server(ctx)
	if err != nil {
		d.report("server", "", err)
	}
	if server == nil {
		return
	}
	well := true
	say := func(g grade, format string, args ...any) {
		well = false
		d.add("server", g, format, args...)
	}
	if server.Version < oldestServer {
		say(gradeFail, "it is PostgreSQL %d, %d or later is needed: bring it up to date", server.Version/10000, oldestServer/10000)
	}
	if server.Fsync == "off" {
		say(gradeFail, "fsync is off: reports that people were told are stored are lost when the machine crashes; set fsync = on")
	}
	if server.Synchronous == "off" {
		say(gradeFail, "synchronous_commit is off: reports that people were told are stored are lost when the server crashes; set synchronous_commit = on")
	}
	if server.Checksums == "off" {
		say(gradeWarn, "data_checksums is off: a row that its disk changes may read as no reports; stop the server and run pg_checksums --enable")
	}
	if !server.Encrypted && !server.Local {
		say(gradeFail, "the connection to it is not encrypted: the password and when whom is asked about cross the network in the clear; add sslmode=verify-full to DATABASE_URL")
	}
	if server.Ahead.Abs() > clocksApart {
		say(gradeWarn, "its clock and this machine's are %s apart: have both set by NTP", server.Ahead.Abs().Round(time.Second))
	}
	if well {
		d.add("server", gradeOK, "PostgreSQL %d.%d: waits for the disk, checks its pages, the clocks agree", server.Version/10000, server.Version%10000)
	}
}
