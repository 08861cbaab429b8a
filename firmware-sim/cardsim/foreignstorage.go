package cardsim

import (
	"bytes"
	"io"
)

// sectorKeys are the two keys of a sector.
type sectorKeys struct {
	A HexBytes `json:"a,omitempty"`
	B HexBytes `json:"b,omitempty"`
}

// A reader speaks with cards that have no processor and gives the host commands of PC/SC part 3, 3.2.2 for them. Behind a
// virtual reader, which passes everything on, the card plays both.
const (
	claReader       = 0xFF
	insLoadKey      = 0x82
	insAuthenticate = 0x86

	keyA, keyB   = 0x60, 0x61
	sectorBlocks = 4
	blockSize16  = 16
	noSector     = -1

	swNoAuth     statusWord = 0x6982
	swAuthFailed statusWord = 0x6300
	swFunction   statusWord = 0x6A81
)

// storageChip is a contactless card with a serial number and, if it is a MIFARE Classic, sectors behind keys.
type storageChip struct {
	file    *foreignFile
	entropy io.Reader

	uid    []byte
	loaded []byte // key in the reader
	open   int    // sector
}

// Names of cards in the answer to reset, PC/SC part 3 supplement.
const (
	nameClassic1K  = 0x0001
	nameUltralight = 0x0003
)

func (c *storageChip) atr() []byte {
	if len(c.file.ATR) > 0 {
		return bytes.Clone(c.file.ATR)
	}
	name := byte(nameUltralight)
	if c.file.Format == formatClassic {
		name = nameClassic1K
	}
	return withCheck([]byte{0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0, 0, 0x03, 0x06, 0x03, 0, name, 0, 0, 0, 0})
}

func (c *storageChip) powerOn() error {
	c.uid, c.loaded, c.open = c.file.UID, nil, noSector
	if !c.file.Random {
		return nil
	}
	c.uid = []byte{0x08, 0, 0, 0} // ISO/IEC 14443-3, 6.5.4
	_, err := io.ReadFull(c.entropy, c.uid[1:])
	return err
}

func (c *storageChip) process(cmd command) reply {
	if cmd.cla != claReader {
		return refuse(swClass)
	}
	switch cmd.ins {
	case insGetData:
		if cmd.p1p2() != 0 {
			return refuse(swFunction)
		}
		return done(c.uid...)
	case insLoadKey:
		if len(cmd.data) != 6 {
			return refuse(swLength)
		}
		c.loaded = bytes.Clone(cmd.data)
		return done()
	case insAuthenticate:
		return c.authenticate(cmd.data)
	case insReadBinary:
		return c.readBlock(int(cmd.p1p2()), cmd.le)
	}
	return refuse(swInstruction)
}

func (c *storageChip) authenticate(d []byte) reply {
	if c.file.Format != formatClassic || len(d) != 5 || d[0] != 1 {
		return refuse(swData)
	}
	sector := int(d[2]) / sectorBlocks
	transport := bytes.Repeat([]byte{0xFF}, 6)
	keys := c.file.Keys[sector]
	want := HexBytes(transport)
	switch {
	case d[3] == keyA && keys.A != nil:
		want = keys.A
	case d[3] == keyB && keys.B != nil:
		want = keys.B
	}
	c.open = noSector
	if !bytes.Equal(c.loaded, want) {
		return refuse(swAuthFailed)
	}
	c.open = sector
	return done()
}

func (c *storageChip) readBlock(block, le int) reply {
	switch {
	case c.file.Format != formatClassic:
		return refuse(swFunction)
	case block/sectorBlocks != c.open:
		return refuse(swNoAuth)
	case le != blockSize16:
		return refuse(swExactLe | blockSize16)
	}
	data := make([]byte, blockSize16)
	copy(data, c.file.Blocks[block])
	return done(data...)
}

func (c *storageChip) status() Status {
	return Status{Kind: c.file.Format, Journal: []Record{}}
}
