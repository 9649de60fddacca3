//go:build !saqbol_torture_normal

package storage

// synchronous has SQLite wait until every commit is on the disk. What people are
// told is stored survives a power cut (docs/adr/0014).
const synchronous = "FULL"
