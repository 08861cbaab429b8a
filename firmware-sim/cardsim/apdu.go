package cardsim

import "encoding/binary"

// statusWord is SW1 SW2, card.md 3.12.
type statusWord uint16

const (
	swDone          statusWord = 0x9000
	swTerminated    statusWord = 0x6283
	swCryptogram    statusWord = 0x6300
	swTriesLeft     statusWord = 0x63C0
	swLength        statusWord = 0x6700
	swChannel       statusWord = 0x6881
	swNoSecure      statusWord = 0x6882
	swSecurity      statusWord = 0x6982
	swBlocked       statusWord = 0x6983
	swNotSet        statusWord = 0x6984
	swConditions    statusWord = 0x6985
	swSecureWrong   statusWord = 0x6988
	swData          statusWord = 0x6A80
	swNoApplication statusWord = 0x6A82
	swNoRecord      statusWord = 0x6A83
	swNoRoom        statusWord = 0x6A84
	swParameters    statusWord = 0x6A86
	swNoKey         statusWord = 0x6A88
	swOffset        statusWord = 0x6B00
	swInstruction   statusWord = 0x6D00
	swClass         statusWord = 0x6E00
	swFault         statusWord = 0x6F00
	swPoints        statusWord = 0x9401
	swTxidKnown     statusWord = 0x9402
	swCounterEnd    statusWord = 0x9403
	swVoucherSeq    statusWord = 0x9404
	swVoucherMAC    statusWord = 0x9405
	swNotLastDebit  statusWord = 0x9406
	swWrongLock     statusWord = 0x9407
)

// Class byte, ISO 7816-4 5.4.1, and the sizes of the length fields.
const (
	claSecure        = 0x04
	claChannelMask   = 0x03
	claSecurityMask  = 0x0C
	claProprietary   = 0x80
	shortHeader      = 5
	extendedHeader   = 7
	extendedLeSize   = 2
	maxShortExpected = 256
	maxExtExpected   = 65536
)

// command is a parsed command APDU of any of the four cases, short or extended.
type command struct {
	cla, ins, p1, p2 byte
	data             []byte
	le               int    // 0 when absent
	lc               []byte // Lc as it was sent: one byte, or three
}

func (c command) header() []byte { return append([]byte{c.cla, c.ins, c.p1, c.p2}, c.lc...) }

func (c command) p1p2() uint16 { return uint16(c.p1)<<8 | uint16(c.p2) }

// parseCommand reads ISO 7816-3 12.1.3's encodings; false means that the lengths contradict each other.
func parseCommand(b []byte) (command, bool) {
	if len(b) < 4 {
		return command{}, false
	}
	c := command{cla: b[0], ins: b[1], p1: b[2], p2: b[3]}
	switch {
	case len(b) == 4:
		return c, true
	case len(b) == shortHeader:
		c.le = expected(int(b[4]), maxShortExpected)
		return c, true
	case b[4] != 0:
		return c.withData(b[4:5], b[shortHeader:], int(b[4]))
	case len(b) < extendedHeader:
		return c, false
	case len(b) == extendedHeader:
		c.le = expected(int(binary.BigEndian.Uint16(b[5:])), maxExtExpected)
		return c, true
	}
	return c.withData(b[4:7], b[extendedHeader:], int(binary.BigEndian.Uint16(b[5:])))
}

func (c command) withData(lc, rest []byte, n int) (command, bool) {
	if n == 0 || len(rest) < n {
		return c, false
	}
	c.lc, c.data = lc, rest[:n]
	switch le := rest[n:]; {
	case len(le) == 0:
		return c, true
	case len(le) == 1 && len(lc) == 1:
		c.le = expected(int(le[0]), maxShortExpected)
		return c, true
	case len(le) == extendedLeSize && len(lc) > 1:
		c.le = expected(int(binary.BigEndian.Uint16(le)), maxExtExpected)
		return c, true
	}
	return c, false
}

// expected: zero stands for the most that the encoding can ask for.
func expected(n, most int) int {
	if n == 0 {
		return most
	}
	return n
}

// reply is what a command leaves behind before it is put into an answer.
type reply struct {
	data []byte
	sw   statusWord
}

func done(data ...byte) reply { return reply{data: data, sw: swDone} }

func refuse(sw statusWord) reply { return reply{sw: sw} }

func (r reply) bytes() []byte {
	return binary.BigEndian.AppendUint16(append([]byte(nil), r.data...), uint16(r.sw))
}
