package storagetest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Disk is a small file system of a test's own, that can be filled and made
// read-only without harm to anybody else.
type Disk struct {
	Folder string
	t      testing.TB
}

// NewDisk mounts a file system of size bytes. That takes root: where it is not
// allowed the test fails in CI, and elsewhere ok is false and says why in the log.
func NewDisk(t testing.TB, size int64) (disk *Disk, ok bool) {
	t.Helper()
	folder := t.TempDir()
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", size)); err != nil {
		return nil, unable(t, "mounting a small file system", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(folder, unix.MNT_DETACH); err != nil {
			t.Errorf("unmounting: %v", err)
		}
	})
	return &Disk{Folder: folder, t: t}, true
}

// unable says what a test can't do here; in CI it must be able to.
func unable(t testing.TB, doing string, err error) bool {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s: %v; run the tests as root, in a container with the rights to do so", doing, err)
	}
	t.Logf("NOT TESTED HERE: %s: %v", doing, err)
	return false
}

func (d *Disk) filler() string { return filepath.Join(d.Folder, "filler") }

// Fill takes the space that is left but for so many bytes.
func (d *Disk) Fill(but int64) {
	d.t.Helper()
	var stat unix.Statfs_t
	if err := unix.Statfs(d.Folder, &stat); err != nil {
		d.t.Fatal(err)
	}
	file, err := os.OpenFile(d.filler(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	size := max(0, int64(stat.Bavail)*stat.Bsize-but)
	if _, err := io.CopyN(file, zeros{}, size); err != nil && !errors.Is(err, unix.ENOSPC) {
		d.t.Fatalf("filling the disk: %v", err)
	}
	if err := file.Close(); err != nil {
		d.t.Fatal(err)
	}
}

// Free gives the space back.
func (d *Disk) Free() {
	d.t.Helper()
	if err := os.Remove(d.filler()); err != nil {
		d.t.Fatal(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// ReadOnly makes the file system read-only, or writable again. Nobody may have a
// file on it open for writing then.
func (d *Disk) ReadOnly(on bool) {
	d.t.Helper()
	flags := uintptr(unix.MS_REMOUNT)
	if on {
		flags |= unix.MS_RDONLY
	}
	if err := unix.Mount("", d.Folder, "", flags, ""); err != nil {
		d.t.Fatalf("mounting it anew: %v", err)
	}
}

// Frozen makes files refuse every write, also of those who have them open, until
// the function that it returns is called. The file system must know immutable
// files, which ext4 does, and it takes root: see NewDisk for where that is missing.
func Frozen(t testing.TB, paths ...string) (thaw func(), ok bool) {
	t.Helper()
	probe, err := os.CreateTemp(filepath.Dir(paths[0]), "probe")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Remove(probe.Name()) }()
	defer func() { _ = probe.Close() }()
	if err := immutable(probe.Name(), true); err != nil {
		return nil, unable(t, "making a file immutable", err)
	}
	_, err = probe.Write([]byte("x"))
	if thawed := immutable(probe.Name(), false); thawed != nil {
		t.Fatal(thawed)
	}
	if err == nil {
		return nil, unable(t, "making a file immutable", errors.New("those who have it open can still write to it"))
	}
	all := func(on bool) {
		for _, path := range paths {
			if err := immutable(path, on); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	all(true)
	frozen := true
	thaw = func() {
		if frozen {
			frozen = false
			all(false)
		}
	}
	t.Cleanup(thaw)
	return thaw, true
}

// immutableFlag is FS_IMMUTABLE_FL of linux/fs.h.
const immutableFlag = 0x10

func immutable(path string, on bool) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	flags, err := unix.IoctlGetUint32(int(file.Fd()), unix.FS_IOC_GETFLAGS)
	if err != nil {
		return fmt.Errorf("reading the flags of a file: %w", err)
	}
	flags &^= immutableFlag
	if on {
		flags |= immutableFlag
	}
	if err := unix.IoctlSetPointerInt(int(file.Fd()), unix.FS_IOC_SETFLAGS, int(flags)); err != nil {
		return fmt.Errorf("setting the flags of a file: %w", err)
	}
	return nil
}
