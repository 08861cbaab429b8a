// Package agentdb is the store's ledger on disk, with the card intents and the print journal that belong to its
// transactions, and the store's copy of what head office knows of members.
//
// It owns two files and their schemas: ledger.db, small and precious, and members.db, which head office can send again.
// Entries are only ever appended, as the bytes that were hashed. Nothing here decides how many points a sale is worth,
// talks to a device or to the network, or deletes what head office has not confirmed.
package agentdb
