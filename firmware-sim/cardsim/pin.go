package cardsim

import (
	"bytes"
	"crypto/subtle"
)

const (
	blockSize   = 8 // card.md 3.3: digits, then FF
	minDigits   = 4
	maxPINTries = 3
	maxPUKTries = 10
	reference   = 0x0001 // P1 P2 of VERIFY, CHANGE and UNBLOCK
)

// secret is the PIN or the PUK: where it lies and how many tries it has.
type secret int

const (
	pinSecret secret = iota
	pukSecret
)

func (s secret) blockAt() int {
	if s == pinSecret {
		return pinAt
	}
	return pukAt
}

func (s secret) triesAt() int {
	if s == pinSecret {
		return pinTriesAt
	}
	return pukTriesAt
}

func (s secret) bit() uint32 { return 1 << s }

func (s secret) isSet(n *NVM) bool { return n.word(secretsAt)&s.bit() != 0 }

func (s secret) triesLeft(n *NVM) byte {
	if !s.isSet(n) {
		return 0
	}
	return byte(n.word(s.triesAt()))
}

func (s secret) isBlocked(n *NVM) bool { return s.isSet(n) && n.word(s.triesAt()) == 0 }

// usable is 9000 when the secret can be presented at all.
func (s secret) usable(n *NVM) statusWord {
	switch {
	case !s.isSet(n):
		return swNotSet
	case s.isBlocked(n):
		return swBlocked
	}
	return swDone
}

// wrong is the answer to a presentation that did not match, the try being spent already.
func (s secret) wrong(n *NVM) statusWord {
	left := n.word(s.triesAt())
	if left == 0 {
		return swBlocked
	}
	return swTriesLeft | statusWord(left)
}

// present spends a try for good and only then compares, so that pulling the card out gains nothing. After a match
// the caller commits the restored counter together with whatever else the match is for.
func (s secret) present(n *NVM, block []byte) (matched bool, err error) {
	t := n.begin()
	t.set(s.triesAt(), n.word(s.triesAt())-1)
	if err := t.commit(); err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(block, n.bytes(s.blockAt(), blockSize)) == 1, nil
}

// verify serves the wrapped and the pinpad's form; without data it tells the state and changes nothing.
func (c *Core) verify(cmd command) reply {
	switch {
	case cmd.p1p2() != reference:
		return refuse(swParameters)
	case len(cmd.data) != 0 && len(cmd.data) != blockSize:
		return refuse(swLength)
	case len(cmd.data) == 0:
		return refuse(c.verifyStatus())
	case c.terminated():
		return refuse(swConditions)
	}
	if sw := c.presentable(pinSecret, cmd.data); sw != swDone {
		return refuse(sw)
	}
	matched, err := pinSecret.present(c.nvm, cmd.data)
	if err != nil {
		return refuse(swFault)
	}
	c.verified = false
	if !matched {
		return refuse(pinSecret.wrong(c.nvm))
	}
	t := c.nvm.begin()
	t.set(pinTriesAt, maxPINTries)
	if err := t.commit(); err != nil {
		return refuse(swFault)
	}
	c.verified = true
	return done()
}

func (c *Core) verifyStatus() statusWord {
	if sw := pinSecret.usable(c.nvm); sw != swDone || c.verified {
		return sw
	}
	return pinSecret.wrong(c.nvm)
}

// changePIN leaves the verified state as it was: only VERIFY grants it.
func (c *Core) changePIN(cmd command) reply { return c.replacePIN(cmd, pinSecret) }

func (c *Core) unblock(cmd command) reply { return c.replacePIN(cmd, pukSecret) }

// replacePIN takes PIN or PUK and the new PIN, and sets the new PIN with all its tries in one step.
func (c *Core) replacePIN(cmd command, proof secret) reply {
	switch {
	case cmd.p1p2() != reference:
		return refuse(swParameters)
	case len(cmd.data) != 2*blockSize:
		return refuse(swLength)
	}
	if proof == pinSecret && !pinSecret.isSet(c.nvm) {
		return c.firstPIN(cmd.data[:blockSize], cmd.data[blockSize:])
	}
	if sw := c.presentable(proof, cmd.data[:blockSize], cmd.data[blockSize:]); sw != swDone {
		return refuse(sw)
	}
	matched, err := proof.present(c.nvm, cmd.data[:blockSize])
	if err != nil {
		return refuse(swFault)
	}
	if !matched {
		c.verified = c.verified && proof != pinSecret
		return refuse(proof.wrong(c.nvm))
	}
	t := c.nvm.begin()
	if proof == pukSecret {
		t.set(pukTriesAt, maxPUKTries)
	}
	return c.commitPIN(t, cmd.data[blockSize:])
}

// firstPIN is the member's choice on a card that has none, card.md 3.3.
func (c *Core) firstPIN(old, chosen []byte) reply {
	switch {
	case !bytes.Equal(old, bytes.Repeat([]byte{0xFF}, blockSize)):
		return refuse(swNotSet)
	case !validBlock(chosen):
		return refuse(swData)
	}
	return c.commitPIN(c.nvm.begin(), chosen)
}

func (c *Core) commitPIN(t *tx, chosen []byte) reply {
	t.set(pinTriesAt, maxPINTries)
	t.setBytes(pinAt, chosen)
	t.set(secretsAt, c.nvm.word(secretsAt)|pinSecret.bit())
	if err := t.commit(); err != nil {
		return refuse(swFault)
	}
	return done()
}

// presentable checks everything that costs no try.
func (c *Core) presentable(s secret, blocks ...[]byte) statusWord {
	if sw := s.usable(c.nvm); sw != swDone {
		return sw
	}
	for _, b := range blocks {
		if !validBlock(b) {
			return swData
		}
	}
	return swDone
}

func validBlock(b []byte) bool {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	for _, v := range b[n:] {
		if v != 0xFF {
			return false
		}
	}
	return len(b) == blockSize && n >= minDigits
}
