// Package tears holds the tear proof: one card, two stores that never speak to each other, and the power going at every
// single moment, all on the real parts: card simulator with its memory, link, agent, ledger on disk, head office. It has no
// code of its own and nothing imports it.
package tears
