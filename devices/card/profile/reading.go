package profile

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"loyaltill/devices/apdu"
	"loyaltill/devices/card"
)

// Why a card or a text gives no number.
var (
	ErrNoProfile   = errors.New("no profile reads it")
	ErrPaymentCard = errors.New("looks like a payment card")
	ErrRandomUID   = errors.New("its serial number is another one each time, or nobody's")
)

// Event is one thing that was done or found while a card was read, for authors of profiles. What it shows of a card is masked.
type Event struct {
	Profile string
	Step    string // read[2] read_record; empty when it is about the profile
	Sent    string // the command
	Status  string // its status word
	Data    string // its answer
	Err     error  // why the profile was given up
}

// Reading is one card at one tap, read by the profile that fits it: its number is known, or its PIN is waited for. It
// belongs to one goroutine.
type Reading struct {
	Profile *Profile

	t      card.Transmitter
	keys   Keys
	look   func(Event)
	next   int // of the steps
	data   map[string][]byte
	number card.Number
	ended  error
}

// Tap finds the first profile that reads the card. look may be nil. The caller keeps t and closes it when the tap is over.
// ErrNoProfile, ErrRandomUID and ErrPaymentCard are about the card; card.ErrUnreadable invites another try.
func (s *Set) Tap(ctx context.Context, t card.Transmitter, keys Keys, look func(Event)) (*Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, ReadLimit)
	defer cancel()
	why := ErrNoProfile
	for _, p := range s.Profiles() {
		r := &Reading{Profile: p, t: t, keys: keys, look: look, data: map[string][]byte{}}
		err := p.fits(t.ATR())
		if err == nil {
			err = r.run(ctx)
		}
		if err == nil {
			return r, nil
		}
		r.tell(Event{Err: err})
		switch {
		case errors.Is(err, card.ErrUnreadable), errors.Is(err, ErrPaymentCard):
			return nil, err
		case errors.Is(err, ErrRandomUID):
			why = err
		}
	}
	return nil, why
}

// run goes on to the end, or to the PIN.
func (r *Reading) run(ctx context.Context) error {
	for ; r.next < len(r.Profile.steps); r.next++ {
		s := &r.Profile.steps[r.next]
		if s.op == opPIN {
			return nil
		}
		if err := r.do(ctx, s); err != nil {
			return err
		}
	}
	x := &r.Profile.member
	number, err := x.number(r.data[x.from])
	r.data = nil
	if err != nil {
		return err
	}
	r.number = number
	return nil
}

// NeedsPIN says that the card waits for its member's PIN; Number is not known before.
func (r *Reading) NeedsPIN() bool { return r.number == "" && r.ended == nil }

// Number is the member's number with the profile's prefix.
func (r *Reading) Number() card.Number { return r.number }

// EnterPIN has the card check the PIN, once, and reads on. The PIN is zeroed in every case. After a *card.PINError,
// card.ErrLastTry and card.ErrPINFormat another one may be typed; with card.ErrLastTry nothing was sent, and lastTry goes on.
func (r *Reading) EnterPIN(ctx context.Context, pin *card.PIN, lastTry bool) error {
	defer pin.Zero()
	if !r.NeedsPIN() {
		return card.ErrSessionGone
	}
	ctx, cancel := context.WithTimeout(ctx, ReadLimit)
	defer cancel()
	return r.proceed(ctx, r.verify(ctx, &r.Profile.steps[r.next], pin, lastTry))
}

// proceed goes on after the card has judged a PIN.
func (r *Reading) proceed(ctx context.Context, judged error) error {
	if judged != nil {
		if errors.Is(judged, card.ErrUnreadable) {
			r.ended = judged
		}
		return judged
	}
	ctx, cancel := context.WithTimeout(ctx, ReadLimit)
	defer cancel()
	r.next++
	r.ended = r.run(ctx)
	return r.ended
}

func (r *Reading) tell(e Event) {
	if r.look != nil {
		e.Profile = r.Profile.Name
		r.look(e)
	}
}

// describe writes a command for people. Data that is secret is counted, not shown.
func describe(cmd apdu.Command, data shown) string {
	s := fmt.Sprintf("%02X %02X %02X %02X", cmd.CLA, cmd.INS, cmd.P1, cmd.P2)
	switch {
	case len(cmd.Data) > 0 && data == openData:
		s += fmt.Sprintf(" [%X]", cmd.Data)
	case len(cmd.Data) > 0:
		s += " [" + strings.Repeat("**", len(cmd.Data)) + "]"
	}
	if cmd.Le > 0 {
		s += fmt.Sprintf(" le %d", cmd.Le)
	}
	return s
}

// maskedBytes shows a quarter of an answer, at most its first four bytes.
func maskedBytes(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	const part, most = 4, 4
	return fmt.Sprintf("%X… (%d bytes)", b[:min(len(b)/part, most)], len(b))
}
