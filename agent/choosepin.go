package agent

import (
	"context"
	"errors"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
)

// ChoosePIN sets the first PIN of the card at a till, and has the card check it, so that the member can pay at once. Both are the
// same PIN, typed twice; both are zeroed.
func (a *Agent) ChoosePIN(ctx context.Context, n loyalty.LaneID, fresh, again *card.PIN) (LaneState, error) {
	defer fresh.Zero()
	defer again.Zero()
	l, err := a.lane(n)
	if err != nil {
		return LaneState{}, err
	}
	err = l.call(ctx, func(ctx context.Context) error { return l.choose(ctx, fresh, again) })
	return l.state(), err
}

func (l *lane) choose(ctx context.Context, fresh, again *card.PIN) error {
	if l.session == nil {
		return refuseForNow(CodeCardNeeded, nil)
	}
	err := l.session.ChoosePIN(ctx, fresh)
	if errors.Is(err, card.ErrPINSet) {
		return refuse(CodePINSet, err)
	}
	if err == nil {
		err = l.session.VerifyPIN(ctx, again)
	}
	return l.checked(err)
}
