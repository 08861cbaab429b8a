package cardsim

import (
	"bytes"
	"encoding/binary"
)

const (
	maxStored  = 512  // card.md 5.2
	lastPiece  = 0x80 // P1 of the last STORE DATA
	limitsSize = 8
)

// pieces are what STORE DATA has brought so far. They go with the channel.
type pieces struct {
	data []byte
	next int
}

// generateKey is card.md 5.2. The pair is kept over a loss of power: its certificate may be on the way.
func (c *Core) generateKey([]byte) reply {
	c.work.add(opKeyPair)
	key, err := drawKey(c.entropy)
	if err != nil {
		return refuse(swFault)
	}
	t := c.nvm.begin()
	t.setBytes(keyAt, key.Bytes())
	if err := t.commit(); err != nil {
		return refuse(swFault)
	}
	c.key = key
	return done(key.PublicKey().Bytes()...)
}

// storeData is card.md 5.2. Whatever is refused takes the pieces before it along.
func (c *Core) storeData(cmd command) reply {
	before := c.pieces
	c.pieces = pieces{}
	if cmd.p2 == 0 {
		before = pieces{}
	}
	switch {
	case cmd.p1&^lastPiece != 0, int(cmd.p2) != before.next:
		return refuse(swParameters)
	case len(cmd.data) == 0:
		return refuse(swLength)
	case len(before.data)+len(cmd.data) > maxStored:
		return refuse(swNoRoom)
	}
	whole := append(before.data, cmd.data...)
	if cmd.p1 != lastPiece {
		c.pieces = pieces{data: whole, next: before.next + 1}
		return done()
	}
	id, ok := parseStored(whole)
	if !ok || !bytes.Equal(id.certificate.publicKey(), c.key.PublicKey().Bytes()) {
		return refuse(swData)
	}
	if err := c.activate(id); err != nil {
		return refuse(swFault)
	}
	c.endSession() // who holds transport keys has no business with an active card
	return done()
}

// parseStored reads the TLVs of card.md 5.2; the last three may be missing.
func parseStored(b []byte) (identity, bool) {
	var id identity
	var limits []byte
	for _, f := range []struct {
		tag      byte
		size     int // 0: any
		into     *[]byte
		optional bool
	}{
		{0x70, certSize, (*[]byte)(&id.certificate), false},
		{0x71, 16, &id.ktx, false}, {0x72, 16, &id.kld, false}, {0x73, 0, &id.info, false},
		{0x74, blockSize, &id.pin, true}, {0x75, blockSize, &id.puk, true}, {0x76, limitsSize, &limits, true},
	} {
		value, rest, ok := takeTLV(b, f.tag)
		if !ok && f.optional {
			continue
		}
		if !ok || f.size != 0 && len(value) != f.size {
			return identity{}, false
		}
		*f.into, b = value, rest
	}
	if limits != nil {
		id.single, id.cumulative = binary.BigEndian.Uint32(limits), binary.BigEndian.Uint32(limits[4:])
	}
	i, ok := parseInfo(id.info)
	ok = ok && i.check() == nil && id.certificate.checkForm() == nil && len(b) == 0
	for _, block := range [][]byte{id.pin, id.puk} {
		ok = ok && (block == nil || validBlock(block))
	}
	return id, ok
}
