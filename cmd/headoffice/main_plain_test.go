//go:build !(linux && cgo && pcsc)

package main

// isolate has nothing to do without a card service.
func isolate() {}
