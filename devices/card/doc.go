// Package card speaks with the chain's loyalty card, application LYL1, over any Transmitter: it tells a genuine card from
// every other, opens a protected session, has the PIN checked by the card, and moves points in the card's purse.
//
// It owns the host side of docs/card.md (the comments "card.md 3.5" point there): bytes, session cryptography, and what an
// answer proves; and for head office, which makes cards, the way from a blank to a member's card. It must never hold a CA
// private key, keep a card's K_tx or K_ld that it hands to a blank, repeat a PIN, or take an answer without the card's MAC for
// an outcome. It opens no device, keeps no file and never logs.
package card

import "context"

// Disposition says what a reader does with the card when a connection ends.
type Disposition int

const (
	Leave   Disposition = iota // as it is
	Reset                      // warm reset: wipes the session and the PIN's verified state
	Unpower                    // power off
	Eject                      // out of the slot, where a reader can
)

// Transmitter is one connection to one card: a PC/SC reader, or the direct link to a simulated card.
type Transmitter interface {
	// Transmit sends a command APDU, puts the answer into rapdu and returns its length. It keeps neither buffer. After an
	// error nothing is known about what the card did.
	Transmit(ctx context.Context, capdu, rapdu []byte) (int, error)
	// Control speaks with the reader itself, a pinpad for example.
	Control(ctx context.Context, code uint32, in []byte) ([]byte, error)
	ATR() []byte
	Close(how Disposition) error
}
