package agent

import "loyaltill/agent/loyalty"

// trust is how a member at a till is known, and what that is good for.
type trust struct {
	medium     loyalty.Medium
	redeem     bool           // points that head office holds may be spent; a purse needs no leave
	offlineCap loyalty.Points // of a day in this store, while head office is not in reach
	byRule     bool           // the cap is what the programme lets one sale without a purse redeem
}

// ownNumber is the chain's own number, typed or scanned. Away from head office what the programme allows a sale is all that a
// day may take.
func ownNumber() trust { return trust{medium: loyalty.MediumNumber, redeem: true, byRule: true} }

func ownCard() trust { return trust{medium: loyalty.MediumPurse} }

// mayRedeem is the one place that limits what a member without a purse may spend: nothing, unless the profile lets them
// redeem; then the balance while head office is in reach, and while it is not what the day's cap leaves after today's
// redemptions in this store. What the programme allows a sale comes on top, in the engine.
func (b *bill) mayRedeem(today loyalty.Points) loyalty.Points {
	t, held := b.who.trust, max(loyalty.Spendable(b.input.Member.Lots, b.input.Place.Day), 0)
	if !t.redeem {
		return 0
	}
	if !b.away {
		return held
	}
	most := t.offlineCap
	if t.byRule {
		most = b.programme.RedeemWithoutPurse()
	}
	return max(min(held, most-today), 0)
}

// mayUseWallets: what a wallet beside the points holds has no cap of a day. Of a card of another maker it is spent only while
// head office is in reach.
func (b *bill) mayUseWallets() bool {
	t := b.who.trust
	return t.medium == loyalty.MediumPurse || t.byRule || t.redeem && !b.away
}

// limit puts into an input what may be spent without a purse, after what was redeemed today. The input gets a member of its
// own: the bill's is judged again later.
func (b *bill) limit(in *loyalty.QuoteInput, today loyalty.Points) {
	if in.Member == nil || b.who.trust.medium == loyalty.MediumPurse {
		return
	}
	m := *in.Member
	m.Available = b.mayRedeem(today)
	in.Member = &m
}
