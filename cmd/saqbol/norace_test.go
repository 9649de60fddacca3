//go:build !race

package main

// racing is whether the race detector watches, which takes ten times as long.
const racing = false
