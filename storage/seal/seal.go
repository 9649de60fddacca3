// Package seal holds SaqBol's keys and everything that is done with them:
// values sealed for the database, keyed hashes by which rows are found, and the
// tokens behind buttons. The keys live outside the database, in SAQBOL_KEY or in
// saqbol.key, so a copy of the database alone tells nothing about anybody.
package seal

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/daead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/prf/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"

	"saqbol/fraud"
)

// hidden is what a key prints as, whatever the verb.
const hidden = "***"

// Keys is the whole set: one keyset seals values (XChaCha20-Poly1305: its random
// nonce of 24 bytes never repeats, however much is sealed), one makes tokens
// (AES-SIV: deterministic and short) and one makes index keys (HMAC-SHA256).
// Keys are safe for concurrent use and never print themselves; Adopt and Follow
// change them under everybody who holds them.
type Keys struct{ now *atomic.Pointer[set] }

// set is what Keys are at one moment.
type set struct {
	values, tokens, index *keyset.Handle

	ids     []uint32 // of the keys for values, oldest first
	primary uint32   // the one of them that seals

	aead  tink.AEAD
	daead tink.DeterministicAEAD
	prf   prf.PRF
	marks *subtle.AESCMACPRF
}

// Generate makes a new set from the system's randomness.
func Generate() (*Keys, error) {
	values, err := keyset.NewHandle(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("making a key for values: %w", err)
	}
	tokens, err := keyset.NewHandle(daead.AESSIVKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("making a key for tokens: %w", err)
	}
	index, err := keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("making a key for the index: %w", err)
	}
	return newKeys(values, tokens, index)
}

func newKeys(values, tokens, index *keyset.Handle) (*Keys, error) {
	s, err := newSet(values, tokens, index)
	if err != nil {
		return nil, err
	}
	k := &Keys{now: new(atomic.Pointer[set])}
	k.now.Store(s)
	return k, nil
}

// newSet builds the primitives once: Index and Token run on every check.
func newSet(values, tokens, index *keyset.Handle) (*set, error) {
	s := &set{values: values, tokens: tokens, index: index}
	info := values.KeysetInfo()
	s.primary = info.GetPrimaryKeyId()
	for _, key := range info.GetKeyInfo() {
		s.ids = append(s.ids, key.GetKeyId())
	}
	var err error
	if s.aead, err = aead.New(values); err != nil {
		return nil, errors.New("the keyset for values is no AEAD keyset")
	}
	if s.daead, err = daead.New(tokens); err != nil {
		return nil, errors.New("the keyset for tokens is no deterministic AEAD keyset")
	}
	prfs, err := prf.NewPRFSet(index)
	if err != nil {
		return nil, errors.New("the keyset for the index is no PRF keyset")
	}
	s.prf = prfs.PRFs[prfs.PrimaryID]
	if s.marks, err = marksFrom(s.prf); err != nil {
		return nil, err
	}
	return s, nil
}

// Place says where a sealed value stands. It is authenticated with the value,
// so a value moved to another row, column or table no longer opens.
type Place struct {
	Table  string
	Column string
	Row    []byte // what identifies the row
}

func (p Place) data() []byte {
	data := make([]byte, 0, len(p.Table)+len(p.Column)+len(p.Row)+2)
	data = append(append(data, p.Table...), 0)
	data = append(append(data, p.Column...), 0)
	return append(data, p.Row...)
}

// Seal encrypts a value for its place. The result is 45 bytes longer.
func (k *Keys) Seal(plain []byte, at Place) ([]byte, error) {
	sealed, err := k.now.Load().aead.Encrypt(plain, at.data())
	if err != nil {
		return nil, fmt.Errorf("sealing %s.%s: %w", at.Table, at.Column, err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same place, under this set or one that it
// was rotated from.
func (k *Keys) Open(sealed []byte, at Place) ([]byte, error) {
	plain, err := k.now.Load().aead.Decrypt(sealed, at.data())
	if err != nil {
		return nil, fmt.Errorf("opening %s.%s: sealed under another key, for another place, or damaged", at.Table, at.Column)
	}
	return plain, nil
}

// Index makes the keyed hash under which a value is found. kind keeps apart
// values of different sorts ("person", "phone"); it holds no zero byte.
func (k *Keys) Index(kind, value string) fraud.Key {
	input := make([]byte, 0, 64)
	input = append(append(input, kind...), 0)
	input = append(input, value...)
	out, err := k.now.Load().prf.ComputePRF(input, uint32(len(fraud.Key{})))
	if err != nil { // only for an output longer than the hash: never
		panic("seal: " + err.Error())
	}
	return fraud.Key(out)
}

// Fingerprint recognises the set: it stays the same through rotations and
// reveals nothing. A database keeps it so that a wrong key is noticed at once.
func (k *Keys) Fingerprint() fraud.Key { return k.Index("fingerprint", "saqbol") }

// String prints no key.
func (k Keys) String() string { return hidden }

// GoString prints no key.
func (k Keys) GoString() string { return hidden }

// LogValue logs no key.
func (k Keys) LogValue() slog.Value { return slog.StringValue(hidden) }

// Format prints no key, whatever the verb.
func (k Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalJSON writes no key; Text is the way to write the key file.
func (k Keys) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }
