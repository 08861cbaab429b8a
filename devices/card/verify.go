package card

import (
	"context"
	"errors"
	"fmt"

	"loyaltill/devices/apdu"
)

// PIN commands, card.md 3.3. All go through the channel: the reader and its cable never see a PIN.
const (
	insVerify    = 0x20
	insChange    = 0x24
	insUnblock   = 0x2C
	pinReference = 1
)

// PINStatus is what the card says of its PIN without being asked to check one.
type PINStatus struct {
	Set       bool
	Blocked   bool
	Verified  bool // in this session
	TriesLeft int  // known while the PIN is set and neither blocked nor verified
}

// pin is what SELECT says of the PIN. It is not proved: a lie of the reader in between may hide a warning, no more.
func (s *selection) pin() *PINStatus {
	switch {
	case !s.flags.PINSet():
		return &PINStatus{}
	case s.flags.PINBlocked():
		return &PINStatus{Set: true, Blocked: true}
	}
	return &PINStatus{Set: true, TriesLeft: s.tries}
}

// PINStatus is what is known of the PIN; the card is asked when that is nothing, which costs no try.
func (s *Session) PINStatus(ctx context.Context) (PINStatus, error) {
	if s.pin != nil && s.channel != nil {
		return *s.pin, nil
	}
	status, err := s.askPIN(ctx)
	if err == nil {
		s.pin = &status
	}
	return status, err
}

func (s *Session) askPIN(ctx context.Context) (PINStatus, error) {
	sw, _, err := s.exchange(ctx, apdu.Command{INS: insVerify, P2: pinReference}, reads)
	if err == nil {
		err = pinRefusal(sw)
	}
	var wrong *PINError
	switch {
	case err == nil:
		return PINStatus{Set: true, Verified: true}, nil
	case errors.As(err, &wrong):
		return PINStatus{Set: true, TriesLeft: wrong.TriesLeft}, nil
	case errors.Is(err, ErrPINBlocked):
		return PINStatus{Set: true, Blocked: true}, nil
	case errors.Is(err, ErrPINNotSet):
		return PINStatus{}, nil
	}
	return PINStatus{}, fmt.Errorf("pin status: %w", err)
}

// presentable refuses what would spend a try in vain, or the last one.
func (p PINStatus) presentable() error {
	switch {
	case !p.Set:
		return ErrPINNotSet
	case p.Blocked:
		return ErrPINBlocked
	case !p.Verified && p.TriesLeft == 1:
		return ErrLastTry
	}
	return nil
}

// VerifyPIN has the card check the PIN, once. It reads the tries first and sends nothing when the PIN is blocked, not set, or
// has one try left: then it returns ErrLastTry, and VerifyPINLastTry goes on if the operator and the customer want to. The
// PIN is zeroed in every case. A *PINError tells the tries left after a wrong one.
func (s *Session) VerifyPIN(ctx context.Context, pin *PIN) error {
	defer pin.Zero()
	status, err := s.PINStatus(ctx)
	if err == nil {
		err = status.presentable()
	}
	if err != nil {
		return fmt.Errorf("verify pin: %w", err)
	}
	return s.VerifyPINLastTry(ctx, pin)
}

// VerifyPINLastTry is VerifyPIN that risks the last try.
func (s *Session) VerifyPINLastTry(ctx context.Context, pin *PIN) error {
	if err := s.sendPINs(ctx, insVerify, pin); err != nil {
		return fmt.Errorf("verify pin: %w", err)
	}
	s.pin = &PINStatus{Set: true, Verified: true}
	return nil
}

// ChangePIN sets a new PIN for whoever knows the old one. Both are zeroed.
func (s *Session) ChangePIN(ctx context.Context, old, fresh *PIN) error {
	if err := s.sendPINs(ctx, insChange, old, fresh); err != nil {
		return fmt.Errorf("change pin: %w", err)
	}
	return nil
}

// ChoosePIN sets the first PIN of a card that has none. It is zeroed.
func (s *Session) ChoosePIN(ctx context.Context, fresh *PIN) error {
	defer fresh.Zero()
	status, err := s.PINStatus(ctx)
	if err == nil && status.Set {
		err = ErrPINSet
	}
	if err == nil {
		none := noPIN()
		err = s.sendBlocks(ctx, insChange, none[:], fresh)
	}
	if err != nil {
		return fmt.Errorf("choose pin: %w", err)
	}
	return nil
}

// Unblock sets a new PIN for whoever knows the PUK; a *PINError tells the PUK's tries. Both are zeroed.
func (s *Session) Unblock(ctx context.Context, puk, fresh *PIN) error {
	err := s.sendPINs(ctx, insUnblock, puk, fresh)
	if errors.Is(err, ErrPINBlocked) {
		err = ErrPUKBlocked
	}
	if err != nil {
		return fmt.Errorf("unblock pin: %w", err)
	}
	return nil
}

// sendPINs sends one command with the blocks of pins, and zeroes them. No answer makes it send them again.
func (s *Session) sendPINs(ctx context.Context, ins byte, pins ...*PIN) error {
	return s.sendBlocks(ctx, ins, nil, pins...)
}

// sendBlocks is sendPINs with a block before them that is no secret.
func (s *Session) sendBlocks(ctx context.Context, ins byte, first []byte, pins ...*PIN) error {
	s.pin = nil
	blocks := append(make([]byte, 0, 2*blockLength), first...)
	defer func() { clear(blocks) }()
	var err error
	for _, pin := range pins {
		defer pin.Zero()
		if blocks, err = pin.appendBlock(blocks); err != nil {
			return err
		}
	}
	sw, _, err := s.exchange(ctx, apdu.Command{INS: ins, P2: pinReference, Data: blocks}, changes)
	if err != nil {
		return err
	}
	return pinRefusal(sw)
}
