// Package wire is the protocol between a store and head office (docs/wire.md): messages, limits, versions, error codes,
// and the forms in which they travel.
//
// It owns the bytes on the line and nothing behind them. It must never decide what a store or head office does with a
// message, and must never trust a length, a count or a compressed stream before it was measured.
package wire
