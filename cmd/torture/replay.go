package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
)

// replay does to a disk what a trace tells that a program did.
type replay struct {
	disk    *disk
	files   map[int]*opened     // by descriptor: all threads share them
	syncing map[string]mark     // by thread: what an fsync that has begun will make safe
	begun   map[string][]string // by thread: the paths that a call under way changes
	syncs   int                 // fsyncs of files and folders of the disk
	writes  int
}

// opened is an open file.
type opened struct {
	inode  *inode
	path   string
	offset int64 // reads are not traced: a program that reads and then writes is found out by same
	append bool
}

type mark struct {
	inode      *inode
	ops, moves int
}

// errBlind is met where a program changes a file in a way that the replay does
// not follow. It is never passed over: the image would be of another disk.
var errBlind = errors.New("the trace does not tell what becomes of a file")

// replayTrace brings a disk to where a traced program left it.
func replayTrace(d *disk, trace io.Reader) (*replay, error) {
	r := &replay{disk: d, files: map[int]*opened{}, syncing: map[string]mark{}, begun: map[string][]string{}}
	return r, readTrace(trace, r.see)
}

// doubtful are the paths of which the trace does not tell whether a call has
// changed them: the program was killed in it.
func (r *replay) doubtful() map[string]bool {
	all := map[string]bool{}
	for _, paths := range r.begun {
		for _, path := range paths {
			all[path] = true
		}
	}
	return all
}

func (r *replay) see(c syscallLine) error {
	delete(r.begun, c.thread)
	if c.finished && c.failed {
		delete(r.syncing, c.thread)
		return nil
	}
	if err := r.step(c); err != nil {
		path := ""
		if fd, _, bad := c.descriptor(0); bad == nil && r.files[fd] != nil {
			path = r.files[fd].path
		} else if paths, bad := r.paths(c); bad == nil {
			path = paths[0]
		}
		return fmt.Errorf("%s %s: %w", c.name, path, err)
	}
	return nil
}

func (r *replay) step(c syscallLine) error {
	switch c.name {
	case "fsync", "fdatasync":
		return r.sync(c)
	case "openat", "open", "creat":
		return r.open(c)
	case "write", "pwrite64":
		return r.write(c)
	case "close":
		if fd, _, err := c.descriptor(0); err != nil {
			return err
		} else if !c.resumed { // from its begin on another call may be given the descriptor
			delete(r.files, fd)
		}
		return nil
	case "ftruncate":
		return r.truncate(c)
	case "lseek":
		return r.seek(c)
	case "mmap":
		return r.mapped(c)
	case "dup", "dup2", "dup3", "fcntl":
		return r.duplicate(c)
	case "rename", "renameat", "renameat2", "link", "linkat":
		return r.rename(c)
	case "unlink", "unlinkat", "rmdir":
		return r.unlink(c)
	case "mkdir", "mkdirat":
		return r.mkdir(c)
	case "sync_file_range": // promises nothing
		return nil
	case "io_uring_setup", "chdir", "fchdir":
		return errBlind
	}
	return r.blind(c)
}

// blind fails where a call that is not followed names the disk.
func (r *replay) blind(c syscallLine) error {
	for i := range c.args {
		if fd, _, err := c.descriptor(i); err == nil && r.files[fd] != nil {
			return errBlind
		}
		if path, err := c.text(i); err == nil && (!filepath.IsAbs(path) || r.inside(path)) {
			return errBlind
		}
	}
	return nil
}

func (r *replay) inside(path string) bool {
	_, _, _, inside := r.disk.find(path)
	return inside
}

// sync notes at its begin what a sync covers, and makes it safe at its end.
func (r *replay) sync(c syscallLine) error {
	fd, _, err := c.descriptor(0)
	if err != nil {
		return err
	}
	m, begun := r.syncing[c.thread]
	if f := r.files[fd]; f != nil && !begun {
		m = mark{f.inode, len(f.inode.ops), len(f.inode.moves)}
	}
	if !c.finished {
		r.syncing[c.thread] = m
		return nil
	}
	delete(r.syncing, c.thread)
	if m.inode != nil {
		m.inode.sync(m.ops, m.moves)
		r.syncs++
	}
	return nil
}

func (r *replay) open(c syscallLine) error {
	folder, at := "", 0
	if c.name == "openat" {
		_, path, err := c.descriptor(0)
		if err != nil {
			return err
		}
		folder, at = path, 1
	}
	path, err := c.text(at)
	if err != nil {
		return err
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(or(folder, r.disk.root), path)
	}
	flag := func(name string) bool { return c.flags(at+1, name) || c.name == "creat" }
	n, parent, name, inside := r.disk.find(path)
	if !inside {
		delete(r.files, int(c.result))
		return nil
	}
	if !c.finished {
		r.begun[c.thread] = []string{path}
		return nil
	}
	switch {
	case n == nil && (!flag("O_CREAT") || parent == nil):
		return errBlind
	case n == nil:
		n = &inode{}
		parent.moves = append(parent.moves, move{name: n})
	case flag("O_TRUNC"):
		n.cutTo(0)
	}
	r.files[int(c.result)] = &opened{inode: n, path: path, append: flag("O_APPEND")}
	return nil
}

