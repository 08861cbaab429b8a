package cardsim

import (
	"bytes"
	"encoding/hex"
	"strings"
)

// foreignPIN is a PIN that the card compares in the clear, as cards of before secure messaging do.
type foreignPIN struct {
	Reference HexByte  `json:"reference"`
	Block     HexBytes `json:"block"` // as VERIFY must send it
	Tries     int      `json:"tries"`
	Left      int      `json:"left"`
	WrongSW   HexSW    `json:"wrong_sw,omitzero"`   // in place of 63Cx
	BlockedSW HexSW    `json:"blocked_sw,omitzero"` // in place of 6983
}

const (
	insGetData     = 0xCA
	insGetResponse = 0xC0

	swMore      statusWord = 0x6100
	swExactLe   statusWord = 0x6C00
	swEndOfFile statusWord = 0x6282
	swNoData    statusWord = 0x6A88
)

// fileChip is a card of ISO 7816-4 with applications, files and a PIN.
type fileChip struct {
	file *foreignFile
	keep func() error

	app      *foreignApplication
	element  *foreignElement
	verified bool
	waiting  []byte // for GET RESPONSE
}

// atr: without one of its own the card speaks T=0 with eight historical bytes, or T=1.
func (c *fileChip) atr() []byte {
	switch {
	case len(c.file.ATR) > 0:
		return bytes.Clone(c.file.ATR)
	case c.file.T0:
		return []byte("\x3B\x68\x00\x00\x00\x73OLDC01")
	}
	return withCheck([]byte("\x3B\x96\x96\x81\x31\xFE\x45\x00\x73NEWC"))
}

func (c *fileChip) powerOn() error {
	c.element, c.verified, c.waiting = nil, false, nil
	c.app = c.application(nil)
	return nil
}

func (c *fileChip) application(aid []byte) *foreignApplication {
	for i := range c.file.Apps {
		a := &c.file.Apps[i]
		if len(aid) == 0 && len(a.AID) == 0 || len(aid) > 0 && bytes.HasPrefix(a.AID, aid) {
			return a
		}
	}
	return nil
}

func (c *fileChip) process(cmd command) reply {
	waiting := c.waiting
	c.waiting = nil
	if cmd.cla != 0 {
		return refuse(swClass)
	}
	switch cmd.ins {
	case insGetResponse:
		if len(waiting) == 0 {
			return refuse(swConditions)
		}
		return done(waiting[:min(cmd.le, len(waiting))]...)
	case insSelect:
		return c.selectName(cmd)
	case insVerify:
		return c.verify(cmd)
	case insReadBinary:
		return c.readBinary(cmd)
	case insReadRecord:
		return c.readRecord(cmd)
	case insGetData:
		return c.getData(cmd)
	}
	return refuse(swInstruction)
}

func (c *fileChip) selectName(cmd command) reply {
	const byName, byID, masterFile, noAnswer = 0x04, 0x00, "\x3F\x00", 0x0C
	var name []byte
	switch {
	case cmd.p1 == byName && len(cmd.data) > 0:
		app := c.application(cmd.data)
		if app == nil {
			return refuse(swNoApplication)
		}
		c.app, c.element, name = app, nil, app.AID
	case cmd.p1 == byID && string(cmd.data) == masterFile:
		c.app, c.element = c.application(nil), nil
	case cmd.p1 == byID:
		e := c.find(func(e *foreignElement) bool { return bytes.Equal(e.FID, cmd.data) })
		if e == nil {
			return refuse(swNoApplication)
		}
		c.element, name = e, e.FID
	default:
		return refuse(swParameters)
	}
	if cmd.p2 == noAnswer {
		return done()
	}
	return c.give(tlv(0x6F, tlv(0x84, name...)...))
}

// give answers a command that brought data: in T=0 the card can only say that something waits.
func (c *fileChip) give(data []byte) reply {
	if !c.file.T0 {
		return done(data...)
	}
	c.waiting = data
	return refuse(swMore | statusWord(len(data)))
}

