package seal

import (
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/prf/subtle"
)

// MarkSize is how many bytes a mark has: of a damaged row one in 2^48 passes.
const MarkSize = 6

// Mark is a keyed check value (AES-CMAC, truncated) over the plain columns of a
// row. It shows whether they are as this program wrote them, to those who have
// the keys and to nobody else. Marks outlive rotations: they hang on the index key.
type Mark [MarkSize]byte

// Mark makes the mark of a row. The caller writes the row down so that no two
// rows, of one table or of several, read the same.
func (k *Keys) Mark(row []byte) Mark {
	out, err := k.now.Load().marks.ComputePRF(row, MarkSize)
	if err != nil { // only for an output longer than a block: never
		panic("seal: " + err.Error())
	}
	return Mark(out)
}

// marksFrom derives the key for marks from the index key.
func marksFrom(index prf.PRF) (*subtle.AESCMACPRF, error) {
	const size = 32 // AES-256
	key, err := index.ComputePRF([]byte("marks\x00"), size)
	if err != nil {
		return nil, errors.New("the keyset for the index gives no key for marks")
	}
	marks, err := subtle.NewAESCMACPRF(key)
	if err != nil {
		return nil, fmt.Errorf("making a key for marks: %w", err)
	}
	return marks, nil
}