func (r *replay) write(c syscallLine) error {
	fd, _, err := c.descriptor(0)
	f := r.files[fd]
	if err != nil || f == nil {
		return err
	}
	text, err := c.text(1)
	if err != nil {
		return err
	}
	at := f.offset
	switch {
	case c.name == "pwrite64":
		if at, err = c.number(3); err != nil {
			return err
		}
	case f.append:
		at = f.inode.size
	}
	if !c.finished {
		r.begun[c.thread] = []string{f.path}
		return nil
	}
	if c.result > int64(len(text)) {
		return errTrace
	}
	f.inode.write(at, []byte(text[:c.result]))
	r.writes++
	if c.name == "write" {
		f.offset = at + c.result
	}
	return nil
}

func (r *replay) truncate(c syscallLine) error {
	fd, _, err := c.descriptor(0)
	f := r.files[fd]
	if err != nil || f == nil {
		return err
	}
	size, err := c.number(1)
	if err != nil {
		return err
	}
	if !c.finished {
		r.begun[c.thread] = []string{f.path}
		return nil
	}
	f.inode.cutTo(size)
	return nil
}

func (r *replay) seek(c syscallLine) error {
	fd, _, err := c.descriptor(0)
	if f := r.files[fd]; err == nil && f != nil && c.finished {
		f.offset = c.result
	}
	return err
}

// mapped fails where a file is mapped so that it can be written without a call.
func (r *replay) mapped(c syscallLine) error {
	if len(c.args) < 5 || !c.flags(3, "MAP_SHARED") || !c.flags(2, "PROT_WRITE") {
		return nil
	}
	fd, _, err := c.descriptor(4)
	if f := r.files[fd]; err == nil && f != nil && !isShared(f.path) {
		return errBlind
	}
	return nil // memory without a file
}

func (r *replay) duplicate(c syscallLine) error {
	if c.name == "fcntl" && !c.flags(1, "F_DUPFD") && !c.flags(1, "F_DUPFD_CLOEXEC") {
		return nil
	}
	fd, _, err := c.descriptor(0)
	if err != nil || !c.finished {
		return err
	}
	delete(r.files, int(c.result))
	if f := r.files[fd]; f != nil {
		r.files[int(c.result)] = f
	}
	return nil
}

// paths reads the paths of a call that names one or two, with the folders that
// they are relative to where the call has those.
func (r *replay) paths(c syscallLine) ([]string, error) {
	var paths []string
	folder := r.disk.root
	for i := range c.args {
		if path, err := c.text(i); err == nil {
			if !filepath.IsAbs(path) {
				path = filepath.Join(folder, path)
			}
			paths = append(paths, path)
		} else if _, path, err := c.descriptor(i); err == nil && path != "" {
			folder = path
		}
	}
	if len(paths) == 0 {
		return nil, errTrace
	}
	return paths, nil
}

// rename follows a name that moves, or gets a second one. Folders are renamed
// nowhere.
func (r *replay) rename(c syscallLine) error {
	paths, err := r.paths(c)
	if err != nil || len(paths) != 2 {
		return errors.Join(err, errTrace)
	}
	n, from, oldName, inside := r.disk.find(paths[0])
	_, to, newName, alsoInside := r.disk.find(paths[1])
	if !inside && !alsoInside {
		return nil
	}
	if !inside || !alsoInside || from != to || from == nil {
		return errBlind
	}
	if !c.finished {
		r.begun[c.thread] = paths
		return nil
	}
	if n == nil || n.folder() {
		return errBlind
	}
	m := move{newName: n}
	if c.name != "link" && c.name != "linkat" {
		m[oldName] = nil
	}
	from.moves = append(from.moves, m)
	return nil
}

func (r *replay) unlink(c syscallLine) error {
	paths, err := r.paths(c)
	if err != nil {
		return err
	}
	n, parent, name, inside := r.disk.find(paths[0])
	switch {
	case !inside:
		return nil
	case !c.finished:
		r.begun[c.thread] = paths
		return nil
	case n == nil || parent == nil:
		return errBlind
	}
	parent.moves = append(parent.moves, move{name: nil})
	return nil
}

func (r *replay) mkdir(c syscallLine) error {
	paths, err := r.paths(c)
	if err != nil {
		return err
	}
	_, parent, name, inside := r.disk.find(paths[0])
	switch {
	case !inside:
		return nil
	case !c.finished:
		r.begun[c.thread] = paths
		return nil
	case parent == nil:
		return errBlind
	}
	parent.moves = append(parent.moves, move{name: &inode{names: map[string]*inode{}}})
	return nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
