package card

import (
	"crypto/sha256"
	"encoding/binary"
)

// Labels of the keys that head office derives for each card, card.md 1.
const (
	LabelTX   = "LYL1-TX"
	LabelLoad = "LYL1-LD"
)

// DerivationInput is what head office runs CMAC over, under a master key, to get a card's key: one block of SP 800-108 in
// counter mode.
func DerivationInput(label string, id ID) []byte {
	const counter, bits = 1, 0x80
	in := binary.BigEndian.AppendUint32(nil, counter)
	in = append(in, label...)
	in = append(in, 0)
	in = append(in, id[:]...)
	return binary.BigEndian.AppendUint32(in, bits)
}

// sessionKeys are the four keys of one session, card.md 3.1.
type sessionKeys struct{ confirm, enc, mac, rmac Key }

// deriveSessionKeys is the one-step KDF of SP 800-56C over the shared secret z.
func deriveSessionKeys(z, info []byte) sessionKeys {
	block := func(counter uint32) [sha256.Size]byte {
		in := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(z)+len(info)), counter)
		in = append(append(in, z...), info...)
		defer clear(in)
		return sha256.Sum256(in)
	}
	first, second := block(1), block(2)
	return sessionKeys{
		confirm: Key(first[:16]), enc: Key(first[16:]),
		mac: Key(second[:16]), rmac: Key(second[16:]),
	}
}
