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

// AdjustRequest is a correction by hand.
type AdjustRequest struct {
	Lane   loyalty.LaneID   `json:"lane" minimum:"1" doc:"where the member's card lies, when no number is given"`
	Number string           `json:"number,omitempty" maxLength:"23" doc:"identifies a member without a card; leave out when a card was tapped"`
	Wallet loyalty.WalletID `json:"wallet,omitempty" maxLength:"40" doc:"absent: the points"`
	Points loyalty.Points   `json:"points" doc:"below zero for a minus; minor units of a wallet with money"`
	Reason string           `json:"reason" minLength:"1" maxLength:"40" doc:"an id; one of the programme's, where it has a list"`
}

// AdjustAnswer is a correction that was booked. The same key gives the same answer.
type AdjustAnswer struct {
	Seq      loyalty.Seq      `json:"seq"`
	Day      string           `json:"day"`
	Member   loyalty.MemberID `json:"member"`
	Points   loyalty.Points   `json:"points"`
	Balance  loyalty.Points   `json:"balance" doc:"points after it, as this store knows them"`
	Replayed bool             `json:"replayed"`
}

// SecondPerson agrees to what is beyond one person.
type SecondPerson struct {
	Number agentdb.StaffNumber
	PIN    []byte
}

// Adjust corrects what a member has. Beyond the store's limit for one person, another one has to agree by PIN, and one of the two
// must be a manager; the programme's limits hold in any case: a manager's when one of them is, else a cashier's.
func (a *Agent) Adjust(ctx context.Context, by Doer, id loyalty.TxnID, r AdjustRequest, second *SecondPerson) (AdjustAnswer, error) {
	l, err := a.lane(r.Lane)
	if err != nil {
		return AdjustAnswer{}, err
	}
	kept := r
	kept.Number = a.hashed(r.Number)
	hash, err := requestHash(r.Lane, "adjust", kept)
	if err != nil {
		return AdjustAnswer{}, err
	}
	c, err := a.once(ctx, id, hash, loyalty.KindAdjust, func() (agentdb.Committed, error) { return a.bookAdjust(ctx, by, l, id, hash, r, second) })
	if err != nil {
		return AdjustAnswer{}, err
	}
	v := AdjustAnswer{Seq: c.Entry.Seq, Day: c.Entry.Day, Member: c.Entry.Member, Points: c.Entry.Adjust.Points, Replayed: c.Replayed}
	v.Balance, err = a.db.Balance(ctx, c.Entry.Member)
	return v, err
}

func (a *Agent) bookAdjust(ctx context.Context, by Doer, l *lane, id loyalty.TxnID, hash [32]byte, r AdjustRequest, second *SecondPerson) (agentdb.Committed, error) {
	var none agentdb.Committed
	who, err := a.whoFor(ctx, l, r.Number)
	if err != nil {
		return none, err
	}
	if who == nil {
		return none, refuseForNow(CodeCardNeeded, nil)
	}
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return none, err
	}
	limits, err := a.watch(ctx, p, who.member, asked{l.cfg.Number, id, hash, "adjust"})
	if err != nil {
		return none, err
	}
	limits.doer = by
	agreed, err := limits.allowAdjust(ctx, r.Points, second)
	if err != nil {
		return none, err
	}
	has, _, err := a.holding(ctx, who, r)
	if err != nil {
		return none, err
	}
	act := by.act("adjust")
	act.Second, act.About = agreed, who.number
	act.Before = fmt.Sprint(loyalty.Balance(has.Lots))
	act.After = fmt.Sprintf("%+d %s, %s", r.Points, cmp.Or(string(r.Wallet), "points"), r.Reason)
	var c agentdb.Committed
	err = a.witness(ctx, act, func() (err error) {
		c, err = a.enterAdjust(ctx, p, who, r, agentdb.Commit{Txn: id, RequestHash: hash, Member: who.member}, func(head loyalty.EntryHead) loyalty.EntryHead {
			head.Lane, head.Cashier = l.cfg.Number, by.Name
			return head
		})
		return err
	})
	return c, err
}

