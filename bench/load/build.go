package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// build builds the contenders into folder, and gets what the Node peers need.
func build(root, folder, profile string, all []contender) error {
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
			err = buildSaqBol(root, folder, name, profile != "")
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

// buildSaqBol builds the product as it is shipped; to be profiled, with one file
// more, which is laid over the source for this build only.
func buildSaqBol(root, folder, name string, profiled bool) error {
	args := []string{"build", "-trimpath", "-ldflags", "-s -w"}
	if profiled {
		overlay := filepath.Join(folder, "overlay.json")
		text, err := json.Marshal(map[string]map[string]string{"Replace": {
			filepath.Join(root, "cmd", "saqbol", "profile_overlay.go"): filepath.Join(root, "bench", "load", "testdata", "profile.go.txt")}})
		if err == nil {
			err = os.WriteFile(overlay, text, 0o600)
		}
		if err != nil {
			return fmt.Errorf("preparing to profile: %w", err)
		}
		args = append(args, "-overlay", overlay)
	}
	return command(root, "go", append(args, "-o", filepath.Join(folder, name), "./cmd/saqbol")...)
}

// nodeModules installs what the lock file names, unless it is there already.
func nodeModules(scripts string) error {
	if _, err := exec.LookPath("npm"); err != nil {
		return errors.New("the Node peers need Node 20 or later and npm: install them, or leave the peers out with -names 'SaqBol|go|bot|floor'")
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
