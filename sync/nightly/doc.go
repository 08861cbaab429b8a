// Package nightly is the form in which closed business days are handed to other programs: one row for each entry of the log, as CSV
// and as Parquet, and the entries themselves, zipped.
//
// It owns columns, units and encodings (docs/nightly.md). It must never decide what is in a day, nor what an entry means to anybody's
// points: what a row says is what the store's entry says, and whether head office counted it.
package nightly
