package agent

import (
	"context"
	"errors"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
)

// PINEntry is where a member types the PIN. In a lane's configuration empty means: on the reader's keypad where reader and card
// allow it, else at the till.
type PINEntry string

const (
	PINAtTill    PINEntry = "till"
	PINOnPinpad  PINEntry = "pinpad"
	pinAutomatic PINEntry = ""
)

func (e PINEntry) valid() bool { return e == pinAutomatic || e == PINAtTill || e == PINOnPinpad }

const maxPINTries = 3 // card.md 3.3

// findPinpad decides where the PIN of the card in the reader is typed.
func (l *lane) findPinpad(ctx context.Context) PINEntry {
	l.pinpad = nil
	if l.cfg.PIN == PINAtTill {
		return PINAtTill
	}
	if pad, ok := l.session.Pinpad(ctx); ok {
		l.pinpad = &pad
		return PINOnPinpad
	}
	if l.cfg.PIN == PINOnPinpad {
		return PINOnPinpad
	}
	return PINAtTill
}

// EnterPIN has the card check a PIN, once. The PIN is zeroed in every case.
func (a *Agent) EnterPIN(ctx context.Context, n loyalty.LaneID, pin *card.PIN, lastTry bool) (LaneState, error) {
	defer pin.Zero()
	l, err := a.lane(n)
	if err != nil {
		return LaneState{}, err
	}
	err = l.call(ctx, func(ctx context.Context) error { return l.verify(ctx, pin, lastTry) })
	return l.state(), err
}

func (l *lane) verify(ctx context.Context, pin *card.PIN, lastTry bool) error {
	if l.reading != nil {
		return l.enterForeignPIN(ctx, pin, lastTry)
	}
	if l.inside != nil {
		return l.checked(ctx, l.inside.verify(pin, lastTry))
	}
	if l.session == nil {
		return refuseForNow(CodeCardNeeded, nil)
	}
	if who := l.atTill(); who != nil && who.pin != nil && who.pin.Entry == PINOnPinpad {
		return refuse(CodePINOnReader, nil)
	}
	verify := l.session.VerifyPIN
	if lastTry {
		verify = l.session.VerifyPINLastTry
	}
	return l.checked(ctx, verify(ctx, pin))
}

// AskPIN lets the customer type the PIN on the reader. It returns when they have, cancelled, or let the time pass.
func (a *Agent) AskPIN(ctx context.Context, n loyalty.LaneID, lastTry bool) (LaneState, error) {
	l, err := a.lane(n)
	if err != nil {
		return LaneState{}, err
	}
	if !l.asking.CompareAndSwap(false, true) {
		return l.state(), refuse(CodePINOnReader, nil)
	}
	defer l.asking.Store(false)
	err = l.call(ctx, func(ctx context.Context) error { return l.ask(ctx, lastTry) })
	return l.state(), err
}

func (l *lane) ask(ctx context.Context, lastTry bool) error {
	if l.reading != nil {
		return l.askForeignPIN(ctx, lastTry)
	}
	if l.session == nil {
		return refuseForNow(CodeCardNeeded, nil)
	}
	if who := l.atTill(); who != nil && who.pin != nil && who.pin.Verified {
		return nil // two calls at once ask once
	}
	if l.pinpad == nil {
		return refuse(CodePinpadMissing, nil)
	}
	l.setCard(CardPINEntry, CodePINOnReader)
	err := l.session.VerifyOnPinpad(ctx, *l.pinpad, lastTry)
	l.setCard(CardReady, "")
	if errors.Is(err, card.ErrPinpad) {
		return l.pinpadFailed(err)
	}
	return l.checked(ctx, err)
}

// pinpadFailed gives the PIN back to the till, unless the lane is to have it on the reader alone.
func (l *lane) pinpadFailed(err error) error {
	l.a.log.Warn().Err(err).Uint8("lane", uint8(l.cfg.Number)).Msg("pinpad cannot take the card's pin")
	l.pinpad = nil
	if l.cfg.PIN == PINOnPinpad {
		return refuse(CodePinpadMissing, err)
	}
	l.mu.Lock()
	if l.who != nil && l.who.pin != nil {
		pin := *l.who.pin
		pin.Entry = PINAtTill
		l.who.pin = &pin
	}
	l.mu.Unlock()
	l.publish()
	return refuse(CodePinpadFailed, err)
}

// checked notes what became of one PIN and makes of it what the caller is told.
func (l *lane) checked(ctx context.Context, err error) error {
	var wrong *card.PINError
	switch {
	case err == nil:
		l.setPIN(PINState{Verified: true, TriesLeft: maxPINTries})
		return nil
	case errors.As(err, &wrong):
		l.setPIN(PINState{TriesLeft: wrong.TriesLeft})
		return &Refusal{Code: CodePINWrong, TriesLeft: wrong.TriesLeft, cause: err}
	case errors.Is(err, card.ErrPINBlocked):
		l.setPIN(PINState{Blocked: true})
		return refuse(CodePINBlocked, err)
	case errors.Is(err, card.ErrLastTry):
		return refuse(CodePINLastTry, err)
	case errors.Is(err, card.ErrPINNotSet):
		return refuse(CodePINNotSet, err)
	case errors.Is(err, card.ErrPINFormat):
		return refuse(CodePINFormat, err)
	case errors.Is(err, card.ErrPINCancelled):
		return refuseForNow(CodePINCancelled, err)
	case errors.Is(err, card.ErrPINTimeout):
		return refuseForNow(CodePINTimeout, err)
	}
	return l.cardLost(ctx, err, nil)
}

// setPIN notes what the card has said; where the PIN is typed does not change by it.
func (l *lane) setPIN(s PINState) {
	l.mu.Lock()
	if l.who != nil {
		if l.who.pin != nil {
			s.Entry = l.who.pin.Entry
		}
		l.who.pin = &s
	}
	l.mu.Unlock()
	l.publish()
}
