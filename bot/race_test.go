//go:build race

package bot

// racing is whether the race detector watches, which takes ten times as long.
const racing = true
