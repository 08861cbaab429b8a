// Package hodb is head office's books on disk: the stores' logs as they came, what was posted from them, the registers of
// stores, members, cards and programmes, the feed and the closed days.
//
// It owns the schema and every line of SQL. Entries and legs are only ever appended. It does not know what an entry is
// worth, holds no key, and must never move points without both sides of the movement.
package hodb
