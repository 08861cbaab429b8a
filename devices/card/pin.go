package card

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
)

// PIN block, card.md 3.3: ASCII digits padded with FF.
const (
	blockLength = 8
	// MinPINDigits is the fewest digits of a PIN.
	MinPINDigits = 4
	padding      = 0xFF
	maskedPIN    = "PIN(***)"
)

// PIN is one PIN as it was typed, for one command. It lives in memory that is locked and left out of core dumps where the
// system can do that, prints and encodes as PIN(***), and is gone once it was used.
type PIN struct{ secret *secret }

// noPIN is the old block of a change while no PIN is set, card.md 3.3.
func noPIN() [blockLength]byte {
	return [blockLength]byte{padding, padding, padding, padding, padding, padding, padding, padding}
}

// secret is behind a pointer, so that no way of printing a PIN reaches it.
type secret struct {
	memory  memory
	cleanup runtime.Cleanup
}

// NewPIN takes typed digits and overwrites them. ErrPINFormat costs no try.
func NewPIN(digits []byte) (*PIN, error) {
	defer clear(digits)
	if len(digits) < MinPINDigits || len(digits) > blockLength || !all(digits, '0', '9') {
		return nil, ErrPINFormat
	}
	s := &secret{memory: allocate(blockLength)}
	block := s.memory.bytes[:blockLength]
	for i := copy(block, digits); i < len(block); i++ {
		block[i] = padding
	}
	s.cleanup = runtime.AddCleanup(s, memory.wipe, s.memory) // for a PIN that nobody zeroed
	return &PIN{secret: s}, nil
}

// Zero overwrites the PIN. It may be called again.
func (p *PIN) Zero() {
	if p == nil || p.secret == nil {
		return
	}
	p.secret.cleanup.Stop()
	p.secret.memory.wipe()
	p.secret = nil
}

// appendBlock adds the PIN block behind dst.
func (p *PIN) appendBlock(dst []byte) ([]byte, error) {
	if p == nil || p.secret == nil {
		return dst, fmt.Errorf("%w: it was used already", ErrPINFormat)
	}
	dst = append(dst, p.secret.memory.bytes[:blockLength]...)
	runtime.KeepAlive(p.secret)
	return dst, nil
}

// AppendDigits adds the typed digits behind dst, for cards that want them in another form than ours. The caller overwrites
// them.
func (p *PIN) AppendDigits(dst []byte) ([]byte, error) {
	block, err := p.appendBlock(make([]byte, 0, blockLength))
	defer clear(block)
	digits, _, _ := bytes.Cut(block, []byte{padding})
	return append(dst, digits...), err
}

// Format prints the mask for every verb.
func (p PIN) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, maskedPIN) }
func (p PIN) MarshalText() ([]byte, error) { return []byte(maskedPIN), nil }
