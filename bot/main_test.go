package bot

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain looks for goroutines left behind. A test's own server may still be
// waiting half a second for the other side to hang up.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}