// enterAdjust books a correction of what the member has by then: a sale, or another correction, may take the same points meanwhile.
func (a *Agent) enterAdjust(ctx context.Context, p *loyalty.Programme, who *identified, r AdjustRequest, c agentdb.Commit, by func(loyalty.EntryHead) loyalty.EntryHead) (agentdb.Committed, error) {
	for range mostMoves {
		holding, newest, err := a.holding(ctx, who, r)
		if err != nil {
			return agentdb.Committed{}, err
		}
		c.Newest = newest
		c.Build = func(head loyalty.EntryHead, _ agentdb.Tally) (loyalty.Entry, error) {
			return p.Adjust(loyalty.AdjustInput{Holding: holding, Points: r.Points, Reason: r.Reason}, by(head))
		}
		done, err := a.enter(ctx, c)
		if err == nil {
			return done, nil
		}
		if !errors.Is(err, agentdb.ErrMoved) {
			return done, appendRefusal(err)
		}
	}
	return agentdb.Committed{}, refuseForNow(CodeLedgerUnavailable, agentdb.ErrMoved)
}

// allowAdjust holds a correction to what one person may do and to the programme's limits, and says who has agreed to it: as the second
// person of this call, or by answering for the same call when it was refused.
func (w watch) allowAdjust(ctx context.Context, points loyalty.Points, second *SecondPerson) (agentdb.StaffNumber, error) {
	do := loyalty.Action{Kind: loyalty.ActionAdjust, Points: max(points, -points)}
	if answers := w.a.lifts.approver(w.asked.id, w.asked.request, w.a.now()); answers != 0 && second == nil {
		return answers, w.allow(do)
	}
	role, agreed, err := w.a.agreed(ctx, w.doer, points, second)
	var r *Refusal
	if errors.As(err, &r) && r.Code == CodeSecondNeeded {
		return 0, w.approvable(r, do, w.a.cfg.Staff.Alone)
	}
	if err != nil {
		return 0, err
	}
	do.By = role
	return agreed, w.allow(do)
}

// agreed says by whose limits something done by hand is judged, and who has agreed to it.
func (a *Agent) agreed(ctx context.Context, by Doer, amount loyalty.Points, second *SecondPerson) (loyalty.Role, agentdb.StaffNumber, error) {
	role := loyalty.RoleCashier
	if by.Role == staff.Manager {
		role = loyalty.RoleManager
	}
	if second == nil {
		if max(amount, -amount) > loyalty.Points(a.cfg.Staff.Alone) {
			return role, 0, refuseForNow(CodeSecondNeeded, nil)
		}
		return role, 0, nil
	}
	other, err := a.ProvePIN(ctx, second.Number, second.PIN)
	if err != nil {
		return role, 0, err
	}
	if other.Role == staff.Manager {
		role = loyalty.RoleManager
	}
	if other.Number == by.Number || !other.Role.May(staff.Adjust) || role != loyalty.RoleManager {
		return role, 0, &Refusal{Code: CodeSecondSame, Field: "second"}
	}
	return role, other.Number, nil
}

// holding is what the member has in the wallet, and their newest entry here. What lies in a card's purse no store can take without the card.
func (a *Agent) holding(ctx context.Context, who *identified, r AdjustRequest) (h loyalty.Holding, newest loyalty.Seq, err error) {
	h = loyalty.Holding{Member: who.member, Wallet: r.Wallet}
	state, err := a.db.State(ctx, who.member)
	if err != nil {
		return h, 0, err
	}
	if r.Wallet != loyalty.MainWallet {
		for _, w := range state.Wallets {
			if w.Wallet == r.Wallet {
				h.Lots = w.Lots
			}
		}
		return h, state.Newest, nil
	}
	h.Lots, h.OnCard = state.Lots, who.purse
	if r.Points < 0 && who.trust.medium != loyalty.MediumPurse {
		m, err := a.db.Member(ctx, who.member)
		if err == nil && len(m.Cards) > 0 {
			err = refuseForNow(CodeCardNeeded, nil)
		}
		return h, state.Newest, err
	}
	return h, state.Newest, nil
}
