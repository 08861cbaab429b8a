// Package loyalty is the meaning of points: programmes, quotes, postings, lots and explanations.
//
// It owns the domain types and every rule that decides what a sale earns or may redeem. It is pure: values in, values
// out; no clock, no disk, no network, no goroutine, no float, no map order in any result. A till and head office run
// this same code and must get the same bytes from the same bytes.
package loyalty
