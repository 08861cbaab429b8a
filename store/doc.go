// Package store is what every database of the product has in common: opening SQLite safely, one writer with frozen time
// and group commit, read-only connections, migrations, backup and integrity checks; and the few values that a store's
// agent and head office must compute alike: the hash chain, the signed position and the identity folder.
//
// It owns how a file is opened and locked, never what is in it: schemas and SQL live in store/agentdb and store/hodb. It
// knows nothing of points and must never weaken a durability setting to go faster.
package store
