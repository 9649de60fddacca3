//go:build linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"saqbol/emulator"
)

// asImage makes the test's binary step into the folder it names as a container
// would, and become the program there.
const asImage = "SAQBOL_TEST_AS_IMAGE"

// imageUser is who the image's program runs as (Dockerfile).
const imageUser = 65532

// enterImage makes folder the root, read-only but for /data and /key, and becomes
// /saqbol in it, without any right left. It runs in namespaces of its own.
func enterImage(folder string) error {
	runtime.LockOSThread()
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keeping mounts to ourselves: %w", err)
	}
	for _, path := range []string{folder, folder + "/data", folder + "/key"} {
		if err := unix.Mount(path, path, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mounting %s: %w", path, err)
		}
	}
	var stat unix.Statfs_t
	if err := unix.Statfs(folder, &stat); err != nil {
		return err
	}
	locked := uintptr(stat.Flags) & (unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC) // must stay as they are
	if err := unix.Mount("", folder, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|locked, ""); err != nil {
		return fmt.Errorf("making the root read-only: %w", err)
	}
	if err := unix.Chroot(folder); err != nil {
		return err
	}
	if err := unix.Chdir("/key"); err != nil {
		return err
	}
	if err := os.WriteFile("/probe", nil, 0o600); !errors.Is(err, unix.EROFS) {
		return errors.Join(errors.New("the root is not read-only"), err)
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	environ := []string{}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, asImage+"=") {
			environ = append(environ, pair)
		}
	}
	return unix.Exec("/saqbol", append([]string{"/saqbol"}, os.Args[1:]...), environ)
}

// imageFolder is what the Dockerfile's last stage holds, with the static binary.
func imageFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", filepath.Join(folder, "saqbol"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, text)
	}
	for _, writable := range []string{"data", "key"} {
		path := filepath.Join(folder, writable)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if os.Getuid() == 0 { // else this user plays the image's
			if err := os.Chown(path, imageUser, imageUser); err != nil {
				t.Fatal(err)
			}
		}
	}
	// The test's folders above it let nobody else in.
	for path := folder; path != filepath.Dir(path); path = filepath.Dir(path) {
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o005 != 0o005 && strings.Contains(path, t.Name()) {
			if err := os.Chmod(path, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Nor do they let anybody start this test's binary where it stands.
	self, err := os.ReadFile(os.Args[0])
	if err == nil {
		err = os.WriteFile(stepIn(folder), self, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// stepIn is where the program that steps into the image stands: beside it.
func stepIn(folder string) string { return folder + "-step-in" }

// inImage starts the program as the image's user in folder.
func inImage(t *testing.T, folder string, environ []string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(stepIn(folder), args...), stderr: &lockedBuffer{}, ended: make(chan struct{})}
	p.Env, p.Stderr, p.Stdout = append(slices.Clone(environ), asImage+"="+folder), p.stderr, p.stderr
	host := os.Getuid()
	hostGroup := os.Getgid()
	if host == 0 {
		host, hostGroup = imageUser, imageUser
	}
	p.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: imageUser, HostID: host, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: imageUser, HostID: hostGroup, Size: 1}},
		Credential:  &syscall.Credential{Uid: imageUser, Gid: imageUser, NoSetGroups: true},
		AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SYS_CHROOT},
	}
	if err := p.Start(); err != nil {
		t.Fatalf("a namespace of its own can't be had here: %v", err)
	}
	go func() {
		_ = p.Wait() // its status is read from ProcessState
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	return p
}

// exit waits for the end of a process and gives its status.
func (p *process) exit(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
		return p.ProcessState.ExitCode()
	case <-time.After(limit):
		t.Fatalf("the program did not end:\n%s", p.stderr)
		return -1
	}
}

// TestBareImage: the program runs where there is nothing but itself, a read-only
// root and two folders to write into, as nobody in particular.
func TestBareImage(t *testing.T) {
	api, url := emulator.Start(t, emulator.Options{})
	folder, address := imageFolder(t), freePort(t)
	environ := []string{"TELEGRAM_BOT_TOKEN=" + api.Token(), "TELEGRAM_API_URL=" + url, "DATABASE_URL=sqlite:/data/saqbol.db", "HTTP_LISTEN=" + address}
	s := &started{api: api}
	if status := inImage(t, folder, environ, "doctor", "--ready").exit(t); status != exitFailed {
		t.Errorf("before the start doctor --ready ends with %d, want %d", status, exitFailed)
	}
	p := inImage(t, folder, environ)
	person := s.citizen(t, "kk")
	person.files(person.presses(person.says("8 701 123 45 67"), "rep:"))
	check := inImage(t, folder, environ, "doctor", "--ready")
	if status := check.exit(t); status != exitDone {
		t.Errorf("doctor --ready ends with %d:\n%s%s", status, check.stderr, p.stderr)
	}
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 && !regexp.MustCompile(fmt.Sprintf(`(?m)^Uid:\s+%d\s+%d\s`, imageUser, imageUser)).Match(state) {
		t.Errorf("it runs as somebody else:\n%s", state)
	}
	if !regexp.MustCompile(`(?m)^CapEff:\s+0+$`).Match(state) || !regexp.MustCompile(`(?m)^CapPrm:\s+0+$`).Match(state) {
		t.Errorf("it has rights left:\n%s", state)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := p.exit(t); status != exitDone {
		t.Errorf("it ended with %d:\n%s", status, p.stderr)
	}
	for _, name := range []string{"data/saqbol.db", "key/saqbol.key"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want a file for its owner only", name, info, err)
		}
	}
	elsewhere := inImage(t, folder, append(environ, "DATABASE_URL=sqlite:/elsewhere/saqbol.db"))
	if status := elsewhere.exit(t); status != exitFailed || !strings.Contains(elsewhere.stderr.String(), "DATABASE_URL") {
		t.Errorf("with its database on the read-only root it ends with %d: %s", status, elsewhere.stderr)
	}
	if _, err := os.Stat(filepath.Join(folder, "elsewhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the root was written to: %v", err)
	}
}
