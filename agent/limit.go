package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/agent/staff"
	"loyaltill/store/agentdb"
)

// watch holds what is about to be done for a member to the programme's limits: how much at once, how often in this store.
type watch struct {
	a         *Agent
	asked     asked
	programme *loyalty.Programme
	before    map[loyalty.ActionKind]agentdb.Often
	by        loyalty.Role
}

// asked is the call whose action is watched: where, under which key, and what of it is kept to know it again.
type asked struct {
	lane    loyalty.LaneID
	id      loyalty.TxnID
	request [32]byte
}

// watch counts what was done before; without limits, or for nobody, nothing.
func (a *Agent) watch(ctx context.Context, p *loyalty.Programme, member loyalty.MemberID, by asked) (watch, error) {
	w := watch{a: a, asked: by, programme: p, by: loyalty.RoleCashier}
	if who, known := doerOf(ctx); known && who.May(staff.Override) {
		w.by = loyalty.RoleManager
	}
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

// allow refuses an action beyond a limit: of a cashier, unless somebody answers for it who may do what a manager may. An action that
// says by itself who answers for it is judged by that.
func (w watch) allow(do loyalty.Action) error {
	now, decided := w.a.now(), do.By != ""
	do.By, do.Hour, do.Day = cmp.Or(do.By, w.by), w.before[do.Kind].Hour, w.before[do.Kind].Day
	if !decided && w.a.lifts.approver(w.asked.id, w.asked.request, now) != 0 {
		do.By = loyalty.RoleManager
	}
	found := w.programme.CheckAction(do)
	if len(found) == 0 {
		return nil
	}
	f := found[0]
	cause := fmt.Errorf("%s: limit %d", f.Code, max(f.Limit, f.Base))
	switch f.Code {
	case loyalty.ExplainLimitPIN:
		return refuseForNow(CodePINNeeded, cause)
	case loyalty.ExplainLimitHour, loyalty.ExplainLimitDay:
		return refuse(CodeTooOften, cause)
	}
	refusal := refuse(CodeTooMuch, cause)
	if refusal.Approvable = !decided && len(found) == 1 && f.Detail == string(loyalty.RoleCashier); refusal.Approvable {
		w.a.lifts.refused(w.asked.id, lift{request: w.asked.request, lane: w.asked.lane, do: do, limit: max(f.Limit, f.Base)}, now)
	}
	return refusal
}

// allowSale holds a sale, and what it redeems, to the limits.
func (a *Agent) allowSale(ctx context.Context, b *bill, by asked) error {
	if b.who == nil {
		return nil
	}
	w, err := a.watch(ctx, b.programme, b.who.member, by)
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
