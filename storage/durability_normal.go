//go:build saqbol_torture_normal

package storage

// synchronous as no build for people has it: commits of the last minutes are lost
// in a power cut. It is the control that cmd/torture must see fail.
const synchronous = "NORMAL"
