// Package doors proves that points cannot be spent twice: real agents on real ledgers and a real head office, with a line between
// them that a test cuts. It holds tests only.
package doors
