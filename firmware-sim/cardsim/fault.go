package cardsim

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// ErrFault says that a fault cannot be armed as described.
var ErrFault = errors.New("no such fault")

// FaultKind names what goes wrong.
type FaultKind string

// The faults. Those that take the card away leave its reader empty.
const (
	TearBefore  FaultKind = "tear-before" // the card is taken away, the command never reaches it
	TearAfter   FaultKind = "tear-after"  // the command is done, its answer is lost, the card is taken away
	PowerLoss   FaultKind = "power-loss"  // taken away at the Write-th memory write of the command
	Mute        FaultKind = "mute"        // no answer; the card stays
	Slow        FaultKind = "slow"        // the answer comes DelayMS late
	WrongSW     FaultKind = "sw"          // the answer is replaced by a bare status word
	ShortAnswer FaultKind = "short"       // only the first Bytes bytes (0 or 1) of the answer arrive
	BitFlip     FaultKind = "bit-flip"    // bit Bit of the answer arrives inverted
	Replay      FaultKind = "replay"      // the command is dropped, an earlier DEBIT's answer comes instead
	BadATR      FaultKind = "atr"         // the answer to reset is the Variant
)

// ATR variants.
const (
	ATREmpty     = "empty"
	ATRTruncated = "truncated"
	ATRChecksum  = "checksum"
	ATRGarbage   = "garbage"
)

const (
	maxDelayMS = 10 * 60 * 1000
	maxNth     = 1 << 20
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
	Skip        bool      `json:"skip,omitempty"` // mute, slow, sw, short: the card does not see the command

	Write   int     `json:"write,omitempty"`    // power-loss: the write that fails, 1 being the first
	Written HexWord `json:"written,omitzero"`   // power-loss: bits of that word that still arrive
	DelayMS int     `json:"delay_ms,omitempty"` // slow
	SW      HexSW   `json:"sw,omitzero"`        // sw
	Bytes   int     `json:"bytes,omitempty"`    // short
	Bit     int     `json:"bit,omitempty"`      // bit-flip: counted from the first bit of the answer, modulo its length
	Variant string  `json:"variant,omitempty"`  // atr
}

func (f Fault) check() error {
	wrong := func(why string) error { return fmt.Errorf("fault %q: %w: %s", f.Kind, ErrFault, why) }
	switch {
	case f.Nth < 0 || f.Nth > maxNth:
		return wrong("nth out of range")
	case !(f.Probability >= 0 && f.Probability <= 1):
		return wrong("probability is between 0 and 1")
	}
	switch f.Kind {
	case TearBefore, TearAfter, Mute, Replay:
		return nil
	case PowerLoss:
		if f.Write < 1 {
			return wrong("write counts from 1")
		}
	case Slow:
		if f.DelayMS < 1 || f.DelayMS > maxDelayMS {
			return wrong("delay_ms out of range")
		}
	case WrongSW:
		if f.SW == 0 {
			return wrong("sw is missing")
		}
	case ShortAnswer:
		if f.Bytes < 0 || f.Bytes > 1 {
			return wrong("bytes is 0 or 1")
		}
	case BitFlip:
		if f.Bit < 0 {
			return wrong("bit counts from 0")
		}
	case BadATR:
		switch f.Variant {
		case ATREmpty, ATRTruncated, ATRChecksum, ATRGarbage:
		default:
			return wrong("variant is empty, truncated, checksum or garbage")
		}
	default:
		return wrong("kind unknown")
	}
	return nil
}

// trigger decides at which commands an armed fault happens.
type trigger struct {
	Fault
	seen int
	dice *rand.Rand
}

func newTrigger(f Fault) *trigger {
	return &trigger{Fault: f, dice: rand.New(rand.NewPCG(f.Seed, f.Seed))}
}

func (t *trigger) fires(ins byte) bool {
	if t.Kind == BadATR || t.INS != 0 && byte(t.INS) != ins {
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

func (f Fault) delay() time.Duration { return time.Duration(f.DelayMS) * time.Millisecond }

// HexByte, HexSW and HexWord are written in hexadecimal, as card.md writes them.
type (
	HexByte byte
	HexSW   uint16
	HexWord uint32
)

// MarshalText writes two digits.
func (v HexByte) MarshalText() ([]byte, error) { return []byte(fmt.Sprintf("%02X", byte(v))), nil }

// MarshalText writes four digits.
func (v HexSW) MarshalText() ([]byte, error) { return []byte(fmt.Sprintf("%04X", uint16(v))), nil }

// MarshalText writes eight digits.
func (v HexWord) MarshalText() ([]byte, error) { return []byte(fmt.Sprintf("%08X", uint32(v))), nil }

// UnmarshalText reads two digits.
func (v *HexByte) UnmarshalText(text []byte) error {
	n, err := parseHex(text, 1)
	*v = HexByte(n)
	return err
}

// UnmarshalText reads four digits.
func (v *HexSW) UnmarshalText(text []byte) error {
	n, err := parseHex(text, 2)
	*v = HexSW(n)
	return err
}

// UnmarshalText reads eight digits.
func (v *HexWord) UnmarshalText(text []byte) error {
	n, err := parseHex(text, 4)
	*v = HexWord(n)
	return err
}

func parseHex(text []byte, size int) (uint64, error) {
	if _, err := hex.DecodeString(string(text)); err != nil || len(text) != 2*size {
		return 0, fmt.Errorf("want %d hexadecimal digits, not %q", 2*size, text)
	}
	return strconv.ParseUint(string(text), 16, 8*size)
}
