package cardsim

import (
	"bytes"
	"sync"
	"time"
)

// Contacts are a reader's contacts, through which a card and the world meet, and where things go wrong on command.
// The zero value is ready and faultless. They remember the last DEBIT answer that passed, whichever card gave it.
type Contacts struct {
	mu        sync.Mutex
	fault     *trigger
	lastDebit []byte
}

// Outcome is what a reader sees of one command.
type Outcome struct {
	Answer  []byte        // the bytes that arrive; may be none
	Delay   time.Duration // how late
	Silent  bool          // nothing arrives, not even an empty answer
	Removed bool          // the card is gone
	Err     error         // why it went when no fault was armed: its file cannot be written
}

// SetFault arms one fault in place of the one before.
func (c *Contacts) SetFault(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = newTrigger(f)
	return nil
}

// ClearFault disarms.
func (c *Contacts) ClearFault() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = nil
}

// Fault is what is armed.
func (c *Contacts) Fault() (Fault, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fault == nil {
		return Fault{}, false
	}
	return c.fault.Fault, true
}

// ATR is the card's answer to reset as it arrives.
func (c *Contacts) ATR(card *Card) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	atr := card.ATR()
	if c.fault == nil || c.fault.Kind != BadATR {
		return atr
	}
	variant := c.fault.Variant
	c.used()
	switch variant {
	case ATREmpty:
		return nil
	case ATRTruncated:
		return atr[:len(atr)/2]
	case ATRChecksum:
		atr[len(atr)-1] ^= 0xFF
		return atr
	}
	return []byte{0x00, 0xFF, 0x55} // no TS that ISO 7816-3 knows
}

// Exchange carries one command to the card and its answer back.
func (c *Contacts) Exchange(card *Card, capdu []byte) Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ins byte
	if len(capdu) > 1 {
		ins = capdu[1]
	}
	if c.fault == nil || c.fault.Kind == Replay && c.lastDebit == nil || !c.fault.fires(ins) {
		return c.pass(card, capdu, ins)
	}
	fault := c.fault.Fault
	c.used()
	switch fault.Kind {
	case TearBefore:
		return Outcome{Removed: true}
	case TearAfter:
		card.Process(capdu)
		return Outcome{Removed: true}
	case PowerLoss:
		card.failAfter(fault.Write, uint32(fault.Written))
		o := c.pass(card, capdu, ins)
		card.failAfter(0, 0)
		return o
	case Replay:
		return Outcome{Answer: bytes.Clone(c.lastDebit)}
	}
	var o Outcome
	if !fault.Skip {
		o = c.pass(card, capdu, ins)
	}
	return fault.distort(o)
}

// pass is the way without a fault. A card that is silent although it had power has lost it: it is gone.
func (c *Contacts) pass(card *Card, capdu []byte, ins byte) Outcome {
	answer, powered, err := card.exchange(capdu)
	if answer == nil {
		return Outcome{Removed: powered, Err: err}
	}
	// Only a wrapped answer with data is one of success: 16 bytes at least, R-MAC and status word.
	if ins == insDebit && len(answer) > macSize+2 {
		c.lastDebit = bytes.Clone(answer)
	}
	return Outcome{Answer: answer}
}

func (f Fault) distort(o Outcome) Outcome {
	switch f.Kind {
	case Mute:
		o.Silent = true
	case Slow:
		o.Delay = f.delay()
	case WrongSW:
		o.Answer = []byte{byte(f.SW >> 8), byte(f.SW)}
	case ShortAnswer:
		o.Answer = o.Answer[:min(f.Bytes, len(o.Answer))]
	case BitFlip:
		if n := 8 * len(o.Answer); n > 0 {
			o.Answer[f.Bit%n/8] ^= 0x80 >> (f.Bit % 8)
		}
	}
	return o
}

// used drops a fault that happens once.
func (c *Contacts) used() {
	if !c.fault.Sticky {
		c.fault = nil
	}
}
