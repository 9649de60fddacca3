package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// instances lets two programs meet: on one database file of one machine, of two
// machines, and with one token on two databases.
func instances() scenario {
	return scenario{
		name:   "instances",
		target: "a second poller or writer is refused or waits, loudly; a paused one is fenced; never split",
		run:    runInstances,
	}
}

func runInstances(ctx context.Context, r *rig) (string, error) {
	k := &meeting{rig: r, refusals: r.size(50, 5), takeovers: r.size(6, 1), intrusions: r.size(5, 1)}
	var wg sync.WaitGroup
	errs := make([]error, 3)
	for i, part := range []func(context.Context) error{k.oneMachine, k.twoMachines, k.twoDatabases} {
		wg.Go(func() { errs[i] = part(ctx) })
	}
	wg.Wait()
	measured := fmt.Sprintf("%d refused; %d takeovers of a paused or killed instance%s, longest %s; %d intrusions of a second poller; %d reports promised, %d lost, %d doubled",
		k.refused.Load(), k.taken.Load(), k.note, time.Duration(k.longest.Load()).Round(time.Second), k.intruded.Load(),
		k.promised.Load(), k.lost.Load(), k.doubled.Load())
	return measured, errors.Join(errs...)
}

type meeting struct {
	rig                             *rig
	refusals, takeovers, intrusions int
	note                            string // of how the machines were told apart

	refused, taken, longest, intruded, promised, lost, doubled atomic.Int64
}

func (k *meeting) add(l *ledger, t tally) {
	k.promised.Add(int64(l.promised()))
	k.lost.Add(int64(t.lost))
	k.doubled.Add(int64(t.doubled))
}

// oneMachine starts a second program on the file of one that serves people.
func (k *meeting) oneMachine(ctx context.Context) error {
	s, err := k.rig.newSite(ctx, "instances")
	if err != nil {
		return err
	}
	defer s.close()
	l := &ledger{}
	c := newCrowd(s, l, &numbers{})
	c.come(ctx, 10)
	first, err := s.start(ctx, polling)
	if err != nil {
		return errors.Join(err, s.abandon(c))
	}
	if err := first.says(ctx, "updates come"); err != nil {
		return errors.Join(err, s.abandon(c))
	}
	for range k.refusals {
		if err := k.refuse(ctx, s); err != nil {
			return errors.Join(err, s.abandon(c), first.kill())
		}
	}
	t, err := s.finish(ctx, c, l, first)
	k.add(l, t)
	return errors.Join(err, s.post.verdict())
}

// refuse starts a program that must end at once with status 1 and say why.
func (k *meeting) refuse(ctx context.Context, s *site) error {
	second, err := launch(s.folder, s.log("second"), append(s.environment(polling), "HTTP_LISTEN=127.0.0.1:0"), s.binary, "run")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	select {
	case <-second.done:
	case <-ctx.Done():
		return errors.Join(errors.New("a second program on one database runs on"), second.kill())
	}
	if code := second.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(second.output(), "another SaqBol runs on this database") {
		return fmt.Errorf("a second program on one database ends with %d:\n%s", code, second.output())
	}
	k.refused.Add(1)
	return nil
}

// finish lets everybody finish, stops the program and compares.
func (s *site) finish(ctx context.Context, c *crowd, l *ledger, p *process) (tally, error) {
	if err := c.leave(); err != nil {
		return tally{}, errors.Join(err, fmt.Errorf("the program said:\n%s", p.output()), p.kill())
	}
	if _, err := p.stop(); err != nil {
		return tally{}, err
	}
	return s.compare(ctx, l)
}

// says waits until the program has written a line that holds words.
func (p *process) says(ctx context.Context, words string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for !strings.Contains(p.output(), words) {
		if ctx.Err() != nil || p.exited() {
			return fmt.Errorf("the program does not say %q:\n%s", words, p.output())
		}
		pause(ctx, 5*time.Millisecond)
	}
	return nil
}

// twoMachines has two programs serve one database file in turn, each on a machine
// of its own: the second waits while the first lives, takes over when the first
// is paused or killed, and the first, when it goes on, finds itself fenced.
func (k *meeting) twoMachines(ctx context.Context) error {
	s, err := k.rig.newSite(ctx, "machines")
	if err != nil {
		return err
	}
	defer s.close()
	l := &ledger{}
	c := newCrowd(s, l, &numbers{})
	c.come(ctx, 10)
	serving, err := s.startOn(ctx, 0)
	for i := range k.takeovers {
		if err != nil {
			break
		}
		if err = serving.says(ctx, "updates come"); err == nil {
			serving, err = k.takeOver(ctx, s, serving, i)
		}
		if err == nil && c.broken() {
			err = errors.New("a conversation stands still")
		}
	}
	if err != nil {
		return errors.Join(err, s.abandon(c))
	}
	t, err := s.finish(ctx, c, l, serving)
	k.add(l, t)
	return errors.Join(err, s.post.verdict())
}

