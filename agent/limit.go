package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// watch holds what is about to be done for a member to the programme's limits: how much at once, how often in this store.
type watch struct {
	programme *loyalty.Programme
	before    map[loyalty.ActionKind]agentdb.Often
}

// watch counts what was done before; without limits, or for nobody, nothing.
func (a *Agent) watch(ctx context.Context, p *loyalty.Programme, member loyalty.MemberID) (watch, error) {
	w := watch{programme: p}
	if !p.LimitsActions() || member == 0 {
		return w, nil
	}
	now := a.now()
	day, err := a.db.BusinessDay(ctx, now)
	if err == nil {
		w.before, err = a.db.Actions(ctx, member, day, now)
	}
	return w, err
}

// allow refuses an action beyond a limit: of a cashier, unless the action says that a manager answers for it.
func (w watch) allow(do loyalty.Action) error {
	do.By, do.Hour, do.Day = cmp.Or(do.By, loyalty.RoleCashier), w.before[do.Kind].Hour, w.before[do.Kind].Day
	for _, f := range w.programme.CheckAction(do) {
		cause := fmt.Errorf("%s: limit %d", f.Code, max(f.Limit, f.Base))
		switch f.Code {
		case loyalty.ExplainLimitPIN:
			return refuseForNow(CodePINNeeded, cause)
		case loyalty.ExplainLimitHour, loyalty.ExplainLimitDay:
			return refuse(CodeTooOften, cause)
		}
		return refuse(CodeTooMuch, cause)
	}
	return nil
}

// allowSale holds a sale, and what it redeems, to the limits.
func (a *Agent) allowSale(ctx context.Context, b *bill) error {
	if b.who == nil {
		return nil
	}
	w, err := a.watch(ctx, b.programme, b.who.member)
	if err == nil {
		err = w.allow(loyalty.Action{Kind: loyalty.ActionSale})
	}
	if points := b.quote.Drawn(); err == nil && points > 0 {
		err = w.allow(loyalty.Action{Kind: loyalty.ActionRedeem, Points: points, PIN: b.who.pin != nil && b.who.pin.Verified})
	}
	var r *Refusal
	if errors.As(err, &r) && r.Code == CodePINNeeded && b.who.pin == nil { // a PIN is the card's to check
		return refuseForNow(CodeCardNeeded, err)
	}
	return err
}
