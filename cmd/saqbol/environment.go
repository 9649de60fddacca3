package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/joho/godotenv"
)

// environment is the settings by name: a real variable wins over .env, and
// NAME_FILE names a file that holds the value of NAME.
type environment map[string]string

// maxSecretFile bounds what is read from a NAME_FILE.
const maxSecretFile = 1 << 20

// readEnvironment reads the process's environment ("NAME=value") and the file
// dotenv, which need not exist.
func readEnvironment(environ []string, dotenv string) (environment, error) {
	env, err := readDotenv(dotenv)
	if err != nil {
		return nil, err
	}
	real := environment{}
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok {
			real[name] = value
		}
	}
	for name, value := range real {
		if value == "" {
			continue // an empty variable means "not set", as in most service managers
		}
		env[name] = value
		if base, isFile := strings.CutSuffix(name, "_FILE"); isFile && real[base] == "" {
			delete(env, base) // a real NAME_FILE wins over NAME in .env
		}
	}
	return env, nil
}

// readDotenv reads a file of settings, which need not exist.
func readDotenv(path string) (environment, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return environment{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s can't be read (%w): give this user the right to, or remove it", path, cause(err))
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // the mark with which Windows' Notepad begins a file
	env, err := godotenv.UnmarshalBytes(text)
	if err != nil {
		// The parser's own words would quote the line, and with it a secret.
		return nil, fmt.Errorf("%s, line %d: this is no NAME=value, or a quote is not closed: correct the line, or remove it", path, badLine(text))
	}
	return env, nil
}

// badLine is the line with which a file of settings stops being one.
func badLine(text []byte) int {
	lines := slices.Collect(bytes.Lines(text))
	for n := len(lines) - 1; n > 0; n-- { // from the end: a value may go over several lines
		if _, err := godotenv.UnmarshalBytes(bytes.Join(lines[:n], nil)); err == nil {
			return n + 1
		}
	}
	return 1
}

// get returns the setting name without surrounding white space, "" if it is not
// set. NAME itself wins over NAME_FILE.
func (e environment) get(name string) (string, error) {
	if value := strings.TrimSpace(e[name]); value != "" {
		return value, nil
	}
	path := strings.TrimSpace(e[name+"_FILE"])
	if path == "" {
		return "", nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: the file can't be opened (%w): correct the path or the rights", name, cause(err))
	}
	defer func() { _ = f.Close() }() // read only
	data, err := io.ReadAll(io.LimitReader(f, maxSecretFile))
	if err != nil {
		return "", fmt.Errorf("%s_FILE: the file can't be read: %w", name, cause(err))
	}
	return strings.TrimSpace(string(data)), nil
}

// file is the file that get reads a setting from, "" if it reads none.
func (e environment) file(name string) string {
	if strings.TrimSpace(e[name]) != "" {
		return ""
	}
	return strings.TrimSpace(e[name+"_FILE"])
}

// cause drops the path of an error about a file: the person knows the setting.
func cause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
