package store

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Sizes of what seals (docs/ledger.md, 10).
const (
	gcmNonceBytes   = 12
	gcmTagBytes     = 16
	memberKeyBytes  = 32
	WrappedKeyBytes = gcmNonceBytes + memberKeyBytes + gcmTagBytes
)

// sealedPrefix begins every sealed text; no text that a person or a programme gives has a colon in its first eight characters.
const sealedPrefix = "sealed1:"

// HotErased is head office's reason for blocking the cards of a member who was erased, as the feed tells it.
const HotErased = "its member was erased"

// ErrSealed says that a text or a key does not open: it was changed, or is somebody else's.
var ErrSealed = errors.New("does not open with this key")

// MemberKey seals what is personal of one member. Once it is destroyed nobody reads that again, wherever it lies.
type MemberKey struct{ aead cipher.AEAD }

func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err == nil {
		var aead cipher.AEAD
		if aead, err = cipher.NewGCM(block); err == nil {
			return aead
		}
	}
	panic(err) // only a key of another size makes it
}

// IsSealed tells a sealed text from a plain one.
func IsSealed(text string) bool { return strings.HasPrefix(text, sealedPrefix) }

// HoldsSealed tells whether an entry's body may have sealed texts.
func HoldsSealed(body []byte) bool { return bytes.Contains(body, []byte(sealedPrefix)) }

// Seal hides a text that says something of a member, bound to the member and to what it says. An empty text says nothing.
func (k MemberKey) Seal(member int64, field, text string) string {
	if text == "" {
		return ""
	}
	nonce := make([]byte, gcmNonceBytes)
	_, _ = rand.Read(nonce) // never fails
	return sealedPrefix + base64.RawURLEncoding.EncodeToString(k.aead.Seal(nonce, nonce, []byte(text), fieldLabel(member, field)))
}

// Open gives back what Seal hid; a text that is not sealed is given as it is.
func (k MemberKey) Open(member int64, field, text string) (string, error) {
	if !IsSealed(text) {
		return text, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text[len(sealedPrefix):])
	if err != nil || len(raw) < gcmNonceBytes || k.aead == nil {
		return "", fmt.Errorf("%s of member %d: %w", field, member, ErrSealed)
	}
	plain, err := k.aead.Open(nil, raw[:gcmNonceBytes], raw[gcmNonceBytes:], fieldLabel(member, field))
	if err != nil {
		return "", fmt.Errorf("%s of member %d: %w", field, member, ErrSealed)
	}
	return string(plain), nil
}

func fieldLabel(member int64, field string) []byte {
	return append(binary.BigEndian.AppendUint64([]byte("loyaltill member field 1"), uint64(member)), field...)
}

// KeyWrap hides the keys of members where they are kept and on their way to the stores. It follows from the chain's number key, which
// lies beside the other secrets and in no database.
type KeyWrap struct{ aead cipher.AEAD }

// NewKeyWrap makes the wrap of a chain.
func NewKeyWrap(numberKey []byte) KeyWrap {
	m := hmac.New(sha256.New, numberKey)
	m.Write([]byte("loyaltill member key 1"))
	return KeyWrap{newGCM(m.Sum(nil))}
}

// KeyWrap is the wrap of the store's chain.
func (id *Identity) KeyWrap() KeyWrap { return NewKeyWrap(id.numberKey) }

// Draw makes new keys for members who follow one another, wrapped, WrappedKeyBytes each.
func (w KeyWrap) Draw(entropy io.Reader, first, last int64) ([]byte, error) {
	var all []byte
	var drawn [gcmNonceBytes + memberKeyBytes]byte
	for member := first; member <= last; member++ {
		if _, err := io.ReadFull(entropy, drawn[:]); err != nil {
			return nil, fmt.Errorf("draw the key of member %d: %w", member, err)
		}
		nonce, key := drawn[:gcmNonceBytes], drawn[gcmNonceBytes:]
		all = w.aead.Seal(append(all, nonce...), nonce, key, fieldLabel(member, "key"))
	}
	return all, nil
}

// Unwrap gives a member's key. A destroyed one is all zeros, and opens nothing: ErrSealed.
func (w KeyWrap) Unwrap(member int64, wrapped []byte) (MemberKey, error) {
	if len(wrapped) != WrappedKeyBytes {
		return MemberKey{}, fmt.Errorf("key of member %d: %d bytes, want %d", member, len(wrapped), WrappedKeyBytes)
	}
	key, err := w.aead.Open(nil, wrapped[:gcmNonceBytes], wrapped[gcmNonceBytes:], fieldLabel(member, "key"))
	if err != nil {
		return MemberKey{}, fmt.Errorf("key of member %d: %w", member, ErrSealed)
	}
	return MemberKey{newGCM(key)}, nil
}
