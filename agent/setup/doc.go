// Package setup is a store's first start: pairing with head office, trying the devices that are plugged in, and writing the first
// configuration file; and later the way to other tills: the file changed, the agent started anew when nobody is disturbed.
//
// It owns the configuration, and the identity folder until both are there. It must never replace an identity or part a ledger from
// its own, send to a port that nobody has chosen, change what a page does not settle, or log a pairing code.
package setup
