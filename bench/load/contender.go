package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The scenes in which contenders are measured.
const (
	sceneCalls = "webhook, answer by a call"
	sceneRide  = "webhook, answer in the response"
	scenePoll  = "polling"
	scenePoll5 = "polling, 50 ms"
)

// contender is one program in one of its settings.
type contender struct {
	name   string
	args   []string // the command, run in the work folder
	env    []string // besides what all get
	scenes []string
	silent bool // answers nothing
	saqbol bool
}

const (
	webhookPath = "/telegram"
	secret      = "bench_secret"
)

// contenders are all programs, SaqBol first; scripts is where the Node peers are.
func contenders(scripts string) []contender {
	all := []string{sceneCalls, scenePoll, scenePoll5}
	node := func(script string) []string { return []string{"node", filepath.Join(scripts, script)} }
	return []contender{
		{name: "SaqBol", args: []string{"./saqbol", "run"}, scenes: append(slices.Clone(all), sceneRide), saqbol: true},
		{name: "empty go-telegram handler", args: []string{"./gotelegram-empty"}, scenes: []string{sceneCalls, sceneRide}, silent: true},
		{name: "go-telegram/bot, default", args: []string{"./gotelegram-default"}, scenes: all},
		{name: "go-telegram/bot, in order", args: []string{"./gotelegram-default"}, env: []string{"ORDERED=1"}, scenes: []string{scenePoll}},
		{name: "gotgbot", args: []string{"./gotgbot"}, scenes: all},
		{name: "telebot", args: []string{"./telebot"}, scenes: all},
		{name: "telego", args: []string{"./telego"}, scenes: all},
		// One answer after the other: at 50 ms a turn of grammY would be minutes.
		{name: "grammY", args: node("grammy.js"), scenes: []string{sceneCalls, scenePoll, sceneRide}},
		{name: "telegraf", args: node("telegraf.js"), scenes: append(slices.Clone(all), sceneRide)},
		{name: "floor: bare net/http and the lookup", args: []string{"./floor"}, scenes: []string{sceneCalls, sceneRide}},
	}
}

// environment is what a contender is told.
func (c contender) environment(folder, scene, listen, api string) []string {
	polling := scene == scenePoll || scene == scenePoll5
	env := append(os.Environ(), c.env...)
	if c.saqbol {
		env = append(env, "TELEGRAM_BOT_TOKEN="+botToken, "TELEGRAM_API_URL="+api, "HTTP_LISTEN="+listen, "LOG_LEVEL=warn", "LOG_FORMAT=json",
			"SAQBOL_SENDS_PER_SECOND=1000000", "SAQBOL_CHECKS_PER_HOUR=0", "SAQBOL_CHECKS_PER_DAY=0", "SAQBOL_CHECKS_ALL_PER_DAY=0", "SAQBOL_CHECKS_SHARE=0",
			"DATABASE_URL=sqlite:"+filepath.Join(folder, "data", "saqbol.db"))
		if !polling {
			env = append(env, "WEBHOOK_URL=http://"+listen+webhookPath, "WEBHOOK_SECRET="+secret, "WEBHOOK_ANSWERS=calls")
		}
		if scene == sceneRide {
			env = append(env, "WEBHOOK_ANSWERS=response")
		}
		return env
	}
	env = append(env, "TOKEN="+botToken, "API="+api, "LISTEN="+listen, "HOOK="+webhookPath, "SECRET="+secret, "DB="+filepath.Join(folder, "peers.db"), "NODE_ENV=production")
	if polling {
		env = append(env, "MODE=polling")
	}
	if scene == sceneRide {
		env = append(env, "RIDE=1")
	}
	return env
}

// program is a contender that runs.
type program struct {
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{}
}

func start(c contender, folder, scene, listen, api string) (*program, error) {
	log, err := os.CreateTemp(folder, "output-*.log")
	if err != nil {
		return nil, fmt.Errorf("making a file for its output: %w", err)
	}
	cmd := exec.Command(c.args[0], c.args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = folder, c.environment(folder, scene, listen, api), log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.name, err)
	}
	p := &program{cmd: cmd, log: log, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // it is stopped by a signal
		close(p.done)
	}()
	return p, nil
}

// stop ends the program, and kills it where it does not end.
func (p *program) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(3 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	_ = p.log.Close()
	_ = os.Remove(p.log.Name())
}

// profile begins a profile of a program built for it, or ends it.
func (p *program) profile() {
	_ = p.cmd.Process.Signal(syscall.SIGUSR1)
	time.Sleep(200 * time.Millisecond) // it is written
}

// output is the end of what the program wrote.
func (p *program) output() string {
	text, _ := os.ReadFile(p.log.Name())
	return string(text[max(0, len(text)-2000):])
}

// ticks is how many clock ticks a second /proc counts in: 100 on every Linux.
const ticks = 100

// cpu is the processor time that the program has used.
func (p *program) cpu() (time.Duration, error) { return cpuOf(p.cmd.Process.Pid) }

func cpuOf(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("reading its processor time: %w", err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("reading its processor time: too few fields")
	}
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, fmt.Errorf("reading its processor time: %w", err)
	}
	system, err := strconv.Atoi(fields[12])
	if err != nil {
		return 0, fmt.Errorf("reading its processor time: %w", err)
	}
	return time.Duration(user+system) * time.Second / ticks, nil
}

// freeAddress is an address nobody listens on.
func freeAddress() (string, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// listens waits until somebody listens.
func (p *program) listens(address string) error {
	for range 1000 {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			return c.Close()
		}
		select {
		case <-p.done:
			return errors.New("it has ended")
		case <-time.After(10 * time.Millisecond):
		}
	}
	return errors.New("it listens nowhere")
}
