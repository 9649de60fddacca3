package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// disk is a folder as a disk has it, not as programs see it: what was written
// and not synced since is kept apart, because a power cut may lose any of it.
//
// The model is POSIX at its strictest. A file's content is safe once fsync or
// fdatasync of it has returned for writes that had returned before it began. A
// name (new, renamed or removed) is safe once fsync of its folder has.
type disk struct {
	root string
	top  *inode
}

// inode is a file or a folder.
type inode struct {
	safe []byte   // a file's content on the disk
	ops  []change // what was done to it since
	size int64    // as programs see it

	names map[string]*inode // a folder's names on the disk; nil for a file
	moves []move            // what was done to them since, in order
}

// change is a write, or a cut to a size where data is nil.
type change struct {
	at   int64
	data []byte
}

// move is what one call did to a folder's names: one name, or two at once. nil
// takes a name away.
type move map[string]*inode

func (n *inode) folder() bool { return n.names != nil }

// readDisk takes everything in a folder as safely on the disk.
func readDisk(root string) (*disk, error) {
	top, err := readInode(root)
	return &disk{root: root, top: top}, err
}

func readInode(path string) (*inode, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the disk: %w", err)
	}
	if !info.IsDir() {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading the disk: %w", err)
		}
		return &inode{safe: data, size: int64(len(data))}, nil
	}
	n := &inode{names: map[string]*inode{}}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("reading the disk: %w", err)
	}
	for _, entry := range entries {
		if n.names[entry.Name()], err = readInode(filepath.Join(path, entry.Name())); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// find gives what programs see at a path, and the folder and name it has; the
// inode is nil where there is nothing. inside is false elsewhere on the machine.
func (d *disk) find(path string) (n, parent *inode, name string, inside bool) {
	path = filepath.Clean(path)
	if path == d.root {
		return d.top, nil, "", true
	}
	rest, inside := strings.CutPrefix(path, d.root+"/")
	if !inside {
		return nil, nil, "", false
	}
	n = d.top
	for part := range strings.SplitSeq(rest, "/") {
		if n == nil || !n.folder() {
			return nil, nil, part, true
		}
		parent, name = n, part
		n = n.seen()[part]
	}
	return n, parent, name, true
}

// seen is a folder's names as programs see them.
func (n *inode) seen() map[string]*inode { return n.after(len(n.moves)) }

// after is a folder's names with the first moves made.
func (n *inode) after(count int) map[string]*inode {
	names := make(map[string]*inode, len(n.names)+count)
	for name, child := range n.names {
		names[name] = child
	}
	for _, m := range n.moves[:count] {
		for name, child := range m {
			if child == nil {
				delete(names, name)
			} else {
				names[name] = child
			}
		}
	}
	return names
}

// write notes a write that has returned.
func (n *inode) write(at int64, data []byte) {
	n.ops = append(n.ops, change{at, data})
	n.size = max(n.size, at+int64(len(data)))
}

// cutTo notes a truncation, or an extension with zeros.
func (n *inode) cutTo(size int64) {
	n.ops = append(n.ops, change{at: size})
	n.size = size
}

// sync makes safe what had been done when the call began.
func (n *inode) sync(ops, moves int) {
	ops, moves = min(ops, len(n.ops)), min(moves, len(n.moves))
	if n.folder() {
		n.names, n.moves = n.after(moves), slices.Clone(n.moves[moves:])
		return
	}
	for _, op := range n.ops[:ops] {
		n.safe = op.apply(n.safe)
	}
	n.ops = slices.Clone(n.ops[ops:])
}

func (op change) apply(content []byte) []byte {
	if op.data == nil {
		return resize(content, op.at)
	}
	if end := op.at + int64(len(op.data)); end > int64(len(content)) {
		content = resize(content, end)
	}
	copy(content[op.at:], op.data)
	return content
}

func resize(content []byte, size int64) []byte {
	if size <= int64(len(content)) {
		return content[:size:size]
	}
	return append(content[:len(content):len(content)], make([]byte, size-int64(len(content)))...)
}

// whole is a file's content as programs see it.
func (n *inode) whole() []byte {
	content := slices.Clone(n.safe)
	for _, op := range n.ops {
		content = op.apply(content)
	}
	return content
}

// survival says how much of what is not safe a power cut leaves.
type survival struct {
	dice  *rand.Rand
	share float64 // of the sectors, truncations and names; 0 = none, 1 = all
}

// sector is what a disk writes whole.
const sector = 512

// some reports whether one more thing has survived.
func (s survival) some() bool { return s.dice.Float64() < s.share }

// leftover is a file's content after the cut: any sectors of any writes.
func (n *inode) leftover(s survival) []byte {
	content := slices.Clone(n.safe)
	for _, op := range n.ops {
		if op.data == nil {
			if s.some() {
				content = op.apply(content)
			}
			continue
		}
		for from := int64(0); from < int64(len(op.data)); {
			to := min(int64(len(op.data)), (op.at+from)/sector*sector+sector-op.at)
			if s.some() {
				content = change{op.at + from, op.data[from:to]}.apply(content)
			}
			from = to
		}
	}
	return content
}

// burn writes into the empty folder root what a cut leaves of the disk. Names
// that are not safe survive up to some point in the order in which they came.
func (d *disk) burn(root string, s survival) error { return d.top.burn(root, s) }

func (n *inode) burn(path string, s survival) error {
	if !n.folder() {
		return os.WriteFile(path, n.leftover(s), 0o600)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		return fmt.Errorf("writing the disk after the cut: %w", err)
	}
	moves := 0
	for moves < len(n.moves) && s.some() {
		moves++
	}
	names := n.after(moves)
	for _, name := range sorted(names) {
		if isShared(name) {
			// Memory that programs share is lost; what the file holds then is anything.
			garbage := make([]byte, s.dice.IntN(3)*32<<10)
			for i := range garbage {
				garbage[i] = byte(s.dice.Uint32())
			}
			if len(garbage) == 0 {
				continue
			}
			if err := os.WriteFile(filepath.Join(path, name), garbage, 0o600); err != nil {
				return fmt.Errorf("writing the disk after the cut: %w", err)
			}
			continue
		}
		if err := names[name].burn(filepath.Join(path, name), s); err != nil {
			return err
		}
	}
	return nil
}

func sorted(names map[string]*inode) []string {
	var all []string
	for name := range names {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// isShared tells SQLite's index of the write-ahead log, which is shared memory
// and is written without any call. It is made anew from the log.
func isShared(name string) bool { return strings.HasSuffix(name, "-shm") }

// same fails where what the trace tells and what programs see in the folder
// differ: then the trace has missed something, and no cut made of it is honest.
// doubtful are files whose last call was cut off.
func (d *disk) same(doubtful map[string]bool) error { return d.top.same(d.root, doubtful) }

func (n *inode) same(path string, doubtful map[string]bool) error {
	if doubtful[path] || isShared(path) {
		return nil
	}
	if !n.folder() {
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("the trace tells of a file that is not there: %w", err)
		}
		if want := n.whole(); !slices.Equal(data, want) {
			return fmt.Errorf("%s holds %d bytes other than the trace's %d", path, len(data), len(want))
		}
		return nil
	}
	names := n.seen()
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("the trace tells of a folder that is not there: %w", err)
	}
	for _, entry := range entries {
		at := filepath.Join(path, entry.Name())
		if names[entry.Name()] == nil && !doubtful[at] {
			return fmt.Errorf("%s is there and not in the trace", at)
		}
	}
	for name, child := range names {
		at := filepath.Join(path, name)
		if _, err := os.Lstat(at); errors.Is(err, fs.ErrNotExist) && doubtful[at] {
			continue
		}
		if err := child.same(at, doubtful); err != nil {
			return err
		}
	}
	return nil
}
