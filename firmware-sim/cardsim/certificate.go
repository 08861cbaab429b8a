package cardsim

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Where a certificate's values stand, card.md 1: TLVs of fixed length in a fixed order.
const (
	certSize       = 169
	certCAKeyID    = 5
	certCardID     = 15
	certPublicKey  = 25
	certScheme     = 92
	certLastDay    = 98
	certFlagsAt    = 102
	certSigned     = 103 // so many bytes are under the signature
	keyIDSize      = 8
	cardIDSize     = 8
	pointSize      = 65
	schemeSize     = 4
	hashSize       = 8
	certFlagPinpad = 1 << 0
)

// certificate is the row of TLVs as it is read from EF.CERT. The card never checks its signature: that is the host's
// part, and counterfeit cards must be possible.
type certificate []byte

func (c *Core) certificate() certificate { return c.nvm.bytes(certAt, certSize) }

func (c *Core) cardID() []byte { return c.certificate().cardID() }

func (c certificate) caKeyID() []byte   { return c[certCAKeyID : certCAKeyID+keyIDSize] }
func (c certificate) cardID() []byte    { return c[certCardID : certCardID+cardIDSize] }
func (c certificate) publicKey() []byte { return c[certPublicKey : certPublicKey+pointSize] }
func (c certificate) scheme() []byte    { return c[certScheme : certScheme+schemeSize] }
func (c certificate) lastDay() uint16   { return binary.BigEndian.Uint16(c[certLastDay:]) }
func (c certificate) flags() byte       { return c[certFlagsAt] }

// certificateHash is kept beside the certificate, as a card does that takes milliseconds for it.
func (c *Core) certificateHash() []byte { return c.nvm.bytes(certHashAt, hashSize) }

// setCertificate puts a certificate and its hash into a transaction.
func (c *Core) setCertificate(t *tx, cert certificate) {
	c.work.add(opHash)
	t.setBytes(certAt, cert)
	t.setBytes(certHashAt, cert.hash())
}

func (c certificate) hash() []byte {
	h := sha256.Sum256(c)
	return h[:hashSize]
}

// checkForm wants the tags, lengths and version of the contract.
func (c certificate) checkForm() error {
	if len(c) != certSize {
		return fmt.Errorf("certificate: want %d bytes", certSize)
	}
	at := 0
	for _, f := range []struct{ tag, size byte }{
		{0x50, 1}, {0x51, keyIDSize}, {0x52, cardIDSize}, {0x53, pointSize}, {0x54, schemeSize}, {0x55, 2}, {0x56, 1}, {0x5F, 64},
	} {
		if c[at] != f.tag || c[at+1] != f.size {
			return fmt.Errorf("certificate: want tag %02X with %d bytes at offset %d", f.tag, f.size, at)
		}
		at += 2 + int(f.size)
	}
	if c[2] != 1 {
		return fmt.Errorf("certificate: version %d, want 1", c[2])
	}
	return nil
}

// renew is card.md 3.11: another certificate for the same key.
func (c *Core) renew(cmd command) reply {
	const macSize = 16
	switch {
	case cmd.p1p2() != 0x0101:
		return refuse(swParameters)
	case len(cmd.data) != certSize+macSize:
		return refuse(swLength)
	}
	renewed, held := certificate(cmd.data[:certSize]), c.certificate()
	switch {
	case !c.fromHeadOffice("LC1", renewed, cmd.data[certSize:]):
		return refuse(swVoucherMAC)
	case c.terminated():
		return refuse(swConditions)
	case bytes.Equal(renewed, held):
		return done(c.certificateHash()...)
	case renewed.checkForm() != nil, !bytes.Equal(renewed.cardID(), held.cardID()),
		!bytes.Equal(renewed.publicKey(), held.publicKey()), !bytes.Equal(renewed.scheme(), held.scheme()):
		return refuse(swData)
	case renewed.lastDay() < held.lastDay():
		return refuse(swVoucherSeq)
	}
	t := c.nvm.begin()
	c.setCertificate(t, renewed)
	if err := t.commit(); err != nil {
		return refuse(swFault)
	}
	return done(c.certificateHash()...)
}
