package cardsim

import (
	"errors"
	"fmt"
	"math/rand/v2"
)

// ErrFault says that a fault cannot be armed as described.
var ErrFault = errors.New("no such fault")

// FaultKind names what goes wrong.
type FaultKind string

// The faults. Those that take the card away leave its reader empty.
const (
	TearBefore   FaultKind = "tear-before"   // the card is taken away, the command never reaches it
	TearAfter    FaultKind = "tear-after"    // the command is done, its answer is lost, the card is taken away
	PowerLoss    FaultKind = "power-loss"    // taken away at the Write-th memory write of the command
	StartLoss    FaultKind = "start-loss"    // taken away at the Write-th memory write of a power on, that is in a recovery
	Swap         FaultKind = "swap"          // the command is lost, and Card is in the reader instead
	StaleSession FaultKind = "stale-session" // the card has forgotten its session when the command comes
	Mute         FaultKind = "mute"          // no answer; the card stays
	Slow         FaultKind = "slow"          // the answer comes late
	WrongSW      FaultKind = "sw"            // the answer is replaced by a bare status word
	ShortAnswer  FaultKind = "short"         // only the first Bytes bytes (0 or 1) of the answer arrive
	Truncated    FaultKind = "truncated"     // the last Bytes bytes of the answer are missing
	OverLong     FaultKind = "over-long"     // Bytes bytes that nobody sent stand before the status word
	BitFlip      FaultKind = "bit-flip"      // bit Bit of the answer arrives inverted
	Replay       FaultKind = "replay"        // the command is dropped, an earlier DEBIT's answer comes instead
	GetResponse  FaultKind = "61xx"          // as under T=0: the answer's data must be fetched with GET RESPONSE
	WrongLe      FaultKind = "6Cxx"          // as under T=0: the command must come again with the answer's length
	BadATR       FaultKind = "atr"           // the answer to reset is the Variant
)

// ATR variants. The last two are right, but of cards that are not LYL1's.
const (
	ATREmpty     = "empty"
	ATRTruncated = "truncated"
	ATRChecksum  = "checksum"
	ATRGarbage   = "garbage"
	ATRT0        = "t0"      // direct convention, T=0 alone
	ATRInverse   = "inverse" // inverse convention
)

const (
	maxDelayMS   = 10 * 60 * 1000
	maxDelayUS   = 1000 * maxDelayMS
	maxNth       = 1 << 20
	maxOverLong  = 1 << 15
	maxTruncated = 1 << 15
)

// Fault is one thing going wrong: what, and at which command. Without INS any command counts; without Nth and
// Probability the first one triggers. A fault happens once unless it is sticky.
type Fault struct {
	Kind        FaultKind `json:"kind"`
	INS         HexByte   `json:"ins,omitzero"`         // only commands with this INS
	Nth         int       `json:"nth,omitempty"`        // the n-th such command since arming; sticky: from then on
	Probability float64   `json:"probability,omitzero"` // chance of each such command, from Seed
	Seed        uint64    `json:"seed,omitempty"`
	Sticky      bool      `json:"sticky,omitempty"`
	Skip        bool      `json:"skip,omitempty"` // mute, slow, sw, short, truncated, over-long: the card does not see the command

	Write       int     `json:"write,omitempty"`        // power-loss, start-loss: the write that fails, 1 being the first
	Written     HexWord `json:"written,omitzero"`       // power-loss, start-loss: bits of that word that still arrive
	DelayMS     int     `json:"delay_ms,omitempty"`     // slow: in any case
	ByteUS      int     `json:"byte_us,omitempty"`      // slow: for each byte of command and answer
	OperationUS int     `json:"operation_us,omitempty"` // slow: for each cryptographic operation and commit of the card
	SW          HexSW   `json:"sw,omitzero"`            // sw
	Bytes       int     `json:"bytes,omitempty"`        // short, truncated, over-long
	Bit         int     `json:"bit,omitempty"`          // bit-flip: counted from the first bit of the answer, modulo its length
	Variant     string  `json:"variant,omitempty"`      // atr
	Card        string  `json:"card,omitempty"`         // swap: the other card's name
}

func (f Fault) check() error {
	switch {
	case f.Nth < 0 || f.Nth > maxNth:
		return f.unusable("nth out of range")
	case !(f.Probability >= 0 && f.Probability <= 1):
		return f.unusable("probability is between 0 and 1")
	}
	if why := f.checkKind(); why != "" {
		return f.unusable(why)
	}
	return nil
}

func (f Fault) unusable(why string) error {
	return fmt.Errorf("fault %q: %w: %s", f.Kind, ErrFault, why)
}

// checkKind says what is wrong with the fields of this kind.
func (f Fault) checkKind() string {
	switch f.Kind {
	case TearBefore, TearAfter, StaleSession, Mute, Replay, GetResponse, WrongLe:
	case PowerLoss, StartLoss:
		if f.Write < 1 {
			return "write counts from 1"
		}
	case Swap:
		if !validName(f.Card) {
			return "card is the name of the other card"
		}
	case Slow:
		return f.checkSlow()
	case WrongSW:
		if f.SW == 0 {
			return "sw is missing"
		}
	case ShortAnswer:
		if f.Bytes < 0 || f.Bytes > 1 {
			return "bytes is 0 or 1"
		}
	case Truncated:
		if f.Bytes < 1 || f.Bytes > maxTruncated {
			return fmt.Sprintf("bytes is from 1 to %d", maxTruncated)
		}
	case OverLong:
		if f.Bytes < 1 || f.Bytes > maxOverLong {
			return fmt.Sprintf("bytes is from 1 to %d", maxOverLong)
		}
	case BitFlip:
		if f.Bit < 0 {
			return "bit counts from 0"
		}
	case BadATR:
		switch f.Variant {
		case ATREmpty, ATRTruncated, ATRChecksum, ATRGarbage, ATRT0, ATRInverse:
		default:
			return "variant is empty, truncated, checksum, garbage, t0 or inverse"
		}
	default:
		return "kind unknown"
	}
	return ""
}

func (f Fault) checkSlow() string {
	switch {
	case min(f.DelayMS, f.ByteUS, f.OperationUS) < 0 || f.DelayMS > maxDelayMS || max(f.ByteUS, f.OperationUS) > maxDelayUS:
		return "delay_ms, byte_us and operation_us are from 0 to ten minutes"
	case f.DelayMS == 0 && f.ByteUS == 0 && f.OperationUS == 0:
		return "one of delay_ms, byte_us and operation_us is missing"
	}
	return ""
}

// trigger decides at which commands an armed fault happens.
type trigger struct {
	Fault
	seen   int
	dice   *rand.Rand
	lifted chan struct{} // closed when it is disarmed
}

func newTrigger(f Fault) *trigger {
	return &trigger{Fault: f, dice: rand.New(rand.NewPCG(f.Seed, f.Seed)), lifted: make(chan struct{})}
}

func (t *trigger) fires(ins byte) bool {
	if t.Kind == BadATR || t.Kind == StartLoss || t.INS != 0 && byte(t.INS) != ins {
		return false
	}
	t.seen++
	switch {
	case t.Nth > 0 && t.seen < t.Nth:
		return false
	case t.Probability > 0 && t.dice.Float64() >= t.Probability:
		return false
	}
	return true
}