func (c *fileChip) find(is func(*foreignElement) bool) *foreignElement {
	if c.app == nil {
		return nil
	}
	for i := range c.app.Files {
		if is(&c.app.Files[i]) {
			return &c.app.Files[i]
		}
	}
	return nil
}

// opened is the file of a read command, if it may be read.
func (c *fileChip) opened(sfi byte) (*foreignElement, reply) {
	e := c.element
	if sfi != 0 {
		e = c.find(func(e *foreignElement) bool { return e.SFI == sfi })
	}
	switch {
	case e == nil:
		return nil, refuse(swNoApplication)
	case e.PIN && !c.verified:
		return nil, refuse(swSecurity)
	}
	c.element = e
	return e, reply{}
}

func (c *fileChip) readBinary(cmd command) reply {
	const bySFI = 0x80
	offset, sfi := int(cmd.p1)<<8|int(cmd.p2), byte(0)
	if cmd.p1&bySFI != 0 {
		offset, sfi = int(cmd.p2), cmd.p1&^bySFI
	}
	e, no := c.opened(sfi)
	switch {
	case e == nil:
		return no
	case offset >= len(e.Data):
		return refuse(swOffset)
	}
	return c.read(e.Data[offset:], cmd.le, true)
}

func (c *fileChip) readRecord(cmd command) reply {
	const thisRecord = 0x04
	if cmd.p2&0x07 != thisRecord {
		return refuse(swParameters)
	}
	e, no := c.opened(cmd.p2 >> 3)
	switch {
	case e == nil:
		return no
	case cmd.p1 == 0 || int(cmd.p1) > len(e.Records):
		return refuse(swNoRecord)
	}
	return c.read(e.Records[cmd.p1-1], cmd.le, false)
}

// read gives what is there of what was asked for. In T=0 the length must be right.
func (c *fileChip) read(data []byte, le int, transparent bool) reply {
	switch {
	case le == 0:
		return refuse(swLength)
	case c.file.T0 && (le > len(data) || !transparent && le != len(data)):
		return refuse(swExactLe | statusWord(byte(len(data))))
	case transparent && le > len(data) && le != maxShortExpected:
		return reply{data: data, sw: swEndOfFile}
	}
	return done(data[:min(le, len(data))]...)
}

func (c *fileChip) getData(cmd command) reply {
	if c.app == nil {
		return refuse(swNoData)
	}
	object, ok := c.app.Objects[strings.ToUpper(hex.EncodeToString([]byte{cmd.p1, cmd.p2}))]
	if !ok {
		return refuse(swNoData)
	}
	return c.read(object, cmd.le, false)
}

// verify spends a try before it compares, as it must.
func (c *fileChip) verify(cmd command) reply {
	p := c.file.PIN
	if p == nil || cmd.p1 != 0 || cmd.p2 != byte(p.Reference) {
		return refuse(swNoData)
	}
	if len(cmd.data) == 0 {
		return c.pinStatus()
	}
	if p.Left == 0 {
		return c.pinStatus()
	}
	p.Left--
	if err := c.keep(); err != nil {
		return refuse(swFault)
	}
	if !bytes.Equal(cmd.data, p.Block) {
		c.verified = false
		return c.pinStatus()
	}
	p.Left, c.verified = p.Tries, true
	if err := c.keep(); err != nil {
		return refuse(swFault)
	}
	return done()
}

func (c *fileChip) pinStatus() reply {
	p := c.file.PIN
	switch {
	case p.Left == 0 && p.BlockedSW != 0:
		return refuse(statusWord(p.BlockedSW))
	case p.Left == 0:
		return refuse(swBlocked)
	case p.WrongSW != 0:
		return refuse(statusWord(p.WrongSW))
	}
	return refuse(swTriesLeft | statusWord(p.Left))
}

func (c *fileChip) status() Status {
	s := Status{Kind: c.file.Format, Journal: []Record{}}
	if p := c.file.PIN; p != nil {
		s.PINSet, s.PINTriesLeft = true, uint32(p.Left)
	}
	return s
}
