//go:build unix

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestKeyFileThatCantBeRead: the error says whose rights to look at.
func TestKeyFileThatCantBeRead(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := readKeyFile(filepath.Join("secrets", "key")); err == nil || !strings.Contains(err.Error(), "the key file secrets/key can't be read (no such file or directory): correct the path") {
		t.Errorf("of a path that leads nowhere it says %v", err)
	}
	// Root may read everything: what the system says to others is given here.
	denied := &fs.PathError{Op: "open", Path: keyFile, Err: fs.ErrPermission}
	if err := keyFileAdvice(fmt.Errorf("reading the key file: %w", denied)); !strings.Contains(err.Error(), "run as the user who owns it") || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("of a file of somebody else it says %v", err)
	}
}
