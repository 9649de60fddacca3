package main

import "golang.org/x/sys/unix"

// fileSystem names a file system on which a database should not stand, with what
// is wrong with it; "" for the others.
func fileSystem(folder string) string {
	var stat unix.Statfs_t
	if unix.Statfs(folder, &stat) != nil {
		return ""
	}
	switch int64(stat.Type) { //nolint:unconvert // the type differs between machines
	case unix.TMPFS_MAGIC, unix.RAMFS_MAGIC:
		return "a file system in memory: everything in it is lost when the machine stops; put the database on a disk"
	case unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.V9FS_MAGIC, unix.FUSE_SUPER_MAGIC:
		return "a file system of another machine or program, whose locks and fsync may not hold: put the database on a disk of this machine"
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "the container's own layer, which goes with the container: put the database on a volume"
	}
	return ""
}
