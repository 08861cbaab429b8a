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
	other     func() (*Card, error) // opens the card of a swap
	lastDebit []byte
	held      *held
	pace      Pace
	chip      chipSpeed
	link      linkSpeed
	metrics   Metrics
}

// Outcome is what a reader sees of one command.
type Outcome struct {
	Answer  []byte        // the bytes that arrive; may be none
	Delay   time.Duration // how late
	Lifted  chan struct{} // closed when that is over, because the fault was disarmed; nil when none is to blame
	Silent  bool          // nothing arrives, not even an empty answer
	Removed bool          // the card is gone
	Next    *Card         // the card that is in the reader now, when it was swapped
	Err     error         // why it went when no fault was armed: its file cannot be written
}

// SetFault arms one fault in place of the one before. A swap needs a Bench, which knows other cards.
func (c *Contacts) SetFault(f Fault) error {
	if f.Kind == Swap {
		return f.unusable("only a bench knows other cards")
	}
	return c.arm(f, nil)
}

func (c *Contacts) arm(f Fault, other func() (*Card, error)) error {
	if err := f.check(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.disarm()
	c.fault, c.other = newTrigger(f), other
	return nil
}

// ClearFault disarms. An answer that a sticky fault keeps back comes at once.
func (c *Contacts) ClearFault() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.disarm()
}

func (c *Contacts) disarm() {
	if c.fault != nil {
		close(c.fault.lifted)
	}
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
	return distortATR(atr, variant)
}

func distortATR(atr []byte, variant string) []byte {
	switch variant {
	case ATREmpty:
		return nil
	case ATRTruncated:
		return atr[:len(atr)/2]
	case ATRChecksum:
		atr[len(atr)-1] ^= 0xFF
		return atr
	case ATRT0:
		return []byte("\x3B\x64\x00\xFF\x80\x64T0") // TB1, TC1, four historical bytes
	case ATRInverse:
		return []byte("\x3F\x65\x00\x00\x80\x64INV")
	}
	return []byte{0x00, 0xFF, 0x55} // no TS that ISO 7816-3 knows
}

// PowerOn gives the card its power. An error that is ErrPowerLost took the card away.
func (c *Contacts) PowerOn(card *Card) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = nil
	if c.fault == nil || c.fault.Kind != StartLoss {
		return card.PowerOn()
	}
	card.failAfter(c.fault.Write, uint32(c.fault.Written))
	err := card.PowerOn()
	card.failAfter(0, 0)
	if err != nil {
		c.used() // a power on without enough writes leaves it armed
	}
	return err
}

// Exchange carries one command to the card and its answer back.
func (c *Contacts) Exchange(card *Card, capdu []byte) Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	answer, rest, ok := c.held.fetch(capdu)
	c.held = rest
	if ok {
		return c.timed(Outcome{Answer: answer}, capdu, work{})
	}
	var ins byte
	if len(capdu) > 1 {
		ins = capdu[1]
	}
	if c.fault == nil || c.fault.Kind == Replay && c.lastDebit == nil || !c.fault.fires(ins) {
		o, w := c.pass(card, capdu)
		return c.timed(o, capdu, w)
	}
	return c.spoil(card, capdu)
}

// spoil carries a command at which the fault happens.
func (c *Contacts) spoil(card *Card, capdu []byte) Outcome {
	fault := c.fault
	c.used()
	switch fault.Kind {
	case TearBefore:
		return Outcome{Removed: true}
	case TearAfter:
		card.Process(capdu)
		return Outcome{Removed: true}
	case Swap:
		next, err := c.other()
		return Outcome{Removed: true, Next: next, Err: err}
	case PowerLoss:
		card.failAfter(fault.Write, uint32(fault.Written))
		defer card.failAfter(0, 0)
	case StaleSession:
		card.forgetSession()
	case Replay:
		return c.timed(Outcome{Answer: bytes.Clone(c.lastDebit)}, capdu, work{})
	}
	var o Outcome
	var w work
	if !fault.Skip {
		o, w = c.pass(card, capdu)
	}
	if fault.Kind == GetResponse || fault.Kind == WrongLe {
		o.Answer, c.held = hold(fault.Kind, capdu, o.Answer)
	}
	late := fault.lateness(len(capdu)+len(o.Answer), w)
	o = c.timed(fault.distort(o), capdu, w)
	o.Delay, o.Lifted = o.Delay+late, fault.lifted
	return o
}

// pass is the way without a fault. A card that is silent although it had power has lost it: it is gone.
func (c *Contacts) pass(card *Card, capdu []byte) (Outcome, work) {
	answer, powered, w, err := card.exchange(capdu)
	if answer == nil {
		return Outcome{Removed: powered, Err: err}, w
	}
	// Only a wrapped answer with data is one of success: 16 bytes at least, R-MAC and status word.
	if len(capdu) > 1 && capdu[1] == insDebit && len(answer) > macSize+2 {
		c.lastDebit = bytes.Clone(answer)
	}
	return Outcome{Answer: answer}, w
}

// distort is what the fault makes of an answer. The card's own removal stays one.
func (t *trigger) distort(o Outcome) Outcome {
	n := len(o.Answer)
	switch t.Kind {
	case Mute:
		o.Silent = true
	case WrongSW:
		o.Answer = []byte{byte(t.SW >> 8), byte(t.SW)}
	case ShortAnswer:
		o.Answer = o.Answer[:min(t.Bytes, n)]
	case Truncated:
		o.Answer = o.Answer[:max(0, n-t.Bytes)]
	case OverLong:
		more := make([]byte, t.Bytes)
		for i := range more {
			more[i] = byte(t.dice.Uint32())
		}
		status := max(0, n-2)
		o.Answer = bytes.Join([][]byte{o.Answer[:status], more, o.Answer[status:]}, nil)
	case BitFlip:
		if n > 0 {
			o.Answer[t.Bit%(8*n)/8] ^= 0x80 >> (t.Bit % 8)
		}
	}
	return o
}

// lateness of a slow card.
func (f Fault) lateness(size int, w work) time.Duration {
	if f.Kind != Slow {
		return 0
	}
	return time.Duration(f.DelayMS)*time.Millisecond + time.Duration(f.ByteUS*size+f.OperationUS*w.total())*time.Microsecond
}

// used drops a fault that happens once.
func (c *Contacts) used() {
	if !c.fault.Sticky {
		c.fault = nil
	}
}
