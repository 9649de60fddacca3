//go:build unix && !linux

package main

// fileSystem knows no file systems here.
func fileSystem(string) string { return "" }
