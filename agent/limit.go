package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

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
	doer      Doer // nobody for POS software and where nobody is signed in
}

// asked is the call whose action is watched: where, under which key, what of it is kept to know it again, and which of the actions
// it is that a store may want answered for (staff.approve).
type asked struct {
	lane    loyalty.LaneID
	id      loyalty.TxnID
	request [32]byte
	what    string // empty: a sale
}

// watch counts what was done before; without limits, or for nobody, nothing.
func (a *Agent) watch(ctx context.Context, p *loyalty.Programme, member loyalty.MemberID, by asked) (watch, error) {
	w := watch{a: a, asked: by, programme: p, by: loyalty.RoleCashier}
	var known bool
	if w.doer, known = doerOf(ctx); known && w.doer.May(staff.Override) {
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
	do.By, do.Hour, do.Day = cmp.Or(do.By, w.roleNow()), w.before[do.Kind].Hour, w.before[do.Kind].Day
	found := w.programme.CheckAction(do)
	if len(found) == 0 {
		return w.ownRule(do)
	}
	f := found[0]
	cause := fmt.Errorf("%s: limit %d", f.Code, max(f.Limit, f.Base))
	switch f.Code {
	case loyalty.ExplainLimitPIN:
		return refuseForNow(CodePINNeeded, cause)
	case loyalty.ExplainLimitHour, loyalty.ExplainLimitDay:
		return refuse(CodeTooOften, cause)
	}
	if len(found) > 1 || f.Detail != string(loyalty.RoleCashier) {
		return refuse(CodeTooMuch, cause)
	}
	return w.approvable(refuse(CodeTooMuch, cause), do, max(f.Limit, f.Base))
}

// roleNow is by whose limits it is judged: a manager's, when one does it or has answered for it.
func (w watch) roleNow() loyalty.Role {
	if w.a.lifts.approver(w.asked.id, w.asked.request, w.a.now()) != 0 {
		return loyalty.RoleManager
	}
	return w.by
}

// ownRule refuses what the store wants somebody to answer for, whatever the programme says.
func (w watch) ownRule(do loyalty.Action) error {
	always := w.asked.what == approveSplit || w.asked.what == approveMerge
	if do.By == loyalty.RoleManager || !always && !slices.Contains(w.a.cfg.Staff.Approve, w.asked.what) {
		return nil
	}
	return w.approvable(refuse(CodeApprovalNeeded, nil), do, 0)
}

// approvable is a refusal for which somebody may answer: it is kept, until they have or it is too late.
func (w watch) approvable(r *Refusal, do loyalty.Action, limit int64) *Refusal {
	r.Approvable = true
	w.a.lifts.refused(w.asked.id, lift{asked: w.asked, do: do, limit: limit, by: w.doer}, w.a.now())
	return r
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
