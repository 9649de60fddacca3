package storage_test

import (
	"bytes"
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"saqbol/fraud"
	"saqbol/storage/storagetest"
)

// cable is a way to the server that can be cut in the middle of a commit.
type cable struct {
	socket string
	listen net.Listener
	cut    atomic.Int32 // what becomes of the next commit: a cutting
	cuts   atomic.Int32 // how many were cut
	then   func()       // called when an answer is kept back; nil = nothing
	live   sync.WaitGroup
}

const (
	intact = iota
	before // it does not reach the server
	behind // its answer does not come back
)

// newCable lays one to a database and returns the DATABASE_URL at this end.
func newCable(t *testing.T, to string) (*cable, string) {
	t.Helper()
	at, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{socket: filepath.Join(at.Query().Get("host"), ".s.PGSQL.5432")}
	if c.listen, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	c.live.Go(func() {
		for {
			conn, err := c.listen.Accept()
			if err != nil {
				return
			}
			c.live.Go(func() { c.serve(conn) })
		}
	})
	return c, "postgres://" + at.Query().Get("user") + ":canary-password@" + c.listen.Addr().String() + at.Path + "?sslmode=disable"
}

func (c *cable) close(t *testing.T) {
	if err := c.listen.Close(); err != nil {
		t.Error(err)
	}
	c.live.Wait()
}

func (c *cable) serve(here net.Conn) {
	defer func() { _ = here.Close() }()
	there, err := net.Dial("unix", c.socket)
	if err != nil {
		return
	}
	defer func() { _ = there.Close() }()
	var silent atomic.Bool
	c.live.Go(func() { // from the server
		buffer := make([]byte, 64<<10)
		for {
			n, err := there.Read(buffer)
			if silent.Load() || err != nil {
				_ = here.Close()
				_ = there.Close()
				return
			}
			if _, err := here.Write(buffer[:n]); err != nil {
				_ = there.Close()
				return
			}
		}
	})
	buffer := make([]byte, 64<<10)
	for {
		n, err := here.Read(buffer)
		if err != nil {
			return
		}
		if bytes.Contains(buffer[:n], []byte("commit\x00")) {
			switch c.cut.Swap(intact) {
			case before:
				c.cuts.Add(1)
				return
			case behind:
				c.cuts.Add(1)
				silent.Store(true)
				if c.then != nil {
					c.then()
				}
			}
		}
		if _, err := there.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// A commit whose answer is lost was stored or was not: either way the report is
// there once, and its person gets their answer.
func TestACommitWithoutAnAnswer(t *testing.T) {
	way, at := newCable(t, server.Database(t))
	defer way.close(t)
	store := openServer(t, at, newKeys(t))
	defer shut(t, store)
	filing := func(n int) fraud.Change {
		return fraud.Change{Update: int64(n), Person: 1, Now: storagetest.Now(), QuotaDay: 20_779,
			File: storagetest.Report(storagetest.Code(n), storagetest.Phone(n)), Outgoing: []fraud.Outgoing{{Chat: 1, Payload: []byte("stored")}}}
	}
	for n, cut := range []int32{intact, before, behind, before, behind} {
		way.cut.Store(cut)
		ids, err := store.Commit(t.Context(), filing(n+1))
		if err != nil || len(ids) != 1 {
			t.Fatalf("commit %d, cut %d: %v, %v", n, cut, ids, err)
		}
		waiting, err := store.UnsentOf(t.Context(), 1, 0, 1<<62)
		if err != nil || len(waiting) != n+1 || waiting[n].ID != ids[0] {
			t.Errorf("commit %d, cut %d: %v waits, %v; want the answer %v", n, cut, waiting, err, ids)
		}
		if _, err := store.Commit(t.Context(), filing(n+1)); !errors.Is(err, fraud.ErrSeen) {
			t.Errorf("a second delivery of it: %v", err)
		}
	}
	way.cut.Store(behind)
	if err := store.AddUsage(t.Context(), 20_779, map[int64]fraud.Usage{0: {Checks: 7}}); err != nil { // it has no mark of its own
		t.Error(err)
	}
	if used, err := store.UsageOf(t.Context(), 0, 20_779); err != nil || used.Checks != 7 {
		t.Errorf("everybody's count: %+v, %v; want 7", used, err)
	}
	if reports, err := store.ReportsOf(t.Context(), 1); err != nil || len(reports) != 5 {
		t.Errorf("%d reports, %v", len(reports), err)
	}
	if got := way.cuts.Load(); got != 5 {
		t.Errorf("%d commits were cut: the test looks for another word", got)
	}
	if err := store.Examine(t.Context(), 1); err != nil {
		t.Error(err)
	}
}
