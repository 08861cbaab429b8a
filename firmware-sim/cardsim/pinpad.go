package cardsim

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"
)

// What goes wrong at a pinpad.
var (
	ErrNotOurDriver = errors.New("a reader of this kind has no pinpad and no cable to pull")
	ErrPinpadIdle   = errors.New("nobody is asked for a PIN")
	ErrKey          = errors.New("no such key")
)

// Keys of a pinpad beside the digits "0" to "9". KeyTimeout is the customer who walks away: the reader's time is over.
const (
	KeyClear   = "clear"
	KeyOK      = "ok"
	KeyCancel  = "cancel"
	KeyTimeout = "timeout"
)

// Features of PC/SC part 10 that the reader has, with the codes by which the host calls them.
const (
	codeFeatures  = 0x42000000 + 3400 // CM_IOCTL_GET_FEATURE_REQUEST
	codeVerifyPIN = 0x42330006
	codePINTraits = 0x4233000A

	featureVerifyPIN = 0x06
	featurePINTraits = 0x0A
)

// Status words of the pinpad itself, PC/SC part 10, 2.5.2.
const (
	swPadTimeout   statusWord = 0x6400
	swPadCancelled statusWord = 0x6401
	swPadLength    statusWord = 0x6403
	swPadStructure statusWord = 0x6B80
)

// Pinpad is the keypad of a reader. It shows a star for every digit; the PIN goes from here to the card and nowhere else.
type Pinpad struct {
	mu    sync.Mutex
	entry *entry // nil while nobody is asked
}

// entry is one PIN being typed.
type entry struct {
	min, max int
	digits   []byte
	result   statusWord    // status word of the pinpad; 0 for a PIN
	over     chan struct{} // closed when the customer has ended it
}

// PinpadView is what a customer sees of a pinpad.
type PinpadView struct {
	Asks  bool `json:"asks"` // for a PIN
	Stars int  `json:"stars"`
}

// View is what the pinpad shows.
func (p *Pinpad) View() PinpadView {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.entry == nil {
		return PinpadView{}
	}
	return PinpadView{Asks: true, Stars: len(p.entry.digits)}
}

// Press presses keys one after the other. While nobody is asked for a PIN that is ErrPinpadIdle, and so is a key behind the one
// that ended the entry.
func (p *Pinpad) Press(keys ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range keys {
		if p.entry == nil {
			return ErrPinpadIdle
		}
		if err := p.press(key); err != nil {
			return err
		}
	}
	return nil
}

// press needs the lock.
func (p *Pinpad) press(key string) error {
	e := p.entry
	switch {
	case len(key) == 1 && key[0] >= '0' && key[0] <= '9':
		if len(e.digits) < e.max { // a pinpad beeps at one too many
			e.digits = append(e.digits, key[0])
		}
	case key == KeyClear:
		clear(e.digits)
		e.digits = e.digits[:0]
	case key == KeyCancel:
		p.end(swPadCancelled)
	case key == KeyTimeout:
		p.end(swPadTimeout)
	case key == KeyOK && len(e.digits) < e.min:
		p.end(swPadLength)
	case key == KeyOK:
		p.end(0)
	default:
		return fmt.Errorf("%w: %q is none of 0 to 9, clear, ok, cancel, timeout", ErrKey, key)
	}
	return nil
}

// end needs the lock.
func (p *Pinpad) end(result statusWord) {
	p.entry.result = result
	close(p.entry.over)
	p.entry = nil
}

