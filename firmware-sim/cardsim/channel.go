package cardsim

import (
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
)

// TransportKeys protect a blank card until it has its identity, card.md 5.
type TransportKeys struct {
	Version       byte // from 1
	Enc, MAC, DEK [16]byte
}

// TestTransportKeys are what blanks get when nobody says otherwise: 40 to 4F three times over, version 1, as makers of
// cards do for samples. Everybody knows them.
func TestTransportKeys() TransportKeys {
	var key [16]byte
	for i := range key {
		key[i] = 0x40 + byte(i)
	}
	return TransportKeys{Version: 1, Enc: key, MAC: key, DEK: key}
}

// ParseTransportKeys reads the file with which a maker hands blanks over. It never quotes what it read.
func ParseTransportKeys(file []byte) (TransportKeys, error) {
	var f struct {
		Version byte     `json:"version"`
		Enc     HexBytes `json:"enc"`
		MAC     HexBytes `json:"mac"`
		DEK     HexBytes `json:"dek"`
	}
	decoder := json.NewDecoder(bytes.NewReader(file))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil || f.Version == 0 || len(f.Enc) != 16 || len(f.MAC) != 16 || len(f.DEK) != 16 {
		return TransportKeys{}, errors.New("not transport keys: want version from 1 to 255, and enc, mac, dek of 16 bytes in hexadecimal")
	}
	return TransportKeys{Version: f.Version, Enc: [16]byte(f.Enc), MAC: [16]byte(f.MAC), DEK: [16]byte(f.DEK)}, nil
}

func (k TransportKeys) put(t *tx) {
	t.set(transportAt, uint32(k.Version))
	t.setBytes(transportEncAt, k.Enc[:])
	t.setBytes(transportMACAt, k.MAC[:])
	t.setBytes(transportDEKAt, k.DEK[:])
}

// Derivation constants of SCP03, card.md 5.1.
const (
	deriveCardCryptogram = 0x00
	deriveHostCryptogram = 0x01
	deriveEnc            = 0x04
	deriveMAC            = 0x06
	deriveRMAC           = 0x07

	challengeSize     = 8
	cryptogramSize    = 8
	authenticateLevel = 0x3300 // P1 P2: commands and answers both encrypted and with a MAC
)

// handshake is a channel between INITIALIZE UPDATE and EXTERNAL AUTHENTICATE.
type handshake struct {
	session        *session
	hostCryptogram []byte
}

func derivation(constant byte, bits uint16, challenges []byte) []byte {
	d := append(make([]byte, 11), constant, 0)
	d = binary.BigEndian.AppendUint16(d, bits)
	return append(append(d, 1), challenges...)
}

func (c *Core) sessionKey(key [16]byte, constant byte, challenges []byte) [16]byte {
	return c.cmac(key, derivation(constant, 128, challenges))
}

func (c *Core) channelCryptogram(mac [16]byte, constant byte, challenges []byte) []byte {
	cryptogram := c.cmac(mac, derivation(constant, 8*cryptogramSize, challenges))
	return cryptogram[:cryptogramSize]
}

// initializeUpdate is card.md 5.1.
func (c *Core) initializeUpdate(cmd command) reply {
	version := byte(c.nvm.word(transportAt))
	switch {
	case cmd.p2 != 0:
		return refuse(swParameters)
	case len(cmd.data) != challengeSize:
		return refuse(swLength)
	case cmd.p1 != 0 && cmd.p1 != version:
		return refuse(swNoKey)
	}
	own := make([]byte, challengeSize)
	if _, err := io.ReadFull(c.entropy, own); err != nil {
		return refuse(swFault)
	}
	challenges := append(append([]byte(nil), cmd.data...), own...)
	enc, mac := [16]byte(c.nvm.bytes(transportEncAt, 16)), [16]byte(c.nvm.bytes(transportMACAt, 16))
	smac := c.sessionKey(mac, deriveMAC, challenges)
	c.handshake = &handshake{
		session:        c.newSession(c.sessionKey(enc, deriveEnc, challenges), smac, c.sessionKey(mac, deriveRMAC, challenges)),
		hostCryptogram: c.channelCryptogram(smac, deriveHostCryptogram, challenges),
	}
	answer := append(make([]byte, 10), version, 0x03, 0x60)
	answer = append(answer, own...)
	return done(append(answer, c.channelCryptogram(smac, deriveCardCryptogram, challenges)...)...)
}

// externalAuthenticate opens the channel or ends the attempt, card.md 5.1. Its data is in the clear and its answer
// without a MAC.
func (c *Core) externalAuthenticate(cmd command) reply {
	h := c.handshake
	c.endSession()
	switch {
	case cmd.p1p2() != authenticateLevel:
		return refuse(swParameters)
	case len(cmd.data) != cryptogramSize+macSize:
		return refuse(swLength)
	case subtle.ConstantTimeCompare(cmd.data[:cryptogramSize], h.hostCryptogram) != 1:
		return refuse(swCryptogram)
	}
	s := h.session
	c.work.add(opMAC)
	s.chain = s.mac.sum(s.chain[:], cmd.header(), cmd.data[:cryptogramSize])
	if subtle.ConstantTimeCompare(s.chain[:macSize], cmd.data[cryptogramSize:]) != 1 {
		return refuse(swSecureWrong)
	}
	c.session = s
	return done()
}

// authenticateAgain: without INITIALIZE UPDATE right before it there is nothing to authenticate.
func (c *Core) authenticateAgain(command) reply { return refuse(swConditions) }
