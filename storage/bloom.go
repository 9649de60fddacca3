package storage

import (
	"encoding/binary"
	"math/bits"
	"sync/atomic"

	"saqbol/fraud"
)

// bloom is a set of keys that may hold more than was put in, and never
// less: a blocked Bloom filter. A key has one block, which is one line of the
// processor's cache, and one bit in each of the block's words. The keys are keyed
// hashes already, so their own bits say which. Adding and asking go side by side
// without locks.
type bloom struct {
	blocks []block
	room   int          // how many keys it was made for
	keys   atomic.Int64 // about how many it holds: a key all of whose bits were set is not counted
}

type block [8]atomic.Uint64

// keyBits is how much memory a key gets where the filter holds what it was made
// for: then of a thousand other keys one is taken for one of them.
const keyBits = 16

// fewestKeys is what the smallest filter is made for, 64 KB.
const fewestKeys = 1 << 15

func newBloom(room int) *bloom {
	room = max(room, fewestKeys)
	return &bloom{blocks: make([]block, (room*keyBits+511)/512), room: room}
}

// full reports whether it holds so much more than it was made for that too many
// questions pass: about one in sixty.
func (b *bloom) full() bool { return b.keys.Load() > int64(b.room)*3/2 }

func (b *bloom) bytes() int { return len(b.blocks) * 64 }

func (b *bloom) place(key fraud.Key) (in *block, pattern uint64) {
	at, _ := bits.Mul64(binary.BigEndian.Uint64(key[:8]), uint64(len(b.blocks)))
	return &b.blocks[at], binary.BigEndian.Uint64(key[8:])
}

func (b *bloom) add(key fraud.Key) {
	in, pattern := b.place(key)
	added := false
	for i := range in {
		bit := uint64(1) << (pattern & 63)
		pattern >>= 6
		added = in[i].Or(bit)&bit == 0 || added
	}
	if added {
		b.keys.Add(1)
	}
}

// has reports whether the key may be among those added; false is certain.
func (b *bloom) has(key fraud.Key) bool {
	in, pattern := b.place(key)
	for i := range in {
		if in[i].Load()&(1<<(pattern&63)) == 0 {
			return false
		}
		pattern >>= 6
	}
	return true
}
