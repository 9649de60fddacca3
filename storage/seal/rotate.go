package seal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/daead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

// A rotation goes in three steps, each a set that is saved before it is used:
// Add (the new keys are known and seal nothing), Promote (they seal, the old ones
// still open), Retire (the old ones are gone). The index key stays: rows are found
// by its hashes, so changing it would mean rewriting every row and, for cards, is
// impossible, because their numbers are kept nowhere. An index key that leaked is
// answered by exporting and importing into a new database.

// ErrOtherKeys is returned for a set that was not made from this one: its index
// key is another, and with it nothing would be found.
var ErrOtherKeys = errors.New("it is the key set of another database: put the right one back")

// errUnknown is returned for what was sealed under a key that is not in the set.
var errUnknown = errors.New("it was sealed under a key that is not in this key set")

// Add returns a set with fresh keys for values and tokens that open and do not
// seal yet. k is unchanged.
func (k *Keys) Add() (*Keys, error) {
	now := k.now.Load()
	values, err := added(now.values, aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("adding a key for values: %w", err)
	}
	tokens, err := added(now.tokens, daead.AESSIVKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("adding a key for tokens: %w", err)
	}
	return newKeys(values, tokens, now.index)
}

// Promote returns a set that seals under its newest keys; what the others made
// still opens. k is unchanged.
func (k *Keys) Promote() (*Keys, error) {
	now := k.now.Load()
	values, err := led(now.values, last(now.values))
	if err != nil {
		return nil, fmt.Errorf("choosing the key for values: %w", err)
	}
	tokens, err := led(now.tokens, last(now.tokens))
	if err != nil {
		return nil, fmt.Errorf("choosing the key for tokens: %w", err)
	}
	return newKeys(values, tokens, now.index)
}

// Rotate is Add and Promote at once, for a set that nobody else holds.
func (k *Keys) Rotate() (*Keys, error) {
	next, err := k.Add()
	if err != nil {
		return nil, err
	}
	return next.Promote()
}

// Retire returns a set without the keys that do not seal: what they made opens
// no more. k is unchanged.
func (k *Keys) Retire() (*Keys, error) {
	now := k.now.Load()
	values, err := alone(now.values)
	if err != nil {
		return nil, fmt.Errorf("retiring keys for values: %w", err)
	}
	tokens, err := alone(now.tokens)
	if err != nil {
		return nil, fmt.Errorf("retiring keys for tokens: %w", err)
	}
	return newKeys(values, tokens, now.index)
}

// Adopt makes k the set that next is, for everybody who holds k. It returns
// ErrOtherKeys, and changes nothing, for a set of another database.
func (k *Keys) Adopt(next *Keys) error {
	if next.Fingerprint() != k.Fingerprint() {
		return ErrOtherKeys
	}
	k.now.Store(next.now.Load())
	return nil
}

// Follow makes k seal values under the key that made sealed, for everybody who
// holds k. Which key seals is the database's to say, not the file's: so all who
// write to it change at the same moment.
func (k *Keys) Follow(sealed []byte) error {
	for {
		now := k.now.Load()
		id, known := now.maker(sealed)
		if !known {
			return errUnknown
		}
		if id == now.primary {
			return nil
		}
		values, err := led(now.values, id)
		if err != nil {
			return fmt.Errorf("choosing the key for values: %w", err)
		}
		next, err := newSet(values, now.tokens, now.index)
		if err != nil {
			return err
		}
		if k.now.CompareAndSwap(now, next) { // else Adopt was faster
			return nil
		}
	}
}

// Newest reports whether sealed was made under the key that seals now.
func (k *Keys) Newest(sealed []byte) bool {
	now := k.now.Load()
	id, known := now.maker(sealed)
	return known && id == now.primary
}

// Outdated reports whether sealed was made under a key of the set that does not
// seal now.
func (k *Keys) Outdated(sealed []byte) bool {
	now := k.now.Load()
	id, known := now.maker(sealed)
	return known && id != now.primary
}

// Knows reports whether sealed was made under a key of the set.
func (k *Keys) Knows(sealed []byte) bool {
	_, known := k.now.Load().maker(sealed)
	return known
}

// Pending reports whether the newest keys do not seal yet: a rotation has begun.
func (k *Keys) Pending() bool {
	now := k.now.Load()
	return last(now.values) != now.primary ||
		last(now.tokens) != now.tokens.KeysetInfo().GetPrimaryKeyId()
}

// Spare is how many keys for values there are besides the one that seals.
func (k *Keys) Spare() int { return k.now.Load().values.Len() - 1 }

// Known names the keys of the set, "v" and "t" with tink's key ids: no secret, and
// enough to see whether another program holds the same ones.
func (k *Keys) Known() []string {
	now := k.now.Load()
	var names []string
	for prefix, handle := range map[string]*keyset.Handle{"v": now.values, "t": now.tokens} {
		for _, info := range handle.KeysetInfo().GetKeyInfo() {
			names = append(names, fmt.Sprintf("%s%08x", prefix, info.GetKeyId()))
		}
	}
	slices.Sort(names)
	return names
}

// prefix is the length of what tink puts before a sealed value: a version byte
// and the id of the key.
const prefix = 5

// overhead is what sealing adds: the prefix, the nonce and the tag.
const overhead = prefix + 24 + 16

// maker is the id of the key of the set that sealed a value.
func (s *set) maker(sealed []byte) (id uint32, known bool) {
	if len(sealed) < overhead || sealed[0] != 1 {
		return 0, false
	}
	id = uint32(sealed[1])<<24 | uint32(sealed[2])<<16 | uint32(sealed[3])<<8 | uint32(sealed[4])
	return id, slices.Contains(s.ids, id)
}

// last is the id of a keyset's newest key: keys are added at the end.
func last(handle *keyset.Handle) uint32 {
	infos := handle.KeysetInfo().GetKeyInfo()
	return infos[len(infos)-1].GetKeyId()
}

func added(handle *keyset.Handle, template *tinkpb.KeyTemplate) (*keyset.Handle, error) {
	m := keyset.NewManagerFromHandle(handle)
	if _, err := m.Add(template); err != nil {
		return nil, err
	}
	return m.Handle()
}

// led is the keyset with the key of this id as the one that seals.
func led(handle *keyset.Handle, id uint32) (*keyset.Handle, error) {
	m := keyset.NewManagerFromHandle(handle)
	if err := m.SetPrimary(id); err != nil {
		return nil, err
	}
	return m.Handle()
}

// alone is the keyset with only the key that seals.
func alone(handle *keyset.Handle) (*keyset.Handle, error) {
	m, info := keyset.NewManagerFromHandle(handle), handle.KeysetInfo()
	for _, key := range info.GetKeyInfo() {
		if key.GetKeyId() == info.GetPrimaryKeyId() {
			continue
		}
		if err := m.Delete(key.GetKeyId()); err != nil {
			return nil, err
		}
	}
	return m.Handle()
}

// Beginnings are the bytes with which values begin that were sealed under keys of
// the set that do not seal now.
func (k *Keys) Beginnings() [][]byte {
	now := k.now.Load()
	var out [][]byte
	for _, id := range now.ids {
		if id != now.primary {
			out = append(out, binary.BigEndian.AppendUint32([]byte{1}, id))
		}
	}
	return out
}
