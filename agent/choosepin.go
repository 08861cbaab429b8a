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

// Unblock gives the card a new PIN for its PUK, whether the PIN is blocked or forgotten, and has the card check it. The new one
// comes twice, as in ChoosePIN; all three are zeroed.
func (a *Agent) Unblock(ctx context.Context, n loyalty.LaneID, puk, fresh, again *card.PIN) (LaneState, error) {
	for _, secret := range []*card.PIN{puk, fresh, again} {
		defer secret.Zero()
	}
	l, err := a.lane(n)
	if err != nil {
		return LaneState{}, err
	}
	err = l.call(ctx, func(ctx context.Context) error { return l.unblock(ctx, puk, fresh, again) })
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
	return l.checked(ctx, err)
}

func (l *lane) unblock(ctx context.Context, puk, fresh, again *card.PIN) error {
	if l.session == nil {
		return refuseForNow(CodeCardNeeded, nil)
	}
	err := l.session.Unblock(ctx, puk, fresh)
	var wrong *card.PINError
	switch {
	case err == nil:
		return l.checked(ctx, l.session.VerifyPIN(ctx, again))
	case errors.As(err, &wrong):
		return &Refusal{Code: CodePUKWrong, TriesLeft: wrong.TriesLeft, cause: err}
	case errors.Is(err, card.ErrPUKBlocked):
		return refuse(CodePUKBlocked, err)
	case errors.Is(err, card.ErrPINNotSet): // card.md 3.3: 6984 here speaks of the PUK
		return refuse(CodePUKNotSet, err)
	}
	return l.checked(ctx, err)
}
