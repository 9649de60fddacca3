//go:build unix

package main

import (
	"os"
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
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	if err := os.WriteFile(keyFile, []byte(testKey(t)), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := (config{}).keysThere(); err == nil || !strings.Contains(err.Error(), "run as the user who owns it") {
		t.Errorf("of a file of somebody else it says %v", err)
	}
}
