package storage

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// After a statement that failed none is run, and its error is what the transaction
// is told, whoever asks.
func TestWritingEndsAtTheFirstFailure(t *testing.T) {
	store, _ := openForTest(t)
	err := store.write.transact(t.Context(), func(ctx context.Context, t *tx) error {
		w := newWriting(ctx, store, t)
		for _, doing := range []string{"the first", "the second"} {
			w.queue <- statement{doing, `INSERT INTO nowhere VALUES (1)`, nil}
		}
		return errors.Join(w.close(), w.inTurn(func() error { return errors.New("it was run") }))
	})
	if err == nil || !strings.Contains(err.Error(), "the first") || strings.Contains(err.Error(), "the second") || strings.Contains(err.Error(), "it was run") {
		t.Errorf("%v", err)
	}
}
