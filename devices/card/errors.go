package card

import (
	"errors"
	"fmt"

	"loyaltill/devices/apdu"
)

// Why a card is refused at the tap. ErrUnreadable invites another try, the others do not.
var (
	ErrNotLYL1       = errors.New("not a loyalty card of this kind")
	ErrWrongIssuer   = errors.New("card of another issuer")
	ErrIssuerRevoked = errors.New("card was signed with a key that is revoked")
	ErrExpired       = errors.New("card has expired")
	ErrCounterfeit   = errors.New("card is not genuine")
	ErrTerminated    = errors.New("card is terminated")
	ErrHot           = errors.New("card is on the hot list")
	ErrUnreadable    = errors.New("card cannot be read")
)

// What is wrong with the answers of a card that cannot be read.
var (
	ErrCut      = fmt.Errorf("%w: an answer breaks off", ErrUnreadable)
	ErrOverlong = fmt.Errorf("%w: an answer is too long", ErrUnreadable)
)

// unreadable says why an exchange gave no answer that can be read.
func unreadable(what string, err error) error {
	kind := ErrUnreadable
	switch {
	case errors.Is(err, apdu.ErrShort):
		kind = ErrCut
	case errors.Is(err, apdu.ErrTooLong):
		kind = ErrOverlong
	}
	return fmt.Errorf("%w: %s: %w", kind, what, err)
}

// done says whether a plain command was carried out. Data before any other word than 9000 is the beginning of an answer that was cut
// where the bytes happen to look like a word: no refusal of ours has data.
func done(r apdu.Response) error {
	if !r.SW.OK() && len(r.Data) > 0 {
		return fmt.Errorf("%w: %d bytes before %w", apdu.ErrCut, len(r.Data), r.SW.Err())
	}
	return r.SW.Err()
}

// misshapen says the same of an answer whose length is not the one it must have; nil for one that has it.
func misshapen(got, want int) error {
	switch {
	case got < want:
		return fmt.Errorf("%w: %d bytes, want %d", ErrCut, got, want)
	case got > want:
		return fmt.Errorf("%w: %d bytes, want %d", ErrOverlong, got, want)
	}
	return nil
}

// What came instead of an answer with the right MAC in the middle of a session: whatever it says, the card may not have said it.
var (
	ErrUnproved = errors.New("answer is not proved by the card")
	ErrStale    = fmt.Errorf("%w: it has forgotten the session", ErrUnproved)
)

// ErrOutcomeUnknown means that a command which may change the card was sent and no answer came that proves what happened.
// QUERY at the next tap tells. Every other error of a changing command means that nothing was changed.
var ErrOutcomeUnknown = errors.New("what the card did is unknown")

// ErrSessionGone means that nothing was sent: the session ended with an earlier error or by End.
var ErrSessionGone = errors.New("card session is gone")

// What the card refused, proved by its MAC.
var (
	ErrPINFormat       = errors.New("a pin is 4 to 8 digits") // found before anything is sent, costs no try
	ErrPINBlocked      = errors.New("pin is blocked")
	ErrPINNotSet       = errors.New("card has no pin")
	ErrPINSet          = errors.New("card has a pin already")
	ErrPINRequired     = errors.New("card wants the pin first")
	ErrLastTry         = errors.New("one pin try is left")              // nothing was sent; see VerifyPINLastTry
	ErrPINCancelled    = errors.New("customer cancelled the pin entry") // on a pinpad; no try was spent
	ErrPINTimeout      = errors.New("customer typed no pin in time")    // likewise
	ErrPinpad          = errors.New("pinpad cannot take this card's pin")
	ErrPUKBlocked      = errors.New("puk is blocked")
	ErrFunds           = errors.New("not enough points on the card")
	ErrTxConflict      = errors.New("card knows this transaction with other data")
	ErrCounterEnd      = errors.New("card has used up its transactions")
	ErrVoucherSequence = errors.New("voucher is out of sequence")
	ErrVoucherMAC      = errors.New("voucher is not genuine for this card")
	ErrData            = errors.New("card does not accept the data")
	ErrOlder           = errors.New("card holds a newer certificate")
	ErrRenewalMAC      = errors.New("renewal is not genuine for this card")
	ErrNotLast         = errors.New("not the card's last debit")
	ErrWrongLock       = errors.New("not the lock of this debit")
	ErrAmount          = errors.New("amount out of range")
)

// TriesUnknown stands for the tries left where a card does not tell; a card of ours always does.
const TriesUnknown = -1

// PINError is a wrong PIN, told by the card.
type PINError struct{ TriesLeft int }

func (e *PINError) Error() string {
	if e.TriesLeft == TriesUnknown {
		return "wrong pin"
	}
	return fmt.Sprintf("wrong pin, %d tries left", e.TriesLeft)
}

// Status words of the application itself, card.md 3.12.
const (
	swFunds           apdu.SW = 0x9401
	swTxConflict      apdu.SW = 0x9402
	swCounterEnd      apdu.SW = 0x9403
	swVoucherSequence apdu.SW = 0x9404
	swVoucherMAC      apdu.SW = 0x9405
	swNotLast         apdu.SW = 0x9406
	swWrongLock       apdu.SW = 0x9407
)

// refusal is the one table from status words of the purse commands to errors; the words come with the card's MAC.
func refusal(sw apdu.SW) error {
	switch sw {
	case apdu.SWDone:
		return nil
	case apdu.SWSecurity:
		return ErrPINRequired
	case apdu.SWConditions:
		return ErrTerminated // a session there was, or there were no MAC
	case swFunds:
		return ErrFunds
	case swTxConflict:
		return ErrTxConflict
	case apdu.SWData:
		return ErrData
	case swCounterEnd:
		return ErrCounterEnd
	case swVoucherSequence:
		return ErrVoucherSequence
	case swVoucherMAC:
		return ErrVoucherMAC
	case swNotLast:
		return ErrNotLast
	case swWrongLock:
		return ErrWrongLock
	}
	return sw.Err()
}

// pinRefusal is the same for VERIFY, CHANGE and the status of the PIN.
func pinRefusal(sw apdu.SW) error {
	if tries, ok := sw.Tries(); ok && tries > 0 {
		return &PINError{TriesLeft: tries}
	} else if ok {
		return ErrPINBlocked
	}
	switch sw {
	case apdu.SWBlocked:
		return ErrPINBlocked
	case apdu.SWNotSet:
		return ErrPINNotSet
	case apdu.SWData:
		return ErrPINFormat
	}
	return refusal(sw)
}
