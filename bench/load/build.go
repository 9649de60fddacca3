package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// build builds the contenders into folder, and gets what the Node peers need.
func build(root, folder string, all []contender) error {
	built := map[string]bool{}
	for _, c := range all {
		name := filepath.Base(c.args[0])
		if built[name] {
			continue
		}
		built[name] = true
		var err error
		switch {
		case c.saqbol:
			err = command(root, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(folder, name), "./cmd/saqbol")
		case name == "node":
			err = nodeModules(filepath.Dir(c.args[1]))
		default:
			err = command(filepath.Join(root, "bench"), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(folder, name), "./peers/"+name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// nodeModules installs what the lock file names, unless it is there already.
func nodeModules(scripts string) error {
	if _, err := exec.LookPath("npm"); err != nil {
		return errors.New("the Node peers need Node 20 or later and npm: install them, or leave the peers out with -names 'SaqBol|go|tel|floor'")
	}
	lock, err := os.Stat(filepath.Join(scripts, "package-lock.json"))
	if err != nil {
		return err
	}
	there, err := os.Stat(filepath.Join(scripts, "node_modules", ".package-lock.json"))
	if err == nil && !there.ModTime().Before(lock.ModTime()) {
		return nil
	}
	return command(scripts, "npm", "ci")
}

// command runs a command in a folder.
func command(folder, name string, args ...string) error {
	fmt.Fprintln(os.Stderr, "+", name, strings.Join(args, " "))
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s in %s: %w\n%s", name, folder, err, out)
	}
	return nil
}
