package card

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
	"io"
)

const blockSize = aes.BlockSize

// Key is an AES-128 key. It prints masked.
type Key [16]byte

// Format prints a mask for every verb.
func (k Key) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, "Key(***)") }
func (k Key) MarshalText() ([]byte, error) { return []byte("Key(***)"), nil }

// CMAC is AES-CMAC, RFC 4493 (NIST SP 800-38B).
func CMAC(key Key, message []byte) [16]byte { return cmac(newCipher(&key), message) }

func newCipher(key *Key) cipher.Block {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("aes refuses a key of 16 bytes: " + err.Error())
	}
	return block
}

func cmac(block cipher.Block, message []byte) (mac [blockSize]byte) {
	whole, last := message, []byte(nil)
	if n := len(message); n > 0 {
		cut := (n - 1) / blockSize * blockSize // the last block, full or not, is treated apart
		whole, last = message[:cut], message[cut:]
	}
	for len(whole) > 0 {
		subtle.XORBytes(mac[:], mac[:], whole[:blockSize])
		block.Encrypt(mac[:], mac[:])
		whole = whole[blockSize:]
	}
	var subkey [blockSize]byte
	block.Encrypt(subkey[:], subkey[:])
	subkey = double(subkey)
	if len(last) < blockSize { // RFC 4493 2.4: an incomplete block is padded and takes K2
		subkey = double(subkey)
		mac[len(last)] ^= 0x80
	}
	subtle.XORBytes(mac[:], mac[:], subkey[:])
	subtle.XORBytes(mac[:], mac[:], last)
	block.Encrypt(mac[:], mac[:])
	return mac
}

// double multiplies by x in GF(2^128), RFC 4493 2.3.
func double(in [blockSize]byte) (out [blockSize]byte) {
	carry := byte(0)
	for i := blockSize - 1; i >= 0; i-- {
		out[i] = in[i]<<1 | carry
		carry = in[i] >> 7
	}
	out[blockSize-1] ^= 0x87 & -carry
	return out
}
