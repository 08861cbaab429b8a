package cardsim

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
)

const macSize = 8 // C-MAC and R-MAC as sent, card.md 3.2

// session is the secure channel of one KEY AGREE (card.md 3.2), or of a blank card's issuer (card.md 5.1).
type session struct {
	enc       cipher.Block
	mac, rmac cmacKey
	counter   [16]byte
	chain     [16]byte // the whole C-MAC of the command before
	work      *work
}

func (c *Core) newSession(enc, mac, rmac [16]byte) *session {
	return &session{enc: newAES(enc), mac: newCMAC(mac), rmac: newCMAC(rmac), work: &c.work}
}

// open checks a wrapped command and takes its data out of the envelope. False ends the session.
func (s *session) open(cmd command) (command, bool) {
	s.count()
	n := len(cmd.data) - macSize
	if n < 0 || n%aes.BlockSize != 0 {
		return cmd, false
	}
	encrypted, mac := cmd.data[:n], cmd.data[n:]
	s.work.add(opMAC)
	m := s.mac.sum(s.chain[:], cmd.header(), encrypted)
	if subtle.ConstantTimeCompare(m[:macSize], mac) != 1 {
		return cmd, false
	}
	s.chain = m
	cmd.data = nil
	if n == 0 {
		return cmd, true
	}
	s.work.add(opCipher)
	plain := make([]byte, n)
	cipher.NewCBCDecrypter(s.enc, s.iv(false)).CryptBlocks(plain, encrypted)
	data, ok := unpad(plain)
	cmd.data = data
	return cmd, ok
}

// seal is the answer with its R-MAC over M of this command.
func (s *session) seal(r reply) []byte {
	var encrypted []byte
	if len(r.data) > 0 {
		s.work.add(opCipher)
		encrypted = pad(r.data)
		cipher.NewCBCEncrypter(s.enc, s.iv(true)).CryptBlocks(encrypted, encrypted)
	}
	sw := binary.BigEndian.AppendUint16(nil, uint16(r.sw))
	s.work.add(opMAC)
	mac := s.rmac.sum(s.chain[:], encrypted, sw)
	return append(append(encrypted, mac[:macSize]...), sw...)
}

func (s *session) count() {
	for i := len(s.counter) - 1; i >= 0; i-- {
		s.counter[i]++
		if s.counter[i] != 0 {
			return
		}
	}
}

func (s *session) iv(answer bool) []byte {
	block := s.counter
	if answer {
		block[0] = 0x80
	}
	s.enc.Encrypt(block[:], block[:])
	return block[:]
}

// pad appends 80 00… up to whole blocks, always at least one byte.
func pad(data []byte) []byte {
	padded := make([]byte, (len(data)/aes.BlockSize+1)*aes.BlockSize)
	padded[copy(padded, data)] = 0x80
	return padded
}

// unpad refuses padding of more than a block, and padding around nothing: empty data is never encrypted.
func unpad(padded []byte) ([]byte, bool) {
	data := bytes.TrimRight(padded, "\x00")
	n := len(data) - 1
	if n < 1 || data[n] != 0x80 || len(padded)-n > aes.BlockSize {
		return nil, false
	}
	return data[:n], true
}
