package storage

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

// A backup is a SQLite file with a seal behind its last page, where SQLite does
// not look: what the copy holds and the SHA-256 of its bytes, sealed under the
// keys. So a flipped bit that SQLite would not notice is found, and so is a file
// that somebody without the keys has made.
//
//	the database | sealed manifest | its length, 4 bytes | fingerprint, 16 | sealMagic, 16
const (
	sealMagic   = "SaqBol backup\x00\x00\x01"
	sealTail    = 4 + len(fraud.Key{}) + len(sealMagic)
	maxManifest = 1 << 20
)

// What a file that is to be restored can lack.
var (
	ErrUnsealed = errors.New("it bears no seal: it is cut off, or was not made by `saqbol backup`. If you trust it, restore it with --unsealed")
	ErrNoBackup = errors.New("it is no backup: name a file that `saqbol backup` made")
	ErrBroken   = errors.New("it is damaged or was changed: take another backup")
)

func manifestPlace() seal.Place { return seal.Place{Table: "backup", Column: "manifest"} }

// manifest is what is sealed; the names are on people's disks.
type manifest struct {
	Taken  int64       `json:"taken"`
	Schema int64       `json:"schema"`
	Served bool        `json:"served"`
	Tables []TableSize `json:"tables"`
	Size   int64       `json:"size"`
	SHA256 []byte      `json:"sha256"`
}

func (m manifest) backup() Backup {
	return Backup{Taken: moment(m.Taken), Schema: m.Schema, Served: m.Served, Tables: m.Tables, Size: m.Size}
}

// sealBackup puts the seal behind a copy, makes all of it durable, and returns the
// size without the seal.
func sealBackup(path string, keys *seal.Keys, made Backup) (size int64, err error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	hash := sha256.New()
	size, err = io.Copy(hash, file) // leaves the file at its end
	if err != nil {
		return 0, fmt.Errorf("reading the copy: %w", err)
	}
	m := manifest{Taken: millis(made.Taken), Schema: made.Schema, Served: made.Served, Tables: made.Tables, Size: size, SHA256: hash.Sum(nil)}
	plain, err := json.Marshal(m)
	if err != nil {
		return 0, fmt.Errorf("encoding the manifest: %w", err)
	}
	sealed, err := keys.Seal(plain, manifestPlace())
	if err != nil {
		return 0, err
	}
	tail := binary.BigEndian.AppendUint32(sealed, uint32(len(sealed)))
	fingerprint := keys.Fingerprint()
	tail = append(append(tail, fingerprint[:]...), sealMagic...)
	if _, err := file.Write(tail); err != nil {
		return 0, fmt.Errorf("writing the seal: %w", err)
	}
	return size, file.Sync()
}

// isBackup reports whether a file looks like one that a backup made, of this
// database or another, under whatever keys. A database is none: it bears no seal.
func isBackup(path string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { _ = file.Close() }() // read only
	info, err := file.Stat()
	if err != nil || info.Size() < int64(len(sqliteMagic)+sealTail) {
		return false, err
	}
	head, tail := make([]byte, len(sqliteMagic)), make([]byte, len(sealMagic))
	_, err = file.ReadAt(head, 0)
	_, failed := file.ReadAt(tail, info.Size()-int64(len(tail)))
	return string(head) == sqliteMagic && string(tail) == sealMagic, errors.Join(err, failed)
}

// readSeal reads the seal of a file that is open at any place. The error is
// ErrUnsealed, ErrWrongKey or ErrBroken.
func readSeal(file *os.File, keys *seal.Keys) (manifest, error) {
	info, err := file.Stat()
	if err != nil {
		return manifest{}, err
	}
	tail := make([]byte, sealTail)
	if info.Size() < int64(sealTail) {
		return manifest{}, ErrUnsealed
	}
	if _, err := file.ReadAt(tail, info.Size()-int64(sealTail)); err != nil {
		return manifest{}, err
	}
	if !bytes.HasSuffix(tail, []byte(sealMagic)) {
		return manifest{}, ErrUnsealed
	}
	length := int64(binary.BigEndian.Uint32(tail))
	size := info.Size() - int64(sealTail) - length
	if length > maxManifest || size < 0 {
		return manifest{}, ErrBroken
	}
	if fingerprint := keys.Fingerprint(); !bytes.Equal(tail[4:4+len(fingerprint)], fingerprint[:]) {
		return manifest{}, ErrWrongKey
	}
	sealed := make([]byte, length)
	if _, err := file.ReadAt(sealed, size); err != nil {
		return manifest{}, err
	}
	plain, err := keys.Open(sealed, manifestPlace())
	if err != nil {
		// The set is the right one, as its fingerprint says.
		return manifest{}, fmt.Errorf("%w; or it was made under a newer key than this key file holds", ErrBroken)
	}
	var m manifest
	if err := json.Unmarshal(plain, &m); err != nil || m.Size != size {
		return manifest{}, ErrBroken
	}
	return m, nil
}
