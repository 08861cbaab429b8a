// Package fleet runs a chain of stores and its head office for days in seconds: the shipped handlers, uplink, rules and
// ledgers over lines in memory, under the clock of a test bubble and faults that follow from a seed. Beside it a model keeps
// its own books, and in the end both must agree. It has no code of its own and nothing imports it.
package fleet
