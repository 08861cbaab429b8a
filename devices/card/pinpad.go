package card

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"

	"loyaltill/devices/apdu"
)

// Pinpads by PC/SC part 10: the reader tells by which codes its features are called, asks the customer for the PIN, and puts it
// into the plain VERIFY of card.md 3.3. The host learns the status word and never the PIN.
const (
	getFeatures        = 3400 // CM_IOCTL_GET_FEATURE_REQUEST
	featureVerifyPIN   = 0x06 // FEATURE_VERIFY_PIN_DIRECT
	featureValueLength = 4

	// The reader's answers for itself, part 10, 2.5.2.
	swPadTimeout   apdu.SW = 0x6400
	swPadCancelled apdu.SW = 0x6401
	swPadLength    apdu.SW = 0x6403
	swPadStructure apdu.SW = 0x6B80
)

// Pinpad is a keypad of the reader on which this card's PIN may be typed.
type Pinpad struct{ code uint32 }

// Pinpad finds the reader's keypad, unless the card's certificate lets no pinpad send its PIN.
func (s *Session) Pinpad(ctx context.Context) (Pinpad, bool) {
	if !s.plain {
		return Pinpad{}, false
	}
	return FindPinpad(ctx, s.t)
}

// FindPinpad finds the keypad of a card's reader. There is none to use when the reader has none, or when the card is not on
// contacts: the PIN would cross the air in clear.
func FindPinpad(ctx context.Context, t Transmitter) (Pinpad, bool) {
	if Contactless(t.ATR()) {
		return Pinpad{}, false
	}
	features, err := t.Control(ctx, controlCode(getFeatures), nil)
	if err != nil {
		return Pinpad{}, false // a reader without features need not know the question
	}
	for len(features) >= 2 && len(features) >= 2+int(features[1]) {
		tag, value := features[0], features[2:2+int(features[1])]
		if tag == featureVerifyPIN && len(value) == featureValueLength {
			return Pinpad{code: binary.BigEndian.Uint32(value)}, true
		}
		features = features[2+len(value):]
	}
	return Pinpad{}, false
}

// VerifyOnPinpad is VerifyPIN with a PIN that the customer types on the reader; it returns when they have, up to thirty seconds
// later. The reader's word proves nothing: whether the PIN was right, and how many tries are left, the card tells in the
// session. Nothing is asked of the customer when the PIN is blocked, not set, or (without lastTry) has one try left.
func (s *Session) VerifyOnPinpad(ctx context.Context, pad Pinpad, lastTry bool) error {
	before, err := s.PINStatus(ctx)
	if err == nil {
		err = before.presentable()
	}
	if err != nil && !(lastTry && errors.Is(err, ErrLastTry)) {
		return fmt.Errorf("verify pin on the reader: %w", err)
	}
	empty := noPIN()
	said, err := pad.ask(ctx, s.t, append([]byte{0, insVerify, 0, pinReference, blockLength}, empty[:]...))
	if err != nil {
		return fmt.Errorf("verify pin on the reader: %w", s.lost(changes, err))
	}
	s.pin = nil
	after, err := s.askPIN(ctx)
	if err == nil {
		err = judge(before, after, said)
	}
	if err != nil {
		return fmt.Errorf("verify pin on the reader: %w", err)
	}
	return nil
}

// Verify lets the customer type the PIN of a card of any maker: command is a VERIFY with its block, into whose beginning the digits
// go, in ASCII. The status word is the card's, as the reader says. After ErrPINCancelled, ErrPINTimeout, ErrPINFormat and ErrPinpad
// the card has seen no PIN; other errors end the tap.
func (p Pinpad) Verify(ctx context.Context, t Transmitter, command []byte) (apdu.SW, error) {
	said, err := p.ask(ctx, t, command)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: verify pin on the reader: %w", ErrUnreadable, err)
	case len(said) != 2:
		return 0, fmt.Errorf("%w: it answered %d bytes", ErrPinpad, len(said))
	}
	switch sw := apdu.SW(binary.BigEndian.Uint16(said)); sw {
	case swPadTimeout:
		return 0, ErrPINTimeout
	case swPadCancelled:
		return 0, ErrPINCancelled
	case swPadLength:
		return 0, ErrPINFormat
	case swPadStructure:
		return 0, fmt.Errorf("%w: it answered %v", ErrPinpad, sw)
	default:
		return sw, nil
	}
}

func (p Pinpad) ask(ctx context.Context, t Transmitter, command []byte) ([]byte, error) {
	return t.Control(ctx, p.code, pinStructure(command))
}

// judge compares what the card says with what it said before; only where it saw no PIN does the reader's word count.
func judge(before, after PINStatus, said []byte) error {
	switch {
	case after.Blocked:
		return ErrPINBlocked
	case after.Verified && !before.Verified:
		return nil
	case !after.Verified && (before.Verified || after.TriesLeft < before.TriesLeft):
		return &PINError{TriesLeft: after.TriesLeft}
	}
	if len(said) != 2 {
		return fmt.Errorf("%w: it answered %d bytes", ErrPinpad, len(said))
	}
	switch sw := apdu.SW(binary.BigEndian.Uint16(said)); sw {
	case swPadTimeout:
		return ErrPINTimeout
	case swPadCancelled:
		return ErrPINCancelled
	case swPadLength, apdu.SWData:
		return ErrPINFormat
	case apdu.SWDone:
		if after.Verified {
			return nil // and was before
		}
		return fmt.Errorf("%w: it answered %v, the card knows of no PIN", ErrPinpad, sw)
	default:
		return fmt.Errorf("%w: it answered %v", ErrPinpad, sw)
	}
}

// pinStructure is PIN_VERIFY_STRUCTURE, part 10, 2.5.1, for a command whose data is the PIN block, digits at its beginning.
func pinStructure(command []byte) []byte {
	const (
		seconds          = 30
		asciiFromTheLeft = 0x82 // offsets in bytes, PIN at the first byte of the data, from the left, ASCII
		endedByKey       = 0x02
		oneMessage       = 1
		english          = 0x0409
		header           = 5 // CLA to Lc
	)
	block := byte(len(command) - header)
	b := []byte{seconds, seconds, asciiFromTheLeft, block, 0, min(block, blockLength), MinPINDigits, endedByKey, oneMessage}
	b = binary.LittleEndian.AppendUint16(b, english)
	b = append(b, 0, 0, 0, 0) // message index; prologue of a T=1 block, which the reader fills
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(command))), command...)
}

// Contactless knows the answer to reset that PC/SC part 3, 3.1.3.2.3, makes up for cards without contacts.
func Contactless(atr []byte) bool {
	return len(atr) >= 4 && atr[0] == 0x3B && atr[1]&0xF0 == 0x80 && atr[2] == 0x80 && atr[3] == 0x01
}

// controlCode is SCARD_CTL_CODE.
func controlCode(function uint32) uint32 {
	if runtime.GOOS == "windows" {
		const smartcard = 0x31
		return smartcard<<16 | function<<2
	}
	return 0x42000000 + function
}
