package loyalty

import (
	"crypto/subtle"
	"slices"
)

// EntryHead is what the ledger's writer knows of the entry before it is made.
type EntryHead struct {
	Store    StoreID
	Epoch    Epoch
	Seq      Seq
	Txn      TxnID
	Day      string // business day
	At       string // local time with offset
	Lane     LaneID
	Cashier  string
	Staff    StaffNumber
	Approver StaffNumber
	Seed     string // of surprises, if the store has one for this place in the log
}

// Entry begins an entry of a kind at this place in the log.
func (h EntryHead) Entry(kind Kind) Entry {
	return Entry{V: 1, Store: h.Store, Epoch: h.Epoch, Seq: h.Seq, Kind: kind, Txn: h.Txn, Day: h.Day, At: h.At,
		Lane: h.Lane, Cashier: h.Cashier, Staff: h.Staff, Approver: h.Approver}
}

// Post makes the entry of a sale. The sale is judged again at the entry's own place and time; if what comes out is not
// the quote that the till showed, or if the tenders do not pay it, there is a *SaleError and no entry. Nothing is taken
// from the quote but its digest.
func (p *Programme) Post(q Quote, in QuoteInput, head EntryHead) (Entry, error) {
	in.Place = Place{Store: head.Store, Lane: head.Lane, At: head.At, Day: head.Day}
	now, err := p.Quote(in)
	if err != nil {
		return Entry{}, err
	}
	if subtle.ConstantTimeCompare([]byte(now.Digest), []byte(q.Digest)) != 1 {
		return Entry{}, &SaleError{"quote", SaleQuoteChange}
	}
	if len(head.Seed) > maxSeed || !cleanText(head.Seed) {
		return Entry{}, &SaleError{"seed", SaleText}
	}
	if now.Due != 0 {
		return Entry{}, &SaleError{"tenders", SaleUnpaid}
	}
	return p.entry(&now, &in, head), nil
}

// keptDigest is how much of a quote's digest a sale tells, in hexadecimal digits. The till's digest is compared whole before there is an
// entry. Head office works the digest out again from the entry itself and compares what is there, to see what no figure shows: against
// chance 64 bits are plenty, and a store that lies works out any number of them.
const keptDigest = 16

func (p *Programme) entry(q *Quote, in *QuoteInput, head EntryHead) Entry {
	p.draw(q, &head)
	e := head.Entry(KindSale)
	s := &SaleBody{Programme: p.digest, Currency: q.Currency, Lines: in.Sale.Lines, Tenders: in.Sale.Tenders,
		Rounding: in.Sale.Rounding, Total: q.Total, Redeemed: q.Redeem.Points, Value: q.Redeem.Value, ToPay: q.ToPay,
		Earned: q.Earned, Quote: q.Digest[:keptDigest], Asked: in.Sale.Redeem, Shown: in.Sale.Shown, Rewards: in.Sale.Rewards,
		Reductions: q.Reductions, Reduced: q.Reduced, RewardPoints: q.RewardPoints, Occasions: q.Occasions, Given: q.Given, Campaigns: q.Campaigns}
	if s.Tenders == nil {
		s.Tenders = []Tender{}
	}
	s.Why = slices.Concat(q.Why, p.redeemed(MainWallet, &q.Redeem, in))
	for i := range q.Wallets {
		s.Why = append(s.Why, p.redeemed(q.Wallets[i].Wallet, &q.Wallets[i].Redeem, in)...)
	}
	s.Wallets = q.walletBodies(in)
	s.writeGiftCards(q, in)
	if s.Stamps, s.Surprises = q.Stamps, q.surprises; len(s.Surprises) > 0 {
		s.Seed = head.Seed
	}
	s.Shares = q.shares.stored()
	s.Stock = in.Stock
	e.Sale = s
	if m := in.Member; m != nil {
		e.Member = m.ID
		s.Medium, s.Tier, s.Available, s.History, s.Personal = m.Medium, m.Tier, m.Available, m.History, q.personal
		s.Floor = m.Floor
		s.advanced(q, m)
		s.Counts = q.counts
		s.Confirms = m.Reserved.stored()
		if t := q.Tier; t != nil {
			if s.Standing = m.Standing; t.Counted != t.Held {
				s.Reached = t.Counted
			}
		}
		e.Moves = movesOf(q, m, head)
		if p.keepsShares {
			stamp(e.Moves, m.Lots)
		}
		e.Moves = append(e.Moves, stampMoves(q.Stamps, m.ID)...)
	}
	e.Moves = append(e.Moves, p.giftCardMoves(q, in)...)
	s.Issued = p.issued(q, e.Member, head)
	return e
}

// redeemed is the breakdown of what was asked of a wallet.
func (p *Programme) redeemed(id WalletID, r *Redemption, in *QuoteInput) []Finding {
	if !in.Sale.askOf(id).wanted() {
		return nil
	}
	var why []Finding
	if r.Points > 0 {
		w := &p.wallets[p.walletIndex(id)]
		why = append(why, w.tell(Finding{Code: ExplainRedeemed, Applied: true, Points: -r.Points, Base: r.Value}))
	}
	return append(why, r.Clamps...)
}

// stamp writes down the life of every lot drawn on, so that a return can give it back.
func stamp(moves []Movement, lots []Lot) {
	for i := range moves {
		if k := slices.IndexFunc(lots, func(l Lot) bool { return l.ID == moves[i].Lot }); k >= 0 {
			moves[i].Earned, moves[i].Expires = lots[k].Earned, lots[k].Expires
		}
	}
}

// movesOf takes the points redeemed from the lots known here, and makes the lots earned.
func movesOf(q *Quote, m *MemberState, head EntryHead) []Movement {
	var moves []Movement
	drawn := q.Drawn()
	if m.Reserved != nil {
		var spent Points
		moves, spent = m.Reserved.draw(m.ID, drawn)
		drawn -= spent
	}
	if drawn > 0 {
		most := maxDraws - len(moves)
		if q.Advance > 0 {
			most-- // one may be split
		}
		moves = append(moves, beside(drawAtMost(m.Lots, drawn, most, head.Day, spends(m), AccountRedeemed), m.ID, q.Advance)...)
	}
	at := AccountsOf(m.ID, MainWallet)
	for i, l := range q.Lots {
		moves = append(moves, Movement{From: issuedBy(l.Partner, &at, MainWallet), To: at.Main, Points: l.Points,
			Lot: lotID(head.Store, head.Epoch, head.Seq, i+1), Expires: l.Expires, Earned: head.Day, Usable: l.Usable})
	}
	if q.fromEarned > 0 {
		moves = append(moves, drawNew(moves, q.fromEarned, m.ID)...)
	}
	return append(moves, walletMoves(q, m, head, len(q.Lots))...)
}

// drawNew takes points of a reward from the lots that the same entry has just made.
func drawNew(made []Movement, points Points, member MemberID) []Movement {
	var fresh []Lot
	for _, l := range made {
		if issues(l.From) {
			fresh = append(fresh, Lot{ID: l.Lot, Remaining: l.Points, Earned: l.Earned, Expires: l.Expires})
		}
	}
	moves := draw(fresh, points, "", AccountMain(member), AccountRedeemed)
	stamp(moves, fresh)
	return moves
}

// spends is the account from which this medium pays.
func spends(m *MemberState) string {
	if m.Medium == MediumPurse {
		return AccountCard(m.ID)
	}
	return AccountMain(m.ID)
}