// takeOver starts the next instance, and takes the one that serves out of play:
// every other time by pausing it, as a virtual machine is, else by killing it.
func (k *meeting) takeOver(ctx context.Context, s *site, serving *process, i int) (*process, error) {
	next, err := s.startOn(ctx, i+1)
	if err != nil {
		return nil, errors.Join(err, serving.kill())
	}
	if err := next.says(ctx, "another SaqBol serves people with this database"); err != nil {
		return nil, errors.Join(err, serving.kill(), next.kill())
	}
	pausing := i%2 == 0
	if pausing {
		err = serving.pauseBetweenWrites(ctx, databaseOf(s.folder)+"-shm")
	} else {
		err = serving.kill()
	}
	began := time.Now()
	pause(ctx, settled) // calls that were on their way arrive
	s.lives()           // what the one before has sent, the next may send again
	if err == nil {
		err = next.says(ctx, "updates come")
	}
	k.longest.Store(max(k.longest.Load(), int64(time.Since(began))))
	if err == nil && pausing {
		s.lives()
		err = serving.fenced(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, next.kill())
	}
	k.taken.Add(1)
	return next, nil
}

// pauseBetweenWrites stops the program where it is, but not in a transaction: there
// it would keep SQLite's own lock, and nobody could write until it goes on or
// dies. The lock is a byte of the file that the write-ahead log's index is in.
func (p *process) pauseBetweenWrites(ctx context.Context, shared string) error {
	const writeLock = 120
	index, err := os.OpenFile(shared, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("looking for the writer's lock: %w", err)
	}
	defer func() { _ = index.Close() }() // nothing was written
	for ctx.Err() == nil {
		if err := syscall.Kill(p.pid, syscall.SIGSTOP); err != nil {
			return fmt.Errorf("pausing an instance: %w", err)
		}
		for !p.atRest() && ctx.Err() == nil {
			pause(ctx, time.Millisecond)
		}
		lock := unix.Flock_t{Type: unix.F_WRLCK, Start: writeLock, Len: 1}
		if err := unix.FcntlFlock(index.Fd(), unix.F_GETLK, &lock); err != nil {
			return fmt.Errorf("looking for the writer's lock: %w", err)
		}
		if lock.Type == unix.F_UNLCK {
			return nil
		}
		if err := syscall.Kill(p.pid, syscall.SIGCONT); err != nil {
			return fmt.Errorf("letting a paused instance go on: %w", err)
		}
		pause(ctx, 3*time.Millisecond)
	}
	return ctx.Err()
}

// atRest reports whether every thread of the program has stopped; one in the
// middle of a call goes on until that returns.
func (p *process) atRest() bool {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.pid))
	for _, task := range tasks {
		stat, err := os.ReadFile(task)
		_, state, _ := strings.Cut(string(stat), ") ")
		if err == nil && !strings.HasPrefix(state, "T") {
			return false
		}
	}
	return err == nil
}

// fenced lets a paused program go on, which must see that it has been replaced,
// say so and end.
func (p *process) fenced(ctx context.Context) error {
	if err := syscall.Kill(p.pid, syscall.SIGCONT); err != nil {
		return fmt.Errorf("letting a paused instance go on: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*stopLimit)
	defer cancel()
	select {
	case <-p.done:
	case <-ctx.Done():
		return errors.Join(errors.New("an instance that was replaced while it was paused goes on"), p.kill())
	}
	if p.cmd.ProcessState.ExitCode() != 1 {
		return fmt.Errorf("an instance that was replaced ends with %s:\n%s", p.cmd.ProcessState, p.output())
	}
	return nil
}

// lives counts another life: from here on an answer may come a second time.
func (s *site) lives() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.starts++
}

// startOn starts the program as on a machine of its own: in a mount namespace with
// another boot id, and with another file in the place of the lock beside the
// database, which flock would share only on one machine.
func (s *site) startOn(ctx context.Context, machine int) (*process, error) {
	listen, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	boot := filepath.Join(s.rig.folder, fmt.Sprintf("%s.boot-%d", s.name, machine))
	lock := filepath.Join(s.rig.folder, fmt.Sprintf("%s.lock-%d", s.name, machine))
	beside := databaseOf(s.folder) + ".lock"
	err = errors.Join(os.MkdirAll(filepath.Dir(beside), 0o700),
		os.WriteFile(boot, fmt.Appendf(nil, "00000000-0000-4000-8000-%012d\n", machine), 0o600), os.WriteFile(lock, nil, 0o600))
	if err == nil {
		_, err = os.Stat(beside)
		if errors.Is(err, os.ErrNotExist) {
			err = os.WriteFile(beside, nil, 0o600)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("making a machine: %w", err)
	}
	s.lives()
	args := []string{"--mount"}
	if os.Geteuid() != 0 {
		args = append(args, "--map-root-user")
	}
	script := `mount --bind "$1" /proc/sys/kernel/random/boot_id && mount --bind "$2" "$3" && shift 3 && exec "$@"`
	args = append(args, "sh", "-c", script, "sh", boot, lock, beside, s.binary, "run")
	return launch(s.folder, s.log(fmt.Sprint("machine-", machine)), append(s.environment(polling), "HTTP_LISTEN="+listen), "unshare", args...)
}
