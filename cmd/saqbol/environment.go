package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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
	env := environment{}
	fromFile, err := godotenv.Read(dotenv)
	switch {
	case err == nil:
		env = fromFile
	case !errors.Is(err, fs.ErrNotExist):
		// The parser's own words would quote the line, and with it a secret.
		return nil, fmt.Errorf("%s can't be read: write one NAME=value a line, or remove it", dotenv)
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
