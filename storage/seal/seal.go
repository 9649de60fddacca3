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

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/daead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"

	"saqbol/fraud"
)

// hidden is what a key prints as, whatever the verb.
const hidden = "***"

// Keys is the whole set: one keyset seals values (XChaCha20-Poly1305: its random
// nonce of 24 bytes never repeats, however much is sealed), one makes tokens
// (AES-SIV: deterministic and short) and one makes index keys (HMAC-SHA256).
// Keys are safe for concurrent use and never print themselves.
type Keys struct {
	values, tokens, index *keyset.Handle

	aead  tink.AEAD
	daead tink.DeterministicAEAD
	prf   prf.PRF
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

// newKeys builds the primitives once: Index and Token run on every check.
func newKeys(values, tokens, index *keyset.Handle) (*Keys, error) {
	k := &Keys{values: values, tokens: tokens, index: index}
	var err error
	if k.aead, err = aead.New(values); err != nil {
		return nil, errors.New("the keyset for values is no AEAD keyset")
	}
	if k.daead, err = daead.New(tokens); err != nil {
		return nil, errors.New("the keyset for tokens is no deterministic AEAD keyset")
	}
	set, err := prf.NewPRFSet(index)
	if err != nil {
		return nil, errors.New("the keyset for the index is no PRF keyset")
	}
	k.prf = set.PRFs[set.PrimaryID]
	return k, nil
}

// Rotate returns a set whose new values and tokens are made under fresh keys;
// what the old ones made still opens. The index key stays: rows are found by
// its hashes, so changing it would mean rewriting every row and, for cards, is
// impossible, because their numbers are kept nowhere. An index key that leaked
// is answered by exporting and importing into a new database.
//
// k itself is unchanged. Save the new set (Text) before anything is sealed with it.
func (k *Keys) Rotate() (*Keys, error) {
	values, err := withNewPrimary(k.values, aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("rotating the key for values: %w", err)
	}
	tokens, err := withNewPrimary(k.tokens, daead.AESSIVKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("rotating the key for tokens: %w", err)
	}
	return newKeys(values, tokens, k.index)
}

func withNewPrimary(old *keyset.Handle, template *tinkpb.KeyTemplate) (*keyset.Handle, error) {
	m := keyset.NewManagerFromHandle(old)
	id, err := m.Add(template)
	if err != nil {
		return nil, err
	}
	if err := m.SetPrimary(id); err != nil {
		return nil, err
	}
	return m.Handle()
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
	sealed, err := k.aead.Encrypt(plain, at.data())
	if err != nil {
		return nil, fmt.Errorf("sealing %s.%s: %w", at.Table, at.Column, err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same place, under this set or one that it
// was rotated from.
func (k *Keys) Open(sealed []byte, at Place) ([]byte, error) {
	plain, err := k.aead.Decrypt(sealed, at.data())
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
	out, err := k.prf.ComputePRF(input, uint32(len(fraud.Key{})))
	if err != nil { // only for an output longer than the hash: never
		panic("seal: " + err.Error())
	}
	return fraud.Key(out)
}

// Fingerprint recognises the set: it stays the same through rotations and
// reveals nothing. A database keeps it so that a wrong key is noticed at once.
func (k *Keys) Fingerprint() fraud.Key { return k.Index("fingerprint", "saqbol") }

// Newest reports whether sealed was made under the newest key for values.
func (k *Keys) Newest(sealed []byte) bool {
	const prefix = 5 // tink's: a version byte and the key's id
	id := k.values.KeysetInfo().GetPrimaryKeyId()
	return len(sealed) > prefix && sealed[0] == 1 &&
		sealed[1] == byte(id>>24) && sealed[2] == byte(id>>16) && sealed[3] == byte(id>>8) && sealed[4] == byte(id)
}

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
