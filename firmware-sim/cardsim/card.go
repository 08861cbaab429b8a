package cardsim

import (
	"bytes"
	"crypto/ecdh"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Card is one piece of plastic: a Core, and the file that keeps its memory once it has one. It may be used from
// several goroutines; commands run one after the other.
type Card struct {
	mu   sync.Mutex
	core *Core
	name string // on a bench

	other   chip // of a card of another maker; then there is no core
	otherOn bool // it has power
}

// keyDraws bounds the search for a valid private key; one draw fails with probability 2^-32.
const keyDraws = 8

// Create makes a blank card with a fresh key pair drawn from entropy and the transport keys that everybody knows, in
// memory only.
func Create(entropy io.Reader) (*Card, error) { return CreateWith(entropy, TestTransportKeys()) }

// CreateWith is Create with transport keys of one's own.
func CreateWith(entropy io.Reader, keys TransportKeys) (*Card, error) {
	if keys.Version == 0 {
		return nil, errors.New("create card: transport keys have versions from 1")
	}
	key, err := drawKey(entropy)
	if err != nil {
		return nil, fmt.Errorf("create card: %w", err)
	}
	nvm := newNVM()
	t := nvm.begin()
	t.setBytes(keyAt, key.Bytes())
	t.set(ratifiedAt, 1) // card.md 2: when nothing was ever done it is set
	keys.put(t)
	if err := t.commit(); err != nil {
		return nil, fmt.Errorf("create card: %w", err)
	}
	core, err := newCore(nvm, entropy)
	return &Card{core: core}, err
}

// Restore takes up a card from a copy of its memory, also one made in the middle of a commit: the same card at an earlier
// moment, or a second one of it. Entropy gives the card's random bytes.
func Restore(image []byte, entropy io.Reader) (*Card, error) {
	nvm, err := nvmFromImage(image)
	if err != nil {
		return nil, fmt.Errorf("restore card: %w", err)
	}
	core, err := newCore(nvm, entropy)
	if err != nil {
		return nil, fmt.Errorf("restore card: %w", err)
	}
	return &Card{core: core}, nil
}

// Image is a copy of the card's whole memory, for Restore.
func (c *Card) Image() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.core.nvm.Image()
}

// drawKey draws the key itself: the library would ignore the entropy that makes a card repeatable.
func drawKey(entropy io.Reader) (*ecdh.PrivateKey, error) {
	d := make([]byte, 32)
	for range keyDraws {
		if _, err := io.ReadFull(entropy, d); err != nil {
			return nil, fmt.Errorf("draw card key: %w", err)
		}
		if key, err := ecdh.P256().NewPrivateKey(d); err == nil {
			return key, nil
		}
	}
	return nil, errors.New("draw card key: entropy gives no valid key")
}

// Core is the card without its file and without locking, for tests that drive it alone.
func (c *Card) Core() *Core { return c.core }

// Request is what head office signs, card.md 6.
func (c *Card) Request() []byte {
	request, err := json.Marshal(map[string]string{"public_key": hex.EncodeToString(c.core.key.PublicKey().Bytes())})
	if err != nil {
		panic("marshal a map of strings: " + err.Error())
	}
	return request
}

// Personalise gives a blank card what head office made for it, card.md 6, and refuses what was made for another
// card's key.
func (c *Card) Personalise(file []byte) error { return c.personalise(file, true) }

// PersonaliseClone makes a counterfeit: another card's certificate on this card's key.
func (c *Card) PersonaliseClone(file []byte) error { return c.personalise(file, false) }

func (c *Card) personalise(file []byte, ownKey bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, err := parsePerso(file)
	if err != nil {
		return fmt.Errorf("personalise: %w", err)
	}
	if ownKey && !bytes.Equal(id.certificate.publicKey(), c.core.key.PublicKey().Bytes()) {
		return fmt.Errorf("personalise: %w", ErrOtherKey)
	}
	if err := c.core.personalise(id); err != nil {
		return fmt.Errorf("personalise: %w", err)
	}
	return nil
}

// Terminate ends the card's life for good.
func (c *Card) Terminate() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.core.terminate()
}

// SetContactless moves the card to another interface; see Core.
func (c *Card) SetContactless(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.core != nil {
		c.core.SetContactless(on)
	}
}

// PowerOn starts the card; see Core.
func (c *Card) PowerOn() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.powerOn()
}

func (c *Card) powerOn() error {
	if c.other == nil {
		return c.core.PowerOn()
	}
	err := c.other.powerOn()
	c.otherOn = err == nil
	return err
}

// PowerOff stops the card; see Core.
func (c *Card) PowerOff() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.otherOn = false
	if c.core != nil {
		c.core.PowerOff()
	}
}

func (c *Card) powered() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.otherOn || c.core != nil && c.core.powered
}

// Reset restarts the card; see Core.
func (c *Card) Reset() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.powerOn() // of a card that may have been without power
}

// Process answers one command; see Core.
func (c *Card) Process(capdu []byte) []byte {
	answer, _, _, _ := c.exchange(capdu)
	return answer
}

// exchange is Process that also tells whether the card had power to begin with, what it did, and what its file said.
func (c *Card) exchange(capdu []byte) (answer []byte, powered bool, w work, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.other != nil {
		answer, powered = c.exchangeForeign(capdu)
		return answer, powered, work{}, nil
	}
	powered = c.core.powered
	answer = c.core.Process(capdu)
	return answer, powered, c.core.work, c.core.nvm.saveErr
}

// forgetSession is what a reset does that nobody sees.
func (c *Card) forgetSession() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.core != nil {
		c.core.endSession()
	}
}

// failAfter arms the memory; see NVM.FailAfter.
func (c *Card) failAfter(k int, written uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.core != nil {
		c.core.nvm.FailAfter(k, written)
	}
}

// ATR is the answer to reset: T=1, on contacts with TA1 96 (a card at the default 9600 baud takes half a second for
// a tap), IFSC 254, and historical bytes "LYL1" and "takes extended lengths".
func (c *Card) ATR() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.other != nil {
		return c.other.atr()
	}
	historical := "\x80\x64LYL1\x73\x80\x01\x40"
	atr := []byte("\x3B\x9A\x96\x81\x31\xFE\x45" + historical)
	if c.core.contactless {
		atr = []byte("\x3B\x8A\x80\x01" + historical) // PC/SC part 3, 3.1.3.2.3.1
	}
	return withCheck(atr)
}
