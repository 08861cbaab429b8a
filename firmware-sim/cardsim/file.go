package cardsim

import (
	"bytes"
	"crypto/ecdh"
	"crypto/subtle"
	"encoding/binary"
	"io"
)

// card.md 2: the application, SELECT's flags and the two free files.
const (
	aid = "\xF0\x4C\x59\x4C\x54\x59\x31\x00\x01"

	selectByName = 0x0400
	sfiCert      = 0x81
	sfiInfo      = 0x82

	flagPINSet     = 1 << 0
	flagPINBlocked = 1 << 1
	flagRatified   = 1 << 2
	flagTerminated = 1 << 3
	flagPUKBlocked = 1 << 4
	flagBlank      = 1 << 5
)

func (c *Core) selectApplication(cmd command) reply {
	switch {
	case cmd.p1p2() != selectByName:
		return refuse(swParameters)
	case len(cmd.data) == 0:
		return refuse(swLength)
	case string(cmd.data) != aid:
		return refuse(swNoApplication)
	}
	c.selected = true
	r := done(c.fci()...)
	if c.terminated() {
		r.sw = swTerminated
	}
	return r
}

func (c *Core) fci() []byte {
	cert := c.certificate()
	a5 := tlv(0x80, 0x01)
	a5 = append(a5, tlv(0x81, cert.cardID()...)...)
	a5 = append(a5, tlv(0x82, cert.caKeyID()...)...)
	a5 = append(a5, tlv(0x83, c.certificateHash()...)...)
	a5 = append(a5, tlv(0x84, u32(c.nvm.word(ctrAt))...)...)
	a5 = append(a5, tlv(0x85, u32(c.nvm.word(loadSeqAt))...)...)
	a5 = append(a5, tlv(0x86, c.flags())...)
	a5 = append(a5, tlv(0x87, pinSecret.triesLeft(c.nvm))...)
	return tlv(0x6F, append(tlv(0x84, []byte(aid)...), tlv(0xA5, a5...)...)...)
}

func (c *Core) flags() byte {
	var f byte
	if pinSecret.isSet(c.nvm) {
		f |= flagPINSet
	}
	if pinSecret.isBlocked(c.nvm) {
		f |= flagPINBlocked
	}
	if c.nvm.word(ratifiedAt) != 0 {
		f |= flagRatified
	}
	if c.terminated() {
		f |= flagTerminated
	}
	if pukSecret.isBlocked(c.nvm) {
		f |= flagPUKBlocked
	}
	if c.blank() {
		f |= flagBlank
	}
	return f
}

func (c *Core) readBinary(cmd command) reply {
	var file []byte
	switch cmd.p1 {
	case sfiCert:
		file = c.certificate()
	case sfiInfo:
		file = c.nvm.bytes(infoAt, int(c.nvm.word(infoLenAt)))
	default:
		return refuse(swParameters)
	}
	offset := int(cmd.p2)
	switch {
	case len(cmd.data) != 0 || cmd.le == 0:
		return refuse(swLength)
	case offset >= len(file):
		return refuse(swOffset)
	}
	return done(file[offset:min(offset+cmd.le, len(file))]...)
}

// keyAgree is card.md 3.1. The point is checked before the card's own key touches it: an off-curve point would give
// the key away bit by bit.
func (c *Core) keyAgree(cmd command) reply {
	const nonceSize = 16
	switch {
	case cmd.p1p2() != 0x0101:
		return refuse(swParameters)
	case len(cmd.data) != nonceSize+pointSize:
		return refuse(swLength)
	}
	nh, qh := cmd.data[:nonceSize], cmd.data[nonceSize:]
	c.work.add(opAgree)
	z, ok := c.agree(qh)
	if !ok {
		return refuse(swData)
	}
	nc := make([]byte, nonceSize)
	if _, err := io.ReadFull(c.entropy, nc); err != nil {
		return refuse(swFault)
	}
	info := bytes.Join([][]byte{[]byte("LYL1"), c.cardID(), c.certificateHash(), nh, nc}, nil)
	k := c.sessionKeys(z, info)
	confirm, sealed := newCMAC([16]byte(k[:16])), c.balance(nil).data
	c.work.add(opMAC)
	mask := confirm.sum([]byte("KC_1_S"))
	subtle.XORBytes(sealed, sealed, mask[:])
	c.work.add(opMACAgain)
	cryptogram := confirm.sum([]byte("KC_1_V"), c.cardID(), qh, sealed)
	c.session = c.newSession([16]byte(k[16:32]), [16]byte(k[32:48]), [16]byte(k[48:64]))
	return done(bytes.Join([][]byte{nc, sealed, cryptogram[:]}, nil)...)
}

// agree is the x coordinate of the shared point, and false for a point that is not on the curve.
func (c *Core) agree(qh []byte) (z []byte, ok bool) {
	if c.nvm.word(defectsAt)&defectOffCurve != 0 {
		return agreeAnywhere(c.key.Bytes(), qh)
	}
	point, err := ecdh.P256().NewPublicKey(qh)
	if err != nil {
		return nil, false
	}
	z, err = c.key.ECDH(point)
	return z, err == nil
}

// cmac is a MAC that costs the card time.
func (c *Core) cmac(key [16]byte, parts ...[]byte) [16]byte {
	c.work.add(opMAC)
	return newCMAC(key).sum(parts...)
}

func (c *Core) sessionKeys(z, info []byte) [64]byte {
	c.work.add(opHash)
	c.work.add(opHash)
	return oneStepKDF(z, info)
}

func tlv(tag byte, value ...byte) []byte {
	return append([]byte{tag, byte(len(value))}, value...)
}

func u32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }
