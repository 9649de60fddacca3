//go:build !race

package storage_test

// racing is whether the race detector watches, which takes ten times as long.
const racing = false
