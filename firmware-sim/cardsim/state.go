package cardsim

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
)

// What callers that change cards act on.
var (
	ErrState = errors.New("no such state")
	ErrBlank = errors.New("card is blank")
)

// State is something that may have become of a card, or that somebody made of it.
type State string

// The states. None of them can be taken back but those of the PIN, by the card's own means.
const (
	PINBlocked    State = "pin-blocked"    // no try of the PIN is left
	PINLastTry    State = "pin-last-try"   // one is
	PINNotSet     State = "pin-not-set"    // the member has chosen none yet
	PUKBlocked    State = "puk-blocked"    // no try of the PUK is left
	Terminated    State = "terminated"     // the purse is closed
	CounterEnding State = "counter-ending" // one change is left; the journal counts as empty
	Counterfeit   State = "counterfeit"    // the certificate names and is signed by a CA of its own
	Forged        State = "forged"         // the certificate names head office's CA and is not signed by it
	OffCurve      State = "off-curve"      // KEY AGREE takes points that are not on the curve
)

// States lists them.
func States() []State {
	return []State{PINBlocked, PINLastTry, PINNotSet, PUKBlocked, Terminated, CounterEnding, Counterfeit, Forged, OffCurve}
}

// Put puts the card into a state. Entropy makes the forger's key.
func (c *Card) Put(state State, entropy io.Reader) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.other != nil {
		return fmt.Errorf("card becomes %q: %w", state, ErrForeign)
	}
	n := c.core.nvm
	if err := n.powerOn(); err != nil {
		return fmt.Errorf("card becomes %s: %w", state, err)
	}
	if c.core.blank() {
		return fmt.Errorf("card becomes %s: %w", state, ErrBlank)
	}
	t := n.begin()
	if err := c.core.put(t, state, entropy); err != nil {
		return fmt.Errorf("card becomes %q: %w", state, err)
	}
	if err := t.commit(); err != nil {
		return fmt.Errorf("card becomes %s: %w", state, err)
	}
	return nil
}

func (c *Core) put(t *tx, state State, entropy io.Reader) error {
	secrets := c.nvm.word(secretsAt)
	switch state {
	case PINBlocked, PINLastTry:
		if !pinSecret.isSet(c.nvm) {
			return fmt.Errorf("%w for a card without a PIN", ErrState)
		}
		left := uint32(0)
		if state == PINLastTry {
			left = 1
		}
		t.set(pinTriesAt, left)
	case PINNotSet:
		t.set(secretsAt, secrets&^pinSecret.bit())
	case PUKBlocked:
		if !pukSecret.isSet(c.nvm) {
			return fmt.Errorf("%w for a card without a PUK", ErrState)
		}
		t.set(pukTriesAt, 0)
	case Terminated:
		t.set(lifeAt, lifeTerminated)
	case CounterEnding:
		t.set(ctrAt, math.MaxUint32-1)
	case OffCurve:
		t.set(defectsAt, defectOffCurve)
	case Counterfeit, Forged:
		forged, err := c.certificate().signedBy(entropy, state == Counterfeit)
		if err != nil {
			return err
		}
		c.setCertificate(t, forged)
	default:
		return ErrState
	}
	return nil
}

// signedBy is the certificate with the signature of a CA that nobody knows, and maybe with its key id.
func (c certificate) signedBy(entropy io.Reader, ownID bool) (certificate, error) {
	drawn, err := drawKey(entropy)
	if err != nil {
		return nil, err
	}
	ca, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), drawn.Bytes())
	if err != nil {
		return nil, err
	}
	cert := append(certificate(nil), c...)
	if ownID {
		id := sha256.Sum256(drawn.PublicKey().Bytes())
		copy(cert[certCAKeyID:], id[:keyIDSize])
	}
	signature, err := sign(ca, cert[:certSigned])
	copy(cert[certSigned+2:], signature)
	return cert, err
}

// sign gives r ‖ s, the same again for the same key and message (RFC 6979).
func sign(ca *ecdsa.PrivateKey, message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	der, err := ca.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	var signature struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &signature); err != nil {
		return nil, err
	}
	rs := make([]byte, 64)
	signature.R.FillBytes(rs[:32])
	signature.S.FillBytes(rs[32:])
	return rs, nil
}

// CopyKind says what a copy of a card has.
type CopyKind string

// The kinds of copies.
const (
	Fork  CopyKind = "fork"  // everything: the same card at this moment, twice
	Clone CopyKind = "clone" // what can be read from outside, on a key of its own and without head office's keys
)

// ErrCopy says that nobody copies a card in this way.
var ErrCopy = errors.New("a copy is a fork or a clone")

// Copy is a second card. What either does from now on the other one does not know.
func (c *Card) Copy(how CopyKind, entropy io.Reader) (*Card, error) {
	if how != Fork && how != Clone {
		return nil, fmt.Errorf("copy %q: %w", how, ErrCopy)
	}
	if c.other != nil {
		return nil, fmt.Errorf("%s card: %w", how, ErrForeign)
	}
	second, err := Restore(c.Image(), entropy)
	if err != nil || how == Fork {
		return second, err
	}
	key, err := drawKey(entropy)
	if err != nil {
		return nil, fmt.Errorf("clone card: %w", err)
	}
	n := second.core.nvm
	if err := n.powerOn(); err != nil {
		return nil, fmt.Errorf("clone card: %w", err)
	}
	t := n.begin()
	t.setBytes(keyAt, key.Bytes())
	t.setBytes(ktxAt, make([]byte, 16))
	t.setBytes(kldAt, make([]byte, 16))
	if err := t.commit(); err != nil {
		return nil, fmt.Errorf("clone card: %w", err)
	}
	second.core.key = key
	return second, nil
}

// Loaded is what a card says to a voucher.
type Loaded struct {
	SW     HexSW  `json:"sw"`
	Answer string `json:"answer,omitempty"` // hexadecimal, card.md 3.9
}

// Load gives the card a voucher as another store would: outside any reader of this bench.
func (c *Card) Load(voucher []byte) (Loaded, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.other != nil {
		return Loaded{}, fmt.Errorf("load voucher: %w", ErrForeign)
	}
	if err := c.core.nvm.powerOn(); err != nil {
		return Loaded{}, fmt.Errorf("load voucher: %w", err)
	}
	if c.core.blank() {
		return Loaded{}, fmt.Errorf("load voucher: %w", ErrBlank)
	}
	if len(voucher) != voucherSize {
		return Loaded{SW: HexSW(swLength)}, nil
	}
	r := c.core.load(voucher)
	return Loaded{SW: HexSW(r.sw), Answer: hex.EncodeToString(r.data)}, nil
}
