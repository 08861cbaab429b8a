package cardsim

import (
	"crypto/ecdh"
	"fmt"
	"io"
)

// Core is the card's application: commands in, answers out, all lasting state in its NVM. It belongs to one
// goroutine at a time.
type Core struct {
	nvm         *NVM
	key         *ecdh.PrivateKey
	entropy     io.Reader
	contactless bool
	powered     bool
	work        work // for the command that is being answered

	// Lost with power and reset.
	selected   bool
	session    *session
	handshake  *handshake
	pieces     pieces
	verified   bool
	unratified bool // the last change of the purse was made in this session
}

// newCore puts a card around a memory that holds a key. Entropy gives the card's random bytes.
func newCore(nvm *NVM, entropy io.Reader) (*Core, error) {
	c := &Core{nvm: nvm, entropy: entropy}
	return c, c.readKey()
}

// readKey takes the key from the memory, where a commit that was torn may have put another one.
func (c *Core) readKey() (err error) {
	if c.key, err = ecdh.P256().NewPrivateKey(c.nvm.bytes(keyAt, 32)); err != nil {
		return fmt.Errorf("card key in memory: %w", err)
	}
	return nil
}

// SetContactless tells which interface carries the commands: a pinpad's VERIFY works on contacts only.
func (c *Core) SetContactless(on bool) { c.contactless = on }

// NVM is the card's memory, to count its writes and to let its power fail.
func (c *Core) NVM() *NVM { return c.nvm }

// PowerOn starts the card and finishes what a loss of power interrupted. After an error the card stays dead.
func (c *Core) PowerOn() error {
	c.PowerOff()
	if err := c.nvm.powerOn(); err != nil {
		return fmt.Errorf("power on: %w", err)
	}
	if err := c.readKey(); err != nil {
		return fmt.Errorf("power on: %w", err)
	}
	c.powered = true
	return nil
}

// PowerOff forgets everything volatile.
func (c *Core) PowerOff() {
	c.powered = false
	c.selected = false
	c.endSession()
}

// Reset is the warm reset of a card that may have been without power.
func (c *Core) Reset() error { return c.PowerOn() }

func (c *Core) endSession() {
	c.session = nil
	c.handshake = nil
	c.pieces = pieces{}
	c.verified = false
	c.unratified = false
}

// Process answers one command APDU with at least a status word. A card without power, or one that lost it in the
// middle of this command, answers nil.
func (c *Core) Process(capdu []byte) []byte {
	if !c.powered {
		return nil
	}
	c.work = work{}
	commits := c.nvm.commits
	answer := c.answer(capdu)
	c.work[opCommit] = c.nvm.commits - commits
	if c.nvm.lost {
		c.PowerOff()
		return nil
	}
	return answer
}

func (c *Core) answer(capdu []byte) []byte {
	cmd, ok := parseCommand(capdu)
	if !ok {
		return c.malformed(capdu).bytes()
	}
	if c.handshake != nil && cmd.cla == claProprietary|claSecure && cmd.ins == insExternalAuthenticate {
		return c.externalAuthenticate(cmd).bytes()
	}
	if cmd.cla == claSecure || cmd.cla == claProprietary|claSecure {
		return c.secure(cmd)
	}
	if !c.isPinpadVerify(cmd) {
		c.endSession()
	}
	return c.plain(cmd).bytes()
}

// malformed: inside a session a wrong length is an attack on its envelope like any other (card.md 3.2).
func (c *Core) malformed(capdu []byte) reply {
	inSession := c.session != nil && len(capdu) > 0 && capdu[0]&^claProprietary == claSecure
	c.endSession()
	if inSession {
		return refuse(swSecureWrong)
	}
	return refuse(swLength)
}

// secure runs a wrapped command. Once the C-MAC was right every answer carries an R-MAC.
func (c *Core) secure(cmd command) []byte {
	s := c.session
	if s == nil {
		c.endSession()
		return refuse(swConditions).bytes()
	}
	opened, ok := s.open(cmd)
	if !ok {
		c.endSession()
		return refuse(swSecureWrong).bytes()
	}
	if err := c.ratify(); err != nil {
		return s.seal(refuse(swFault))
	}
	return s.seal(c.run(opened))
}

func (c *Core) run(cmd command) reply {
	i, ok := instructionOf(cmd.ins)
	switch {
	case !ok:
		return refuse(swInstruction)
	case cmd.cla&claProprietary != i.cla:
		return refuse(swClass)
	case c.blank() != i.blank && cmd.ins != insSelect:
		return refuse(swConditions)
	case i.protection == plainOnly:
		return refuse(swNoSecure)
	}
	return i.run(c, cmd)
}

func (c *Core) plain(cmd command) reply {
	switch {
	case cmd.cla&^(claProprietary|claSecurityMask|claChannelMask) != 0:
		return refuse(swClass)
	case cmd.cla&claChannelMask != 0:
		return refuse(swChannel)
	case cmd.cla&claSecurityMask != 0:
		return refuse(swNoSecure)
	}
	i, ok := instructionOf(cmd.ins)
	switch {
	case !ok:
		return refuse(swInstruction)
	case cmd.cla != i.cla:
		return refuse(swClass)
	case cmd.ins != insSelect && (!c.selected || c.blank() != i.blank):
		return refuse(swConditions)
	case i.protection == secureOnly, cmd.ins == insVerify && !c.isPinpadVerify(cmd):
		return refuse(swSecurity)
	}
	return i.run(c, cmd)
}

// isPinpadVerify: the one plain command that may pass through a session (card.md 3.2 and 3.3).
func (c *Core) isPinpadVerify(cmd command) bool {
	return c.selected && cmd.cla == 0 && cmd.ins == insVerify && !c.contactless && c.certificate().flags()&certFlagPinpad != 0
}

// ratify notes that the answer to the last change has reached the host: the next command of its session is here.
func (c *Core) ratify() error {
	if !c.unratified {
		return nil
	}
	c.unratified = false
	t := c.nvm.begin()
	t.set(ratifiedAt, 1)
	return t.commit()
}

func (c *Core) blank() bool { return c.nvm.word(lifeAt) == lifeBlank }

func (c *Core) terminated() bool { return c.nvm.word(lifeAt) == lifeTerminated }