// ask waits for a PIN. It gives the status word of the pinpad when none comes.
func (p *Pinpad) ask(ctx context.Context, gone <-chan struct{}, f pinFormat) (digits []byte, sw statusWord) {
	e := &entry{min: f.min, max: f.max, digits: make([]byte, 0, f.max), over: make(chan struct{})}
	p.mu.Lock()
	p.entry = e
	p.mu.Unlock()
	timer := time.NewTimer(f.timeout)
	defer timer.Stop()
	select {
	case <-e.over:
	case <-timer.C:
	case <-gone:
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.entry == e {
		p.end(swPadTimeout)
	}
	if e.result != 0 {
		clear(e.digits)
		return nil, e.result
	}
	return e.digits, 0
}

// Fields of PIN_VERIFY_STRUCTURE, PC/SC part 10, 2.5.1, that the reader looks at; all little-endian.
const (
	pinTimeout      = 0
	pinFormatString = 2
	pinBlockString  = 3
	pinLengthFormat = 4
	pinMax          = 5
	pinMin          = 6
	pinValidation   = 7
	pinDataLength   = 15
	pinData         = 19
	pinInCommand    = 5 // behind the header and Lc

	asciiFromTheLeft = 0x82 // bytes, PIN from the first byte of the data, to the left, ASCII
	validatedByKey   = 0x02
	defaultPINWait   = 30 * time.Second
)

// pinFormat is what a host asks a pinpad for.
type pinFormat struct {
	timeout  time.Duration
	min, max int
	command  []byte // with room for the PIN
}

// parsePINFormat knows one form: a block of eight bytes with ASCII digits from the left, as card.md 3.3 has it.
func parsePINFormat(b []byte) (pinFormat, bool) {
	if len(b) < pinData || int(binary.LittleEndian.Uint32(b[pinDataLength:])) != len(b)-pinData {
		return pinFormat{}, false
	}
	f := pinFormat{timeout: defaultPINWait, min: int(b[pinMin]), max: int(b[pinMax]), command: b[pinData:]}
	if b[pinTimeout] > 0 {
		f.timeout = time.Duration(b[pinTimeout]) * time.Second
	}
	ok := b[pinFormatString] == asciiFromTheLeft && b[pinBlockString] == blockSize && b[pinLengthFormat] == 0 &&
		b[pinValidation]&validatedByKey != 0 && f.min <= f.max && f.max <= blockSize &&
		len(f.command) == pinInCommand+blockSize && int(f.command[pinInCommand-1]) == blockSize
	return f, ok
}

// Control answers what the host asks the reader itself, not the card, or tells that the reader does not know it. A PIN that was
// typed goes to the card through send, until gone closes; what comes back is a status word.
func (p *Pinpad) Control(ctx context.Context, gone <-chan struct{}, code uint32, input []byte, send func([]byte) []byte) (answer []byte, known bool) {
	switch code {
	case codeFeatures:
		tlvs := binary.BigEndian.AppendUint32([]byte{featureVerifyPIN, 4}, codeVerifyPIN)
		return binary.BigEndian.AppendUint32(append(tlvs, featurePINTraits, 4), codePINTraits), true
	case codePINTraits:
		return []byte{0, 0, 7, 0}, true // no display; ended by a key, the last digit or time; one timeout
	case codeVerifyPIN:
		return p.verify(ctx, gone, input, send), true
	}
	return nil, false
}

func (p *Pinpad) verify(ctx context.Context, gone <-chan struct{}, input []byte, send func([]byte) []byte) []byte {
	f, ok := parsePINFormat(input)
	if !ok {
		return refuse(swPadStructure).bytes()
	}
	digits, sw := p.ask(ctx, gone, f)
	if sw != 0 {
		return refuse(sw).bytes()
	}
	defer clear(digits)
	copy(f.command[pinInCommand:], digits)
	defer clear(f.command)
	return send(f.command)
}

// controlReader is Control for the driver. A card that leaves takes the question with it.
func (s *Slot) controlReader(ctx context.Context, seat *seat, code uint32, input []byte) ifdAnswer {
	if seat == nil {
		seat = emptySeat()
	}
	var sent ifdAnswer
	answer, known := s.Pinpad.Control(ctx, seat.gone, code, input, func(capdu []byte) []byte {
		sent = s.transmit(ctx, seat, capdu)
		return sent.data
	})
	switch {
	case !known:
		return ifdAnswer{result: ifdNotSupported}
	case code == codeVerifyPIN && seat.left():
		return ifdAnswer{result: ifdNoCard}
	case sent.silent || sent.result != ifdDone:
		return sent
	}
	return ifdAnswer{data: answer}
}

// emptySeat is that of a card which has gone.
func emptySeat() *seat {
	gone := make(chan struct{})
	close(gone)
	return &seat{gone: gone}
}
