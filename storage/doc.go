// Package storage keeps SaqBol's data in SQL. Exported methods are transactions;
// the unexported functions under them take the transaction and hold the SQL,
// one text for every database. Only opening (sqlite.go, migrate.go, errors.go)
// and migrations/ know which database it is.
//
// Nothing personal stands in the clear: rows are found by keyed hashes, and
// numbers, words, Telegram ids, drafts and outgoing calls are sealed for their
// place (storage/seal). Times, scenarios, states and counts are plain, so that
// sums need no keys. A report's code is plain too: it is random, names nobody,
// and is what a dispatcher searches for.
package storage
