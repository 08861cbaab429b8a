// Package arch holds the tests that keep the shape of the repository: which way imports run, where third parties may
// appear, and that every package says what it is for. It has no code of its own and nothing imports it.
package arch
