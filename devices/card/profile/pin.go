package profile

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"loyaltill/devices/apdu"
	"loyaltill/devices/card"
)

// pinForm is how a card takes its PIN.
type pinForm struct {
	reference byte
	bcd       bool
	length    int // of the block
	padding   byte
	ask       bool // an empty VERIFY tells the tries left
	wrong     []swPattern
	blocked   []apdu.SW
}

// swPattern is a status word, perhaps with the tries left in its last digit.
type swPattern struct {
	value   apdu.SW
	counted bool
}

const (
	triesMask       = 0x000F
	defaultPINBlock = 8
	maxPINBlock     = 16
)

func (c *compiler) pin(path string, d *stepDef) pinForm {
	f := pinForm{bcd: d.Encoding == "bcd", length: defaultPINBlock, padding: 0xFF, ask: d.AskTries}
	if reference := unhex(d.Reference); reference != nil {
		f.reference = reference[0]
	}
	if padding := unhex(d.Padding); padding != nil {
		f.padding = padding[0]
	}
	if len(d.Length) == 1 {
		f.length = d.Length[0]
	}
	if least := card.MinPINDigits; f.length > maxPINBlock || !f.bcd && f.length < least || f.bcd && 2*f.length < least {
		c.fault(path+".length", fmt.Sprintf("%d bytes is no length of a PIN block", f.length), fmt.Sprintf("write what the card wants, at most %d", maxPINBlock))
	}
	for _, text := range d.Wrong {
		counted := strings.HasSuffix(text, "x")
		f.wrong = append(f.wrong, swPattern{statusWord(strings.ReplaceAll(text, "x", "0")), counted})
	}
	for _, text := range d.Blocked {
		f.blocked = append(f.blocked, statusWord(text))
	}
	return f
}

func statusWord(text string) apdu.SW {
	b := unhex(text)
	return apdu.SW(b[0])<<8 | apdu.SW(b[1])
}

// judge says what a VERIFY came to.
func (f *pinForm) judge(sw apdu.SW) error {
	if slices.Contains(f.blocked, sw) {
		return card.ErrPINBlocked
	}
	for _, w := range f.wrong {
		switch {
		case w.counted && sw&^triesMask == w.value:
			return wrongPIN(int(sw & triesMask))
		case sw == w.value && !w.counted:
			return &card.PINError{TriesLeft: card.TriesUnknown}
		}
	}
	if tries, ok := sw.Tries(); ok {
		return wrongPIN(tries)
	}
	switch sw {
	case apdu.SWBlocked:
		return card.ErrPINBlocked
	case apdu.SWNotSet:
		return card.ErrPINNotSet
	}
	return sw.Err()
}

func wrongPIN(tries int) error {
	if tries == 0 {
		return card.ErrPINBlocked
	}
	return &card.PINError{TriesLeft: tries}
}

// block puts the digits of a PIN into the card's form. The caller overwrites it.
func (f *pinForm) block(pin *card.PIN) ([]byte, error) {
	digits, err := pin.AppendDigits(make([]byte, 0, maxPINBlock))
	defer func() { clear(digits) }()
	if err != nil {
		return nil, err
	}
	block := make([]byte, 0, maxPINBlock)
	if !f.bcd {
		block = append(block, digits...)
	}
	for i := 0; f.bcd && i < len(digits); i += 2 {
		half := f.padding & 0x0F
		if i+1 < len(digits) {
			half = digits[i+1] - '0'
		}
		block = append(block, (digits[i]-'0')<<4|half)
	}
	if len(block) > f.length {
		clear(block)
		return nil, fmt.Errorf("%w: this card takes fewer digits", card.ErrPINFormat)
	}
	for len(block) < f.length {
		block = append(block, f.padding)
	}
	return block, nil
}

const insVerify = 0x20

// verify sends the PIN, once. With one try left, where the card tells, nothing is sent unless the member wants to.
func (r *Reading) verify(ctx context.Context, s *step, pin *card.PIN, lastTry bool) error {
	block, err := s.pin.block(pin)
	if err != nil {
		return err
	}
	defer clear(block)
	if s.pin.ask && !lastTry {
		if err := r.askTries(ctx, s); err != nil {
			return err
		}
	}
	cmd := apdu.Command{CLA: s.class, INS: insVerify, P2: s.pin.reference, Data: block}
	answer, err := r.exchange(ctx, s, cmd, secretData)
	if err != nil {
		return err
	}
	return s.pin.judge(answer.SW)
}

func (r *Reading) askTries(ctx context.Context, s *step) error {
	answer, err := r.exchange(ctx, s, apdu.Command{CLA: s.class, INS: insVerify, P2: s.pin.reference}, openData)
	if err != nil {
		return err
	}
	tries, told := answer.SW.Tries()
	switch {
	case told && tries == 1:
		return card.ErrLastTry
	case told && tries == 0, answer.SW == apdu.SWBlocked:
		return card.ErrPINBlocked
	}
	return nil
}
