package agent

import (
	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// trust is how a member at a till is known, and what that is good for.
type trust struct {
	medium     loyalty.Medium
	own        bool           // the chain's own number: every limit is the programme's
	redeem     bool           // points that head office holds may be spent; a purse needs no leave
	offlineCap loyalty.Points // of a card of another maker, by its profile: a day in this store, while head office is not in reach
}

// ownNumber is the chain's own number, typed or scanned.
func ownNumber() trust { return trust{medium: loyalty.MediumNumber, own: true, redeem: true} }

func ownCard() trust { return trust{medium: loyalty.MediumPurse} }

// floor is the one place that limits what a member without a purse may spend: nothing, unless the profile lets them redeem and this log
// and head office's agree;
// then the balance while head office is in reach, less what is set aside for other stores, and while it is not what the limits
// leave after today's redemptions in this store, on top of what an allowance holds. What the programme allows a sale comes on
// top, in the engine. The input gets a member of its own: the bill's is judged again later.
func (b *bill) floor(in *loyalty.QuoteInput, used agentdb.Tally) {
	if in.Member == nil || b.who.trust.medium == loyalty.MediumPurse {
		return
	}
	t, m := b.who.trust, *in.Member
	in.Member = &m
	m.Available, m.Floor = 0, nil
	if !t.redeem {
		return
	}
	m.Available = max(loyalty.Spendable(m.Lots, in.Place.Day)-b.elsewhere, 0)
	if b.astray {
		m.Floor = []loyalty.FloorLimit{{Code: loyalty.ExplainFloorAstray}}
		return
	}
	if !b.away {
		return
	}
	today := used.Redeemed
	m.Floor = b.programme.Floor(loyalty.Away{ByMember: today.ByMember, ByStore: today.ByStore, Silence: b.silence})
	if !t.own {
		m.Floor = append(m.Floor, loyalty.FloorLimit{Code: loyalty.ExplainFloorCard, Most: max(t.offlineCap-today.ByMember, 0)})
	}
	for i := range m.Floor {
		m.Floor[i] = above(m.Floor[i], used.Lease.Left)
	}
}

// above puts what an allowance holds on top of a limit.
func above(l loyalty.FloorLimit, lease loyalty.Points) loyalty.FloorLimit {
	if lease > 0 && l.Most == 0 {
		l.Code = loyalty.ExplainFloorMember // so much is left, whatever kept the limit itself from leaving anything
	}
	l.Most += lease
	return l
}

// advance lets a member with a purse spend beside it what this store gave and has not sent, where the programme has it: less what the
// member owes elsewhere, and within the floor limits, whether or not head office is in reach. What a sale has held since before its
// card was asked it gets.
func (b *bill) advance(in *loyalty.QuoteInput, used agentdb.Tally) {
	if !b.mayAdvance() {
		return
	}
	m, given := *in.Member, used.Advance.Given
	in.Member = &m
	if !used.Advance.Own {
		given = min(given, max(loyalty.Spendable(m.Lots, in.Place.Day)-m.Available, 0))
		given = max(given-used.Advance.Held, 0)
		away := loyalty.Away{ByMember: used.Redeemed.ByMember, ByStore: used.Redeemed.ByStore, Silence: b.silence}
		for _, limit := range b.programme.Floor(away) {
			given = min(given, limit.Most)
		}
	}
	m.Advance = given
}

func (b *bill) mayAdvance() bool {
	return b.who != nil && !b.astray && b.reserved == nil && b.who.trust.medium == loyalty.MediumPurse && b.programme.Advances()
}

// mayUseWallets: what a wallet beside the points holds has no floor limit. Without a purse it is spent only while head office
// is in reach.
func (t trust) mayUseWallets(away bool) bool {
	return t.medium == loyalty.MediumPurse || t.redeem && !away
}
