package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is one life of the program.
type process struct {
	cmd   *exec.Cmd
	pid   int    // of the program; cmd may be its tracer
	log   string // where its output is
	from  int64  // where in log it begins
	began time.Time
	done  chan struct{} // closed when it has ended

	before *disk // of a traced program: what it found
}

// start starts the program. It ends by kill or stop, or by itself, which exited
// tells; ctx does not end it.
func (s *site) start(ctx context.Context, mode string) (*process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.starts++
	s.mu.Unlock()
	return launch(s.folder, s.log(""), s.environment(mode), s.binary, "run")
}

// startTraced starts the program under strace, which writes into the file trace
// what becomes of every file.
func (s *site) startTraced(ctx context.Context, mode, trace string) (*process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.starts++
	s.mu.Unlock()
	before, err := readDisk(s.folder)
	if err != nil {
		return nil, err
	}
	// With --seccomp-bpf only the calls named stop the program.
	p, err := launch(s.folder, s.log(""), s.environment(mode), "strace",
		"-f", "--seccomp-bpf", "-y", "-xx", "-s", "1048576", "-e", "signal=none", "-e", "trace="+tracedCalls, "-o", trace, s.binary, "run")
	if err != nil {
		return nil, fmt.Errorf("%w (install strace)", err)
	}
	p.before = before
	return p, p.traced(ctx, s.binary)
}

// traced finds the program below its tracer.
func (p *process) traced(ctx context.Context, binary string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	tracer := p.cmd.Process.Pid
	for ctx.Err() == nil && !p.exited() {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", tracer, tracer))
		if err != nil {
			continue
		}
		for _, child := range strings.Fields(string(children)) {
			if exe, err := os.Readlink("/proc/" + child + "/exe"); err == nil && exe == binary {
				p.pid, err = strconv.Atoi(child)
				return err
			}
		}
		pause(ctx, time.Millisecond)
	}
	_ = p.cmd.Process.Kill()
	<-p.done
	return fmt.Errorf("tracing the program: strace must be allowed to trace (ptrace):\n%s", p.output())
}

// log is where the output of a program of this site goes.
func (s *site) log(which string) string {
	return filepath.Join(s.rig.folder, strings.TrimSuffix(s.name+"."+which, ".")+".log")
}

// launch runs a command with its output at the end of the file log.
func launch(folder, log string, env []string, name string, args ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the program's log: %w", err)
	}
	defer func() { _ = out.Close() }() // the program has its own descriptor
	info, err := out.Stat()
	if err != nil {
		return nil, fmt.Errorf("opening the program's log: %w", err)
	}
	p := &process{cmd: exec.Command(name, args...), log: log, from: info.Size(), began: time.Now(), done: make(chan struct{})} //nolint:noctx // it must outlive what starts it, and be killed by nobody else
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = folder, env, out, out
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the program: %w", err)
	}
	p.pid = p.cmd.Process.Pid
	go func() {
		_ = p.cmd.Wait() // ProcessState tells
		close(p.done)
	}()
	return p, nil
}

// exited reports whether the program has ended.
func (p *process) exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// kill ends the program as the kernel does when memory runs out. It fails where
// the program had ended by itself: it never should.
func (p *process) kill() error {
	if p.exited() {
		return fmt.Errorf("the program ended by itself (%s):\n%s", p.cmd.ProcessState, p.output())
	}
	err := syscall.Kill(p.pid, syscall.SIGKILL)
	<-p.done // a tracer ends as its program did
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); err != nil || !ok || !status.Signaled() {
		return errors.Join(err, fmt.Errorf("the program ended by itself (%s):\n%s", p.cmd.ProcessState, p.output()))
	}
	return nil
}

// stopLimit is how long a stop may take.
const stopLimit = 10 * time.Second

// stop asks the program to end, as a service manager does, and gives how long
// that took. It fails where the exit status is not 0 or stopLimit has passed.
func (p *process) stop() (time.Duration, error) {
	began := time.Now()
	if err := syscall.Kill(p.pid, syscall.SIGTERM); err != nil {
		return 0, fmt.Errorf("stopping the program: %w\n%s", err, p.output())
	}
	timer := time.NewTimer(stopLimit + 5*time.Second) // to see by how much it is late
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		_ = syscall.Kill(p.pid, syscall.SIGKILL)
		<-p.done
	}
	took := time.Since(began)
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGTERM && p.output() == "" {
		return took, nil // it had not begun: main had yet to ask for signals
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return took, fmt.Errorf("the program stopped with status %d after %s:\n%s", code, took, p.output())
	}
	if took > stopLimit {
		return took, fmt.Errorf("stopping took %s:\n%s", took, p.output())
	}
	return took, nil
}

// output is the end of what this life of the program said.
func (p *process) output() string {
	const enough = 4 << 10
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	data = data[min(p.from, int64(len(data))):]
	return string(bytes.TrimSpace(data[max(0, len(data)-enough):]))
}
