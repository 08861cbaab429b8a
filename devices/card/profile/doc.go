// Package profile reads cards that others made, and numbers that a till scanned or was given, by profile files: declarative,
// one for each kind of card, with commands from a short list.
//
// It owns the form of the files, what may be sent to such a card, and how a number comes out of what the card holds. It is
// pure over a card.Transmitter: it opens no device and no file. It must never write to a card, select a payment application,
// give out a number that looks like a payment card's, keep or repeat a PIN, or show more of a number than its ends.
package profile

import "time"

// Limits of a profile and of one reading.
const (
	MaxFileBytes = 64 << 10
	MaxSteps     = 20
	MaxTextBytes = 512         // of what a till sends
	ReadLimit    = time.Second // of all profiles together, and again from a PIN on

	maxProfiles = 64
	maxFaults   = 50
	maxNesting  = 8
)
