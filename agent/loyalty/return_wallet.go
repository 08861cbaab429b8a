package loyalty

import "slices"

// ReturnableWallet is what a return needs to know of a wallet beside the points.
type ReturnableWallet struct {
	Wallet WalletID       `json:"wallet"`
	Earned Points         `json:"earned,omitempty"`
	Lines  []ReturnedPart `json:"lines,omitempty"` // by line of the sale; the last ones may be left out
	Lots   []LotID        `json:"lots,omitempty"`  // that the sale made
	Spent  []SpentLot     `json:"spent,omitempty"` // that the sale drew on, in the order of drawing

	Partners []PartnerPart `json:"partners,omitempty"` // of what was earned, by partners' rules
}

// ReturnedPart is one line's part in what the sale earned and spent of a wallet.
type ReturnedPart struct {
	Earned Points `json:"earned,omitempty"`
	Spent  Points `json:"spent,omitempty"`
}

// ReturnWallet is what is known today of a wallet beside the points.
type ReturnWallet struct {
	Wallet  WalletID
	Lots    []Lot
	Expired Points // of what the sale earned, that which expired unspent
}

// WalletReturn is what a return did in one wallet beside the points.
type WalletReturn struct {
	Wallet   WalletID `json:"wallet"`
	Withheld int64    `json:"withheld,omitempty"` // of the money withheld, for this wallet
	Owed     Points   `json:"owed,omitempty"`
	Taken    Points   `json:"taken,omitempty"`
	Short    Points   `json:"short,omitempty"`
	Back     Points   `json:"back,omitempty"`
	Lapsed   Points   `json:"lapsed,omitempty"`
}

// walletsOf reads the wallets of a sale's entry.
func walletsOf(e *Entry) []ReturnableWallet {
	var all []ReturnableWallet
	for _, w := range e.Sale.Wallets {
		at := AccountsOf(e.Member, w.Wallet)
		r := ReturnableWallet{Wallet: w.Wallet, Earned: w.Earned, Partners: partnersOf(e.Moves, at.Main)}
		for _, m := range e.Moves {
			switch {
			case m.To == at.Main && issues(m.From):
				r.Lots = append(r.Lots, m.Lot)
			case m.To == at.Redeemed:
				r.Spent = append(r.Spent, SpentLot{Lot: m.Lot, Points: m.Points, Earned: m.Earned, Expires: m.Expires})
			}
		}
		if e.Sale.Shares != nil {
			r.readShares(e.Sale.Shares.Wallets)
		}
		if r.Earned > 0 || len(r.Spent) > 0 {
			all = append(all, r)
		}
	}
	return all
}

func (r *ReturnableWallet) readShares(all []WalletShares) {
	for _, s := range all {
		if s.Wallet != r.Wallet {
			continue
		}
		r.Lines = make([]ReturnedPart, max(len(s.Earned), len(s.Spent)))
		for i := range r.Lines {
			r.Lines[i] = ReturnedPart{shareOf(s.Earned, i), shareOf(s.Spent, i)}
		}
	}
}

// settleWallets settles every wallet beside the points as the points are settled. Each keeps back, for what is short, of
// the money that the others left.
func (s *settlement) settleWallets(t *tally) error {
	for i := range s.in.Sale.Wallets {
		in := s.in.of(&s.in.Sale.Wallets[i])
		was, now := in.settled(), in.parts(t.after)
		w := settlement{in: &in, head: s.head, day: s.day, at: AccountsOf(in.Sale.Member, in.wallet), made: s.made,
			body: &ReturnBody{Money: s.body.Refund, Owed: max(now.owed-was.owed, 0)}}
		if err := w.settle(was, now); err != nil {
			return err
		}
		s.made, s.moves = w.made, append(s.moves, w.moves...)
		b := WalletReturn{in.wallet, w.body.Withheld, w.body.Owed, w.body.Taken, w.body.Short, w.body.Back, w.body.Lapsed}
		s.body.Refund, s.body.Withheld = s.body.Refund-b.Withheld, s.body.Withheld+b.Withheld
		s.body.Wallets = append(s.body.Wallets, b)
		for _, f := range w.body.findings() {
			if f.Code != ExplainReturnWithheld { // told once, of all wallets
				s.body.Why = append(s.body.Why, in.Policy.tell(in.wallet, f))
			}
		}
	}
	return nil
}

// of is the return as one wallet of the sale sees it: its lots, parts and lives in place of those of the points.
func (in *ReturnInput) of(w *ReturnableWallet) ReturnInput {
	out := ReturnInput{Sale: in.Sale, Policy: in.Policy, wallet: w.Wallet}
	out.Sale.Earned, out.Sale.Lots, out.Sale.Spent, out.Sale.Partners = w.Earned, w.Lots, w.Spent, w.Partners
	out.Sale.Lines = slices.Clone(in.Sale.Lines)
	for i := range out.Sale.Lines {
		l, part := &out.Sale.Lines[i], ReturnedPart{}
		if i < len(w.Lines) {
			part = w.Lines[i]
		}
		l.Earned, l.Spent = part.Earned, part.Spent
	}
	if i := slices.IndexFunc(in.Wallets, func(o ReturnWallet) bool { return o.Wallet == w.Wallet }); i >= 0 {
		out.Lots, out.Expired = in.Wallets[i].Lots, in.Wallets[i].Expired
	}
	for i := range in.Before {
		for _, b := range in.Before[i].Wallets {
			if b.Wallet == w.Wallet {
				out.Before = append(out.Before, ReturnBody{Owed: b.Owed, Taken: b.Taken, Back: b.Back, Lapsed: b.Lapsed, Withheld: b.Withheld})
			}
		}
	}
	out.Policy.life, out.Policy.points, out.Policy.value = expiry{never: true}, 0, 0
	if rule := in.Policy.wallet(w.Wallet); rule != nil {
		out.Policy.life = rule.expiry
		if rule.redeem != nil {
			out.Policy.points, out.Policy.value = rule.redeem.points, rule.redeem.value
		}
	}
	return out
}

// view is the return as a wallet of the sale sees it; of one that the sale did not use, as nobody does.
func (in *ReturnInput) view(id WalletID) ReturnInput {
	if id == MainWallet {
		return *in
	}
	for i := range in.Sale.Wallets {
		if in.Sale.Wallets[i].Wallet == id {
			return in.of(&in.Sale.Wallets[i])
		}
	}
	return ReturnInput{}
}

// wallet is a wallet of the programme whose policy it is; nil when that version does not have it.
func (p *ReturnPolicy) wallet(id WalletID) *wallet {
	if i := slices.IndexFunc(p.wallets, func(w wallet) bool { return w.id == id }); i >= 0 {
		return &p.wallets[i]
	}
	return nil
}

func (p *ReturnPolicy) tell(id WalletID, f Finding) Finding {
	if w := p.wallet(id); w != nil {
		return w.tell(f)
	}
	f.Wallet = id
	return f
}

// valid holds the figures of a wallet to what a sale can have.
func (r *ReturnableWallet) valid(lines int) bool {
	bad := func(n Points) bool { return n < 0 || n > maxPoints }
	return validPartners(r.Partners, r.Earned) && len(r.Lines) <= lines && len(r.Spent) <= maxWalletDraws+1 && len(r.Lots) <= maxIssued && !bad(r.Earned) &&
		!slices.ContainsFunc(r.Spent, func(l SpentLot) bool { return l.Points < 1 || bad(l.Points) }) &&
		!slices.ContainsFunc(r.Lines, func(l ReturnedPart) bool { return bad(l.Earned) || bad(l.Spent) })
}
