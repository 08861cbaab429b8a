package card

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"loyaltill/devices/apdu"
)

// Secure messaging, card.md 3.2.
const (
	macLength      = 8
	claSecure      = 0x04
	paddingMark    = 0x80
	answerCounter  = 0x80 // first byte of the counter in an answer's IV
	maxSecureInput = 255 - macLength - blockSize
)

// channel is the protected channel of one session. It is good for commands in one strict order and dies with the first
// answer that does not fit.
type channel struct {
	enc, mac, rmac cipher.Block
	chain          [blockSize]byte // the whole MAC of the command before
	counter        uint64
}

func newChannel(keys *sessionKeys) *channel {
	return &channel{enc: newCipher(&keys.enc), mac: newCipher(&keys.mac), rmac: newCipher(&keys.rmac)}
}

// iv is AES(S-ENC, counter), with the first byte set to first.
func (c *channel) iv(first byte) []byte {
	iv := make([]byte, blockSize)
	binary.BigEndian.PutUint64(iv[8:], c.counter)
	iv[0] = first
	c.enc.Encrypt(iv, iv)
	return iv
}

// wrap protects a command. The plain data is copied into the buffer that is encrypted in place; no other copy is made.
func (c *channel) wrap(cmd apdu.Command) (apdu.Command, error) {
	if len(cmd.Data) > maxSecureInput {
		return apdu.Command{}, fmt.Errorf("%w: %d bytes to protect", apdu.ErrCommand, len(cmd.Data))
	}
	c.counter++
	cmd.CLA |= claSecure
	body := make([]byte, 0, 255)
	if len(cmd.Data) > 0 {
		body = append(append(body, cmd.Data...), paddingMark)
		body = body[:(len(body)+blockSize-1)/blockSize*blockSize]
		cipher.NewCBCEncrypter(c.enc, c.iv(0)).CryptBlocks(body, body)
	}
	in := append(c.chain[:], cmd.CLA, cmd.INS, cmd.P1, cmd.P2, byte(len(body)+macLength))
	c.chain = cmac(c.mac, append(in, body...))
	cmd.Data = append(body, c.chain[:macLength]...)
	cmd.Le = apdu.MaxShortLe
	return cmd, nil
}

// unwrap checks the answer to the command that was wrapped last and decrypts its data.
func (c *channel) unwrap(r apdu.Response) ([]byte, error) {
	n := len(r.Data) - macLength
	if len(r.Data) == 0 && r.SW == apdu.SWConditions {
		return nil, ErrStale
	}
	if n < 0 || n%blockSize != 0 {
		return nil, fmt.Errorf("%w: %v with %d bytes", ErrUnproved, r.SW, len(r.Data))
	}
	body, proof := r.Data[:n], r.Data[n:]
	in := append(append([]byte(nil), c.chain[:]...), body...)
	want := cmac(c.rmac, binary.BigEndian.AppendUint16(in, uint16(r.SW)))
	if subtle.ConstantTimeCompare(proof, want[:macLength]) != 1 {
		return nil, fmt.Errorf("%w: wrong mac on %v", ErrUnproved, r.SW)
	}
	if n == 0 {
		return nil, nil
	}
	plain := make([]byte, n)
	cipher.NewCBCDecrypter(c.enc, c.iv(answerCounter)).CryptBlocks(plain, body)
	return unpad(plain)
}

func unpad(b []byte) ([]byte, error) {
	end := len(b) - 1
	for end > len(b)-blockSize && b[end] == 0 {
		end--
	}
	if b[end] != paddingMark {
		return nil, fmt.Errorf("%w: padding", ErrUnproved)
	}
	return b[:end], nil
}
