package cardsim

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
)

// cmacKey is AES-CMAC (RFC 4493) under one AES-128 key.
type cmacKey struct {
	block  cipher.Block
	k1, k2 [aes.BlockSize]byte
}

func newCMAC(key [16]byte) cmacKey {
	k := cmacKey{block: newAES(key)}
	var l [aes.BlockSize]byte
	k.block.Encrypt(l[:], l[:])
	k.k1 = double(l)
	k.k2 = double(k.k1)
	return k
}

func newAES(key [16]byte) cipher.Block {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("AES-128 refuses a key of 16 bytes: " + err.Error())
	}
	return block
}

// double multiplies by x in GF(2^128), RFC 4493 2.3, without a branch on the key.
func double(b [16]byte) [16]byte {
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	carry := hi >> 63
	hi = hi<<1 | lo>>63
	lo = lo<<1 ^ carry*0x87
	binary.BigEndian.PutUint64(b[:8], hi)
	binary.BigEndian.PutUint64(b[8:], lo)
	return b
}

// sum is the MAC over the parts as one message.
func (k cmacKey) sum(parts ...[]byte) [16]byte {
	var message []byte
	for _, p := range parts {
		message = append(message, p...)
	}
	var x [16]byte
	for len(message) > aes.BlockSize {
		xor(&x, message[:aes.BlockSize])
		k.block.Encrypt(x[:], x[:])
		message = message[aes.BlockSize:]
	}
	xor(&x, message)
	if len(message) == aes.BlockSize {
		xor(&x, k.k1[:])
	} else {
		x[len(message)] ^= 0x80
		xor(&x, k.k2[:])
	}
	k.block.Encrypt(x[:], x[:])
	return x
}

func xor(x *[16]byte, b []byte) {
	for i, v := range b {
		x[i] ^= v
	}
}

// oneStepKDF is SP 800-56C's one-step derivation with SHA-256, two rounds: 64 bytes (card.md 3.1).
func oneStepKDF(z, info []byte) [64]byte {
	var k [64]byte
	for round := range 2 {
		h := sha256.New()
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(round+1)))
		h.Write(z)
		h.Write(info)
		h.Sum(k[:32*round])
	}
	return k
}
