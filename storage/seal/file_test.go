package seal_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"saqbol/storage/seal"
)

func TestLoadOrCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "saqbol.key")
	made, created, err := seal.LoadOrCreate(path)
	if err != nil || !created {
		t.Fatalf("first start: created %v, %v", created, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the key file has mode %o", mode)
	}
	read, created, err := seal.LoadOrCreate(path)
	if err != nil || created {
		t.Fatalf("second start: created %v, %v", created, err)
	}
	if made.Fingerprint() != read.Fingerprint() {
		t.Error("the second start has another key")
	}
}

func TestLoadOrCreateRefuses(t *testing.T) {
	folder := t.TempDir()
	exposed := filepath.Join(folder, "exposed.key")
	if _, _, err := seal.LoadOrCreate(exposed); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(exposed, 0o640); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(folder, "damaged.key")
	if err := os.WriteFile(damaged, []byte("not a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, path string
		want       error
		says       string
	}{
		{"readable by the group", exposed, seal.ErrExposed, "chmod 600"},
		{"damaged", damaged, seal.ErrUnreadable, "backup"},
		{"a folder that is not there", filepath.Join(folder, "no", "saqbol.key"), os.ErrNotExist, "creating the key file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := seal.LoadOrCreate(tt.path)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v; want %v that says %q", err, tt.want, tt.says)
			}
		})
	}
	if text, err := os.ReadFile(damaged); err != nil || string(text) != "not a key" {
		t.Errorf("a damaged key file was touched: %q, %v", text, err)
	}
}
