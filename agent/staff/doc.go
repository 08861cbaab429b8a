// Package staff is who may do what in a store, and how a PIN proves who somebody is.
//
// It owns the roles with their rights, the slow hash of a PIN, which PINs are too easy, and how long a wrong one has to wait. It
// must never keep a PIN, and knows nothing of databases or of the network.
package staff
