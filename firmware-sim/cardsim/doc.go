// Package cardsim is a simulated LYL1 loyalty card: the card's application with its non-volatile memory, the
// connection of a card to a virtual reader (vpcd protocol, or our own driver's), and a bench of named readers and cards
// with accidents on command, speeds of real cards, a control interface and its page.
//
// It owns the card's memory image and its file. It is written from docs/card.md alone and imports nothing of the
// product, so that host and card are two readings of one specification and a mistake in one of them shows.
//
// It must never tell a key, a PIN or a PUK to anybody but the memory image, answer before a change is committed, or
// serve as anything but a test card: the image lies unprotected in a file.
package cardsim
