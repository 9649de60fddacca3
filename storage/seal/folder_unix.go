//go:build unix

package seal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// syncFolder brings the name of a file to the disk. A file system that can't do
// that for folders keeps names in its own way.
func syncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("bringing the key file to the disk: %w", err)
	}
	err = folder.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	if err := errors.Join(err, folder.Close()); err != nil {
		return fmt.Errorf("bringing the key file to the disk: %w", err)
	}
	return nil
}
