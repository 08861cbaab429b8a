package profile

import (
	"bytes"
	"context"

	"loyaltill/devices/apdu"
	"loyaltill/devices/card"
)

// FitsPinpad says whether a reader's keypad can make the PIN block: it knows ASCII digits at the beginning, and no BCD.
func (r *Reading) FitsPinpad() bool { return r.NeedsPIN() && !r.Profile.steps[r.next].pin.bcd }

// EnterPINOnPinpad is EnterPIN with a PIN that the customer types on the reader, within half a minute. Also after
// card.ErrPINCancelled, card.ErrPINTimeout and card.ErrPinpad another one may be typed.
func (r *Reading) EnterPINOnPinpad(ctx context.Context, pad card.Pinpad, lastTry bool) error {
	if !r.FitsPinpad() {
		return card.ErrSessionGone
	}
	return r.proceed(ctx, r.verifyOnPinpad(ctx, &r.Profile.steps[r.next], pad, lastTry))
}

func (r *Reading) verifyOnPinpad(ctx context.Context, s *step, pad card.Pinpad, lastTry bool) error {
	if s.pin.ask && !lastTry {
		if err := r.askTries(ctx, s); err != nil {
			return err
		}
	}
	block := bytes.Repeat([]byte{s.pin.padding}, s.pin.length)
	cmd := apdu.Command{CLA: s.class, INS: insVerify, P2: s.pin.reference, Data: block}
	raw, err := cmd.Append(nil)
	if err != nil {
		return err
	}
	sw, err := pad.Verify(ctx, r.t, raw)
	if err != nil {
		return err
	}
	r.tell(Event{Step: s.place + " " + s.op, Sent: describe(cmd, secretData), Status: sw.String()})
	return s.pin.judge(sw)
}
