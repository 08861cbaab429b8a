package loyalty

import "fmt"

// checkWallets validates what is asked of wallets and told of them.
func (p *Programme) checkWallets(in *QuoteInput) error {
	if c := in.Sale.Currency; c != "" && c != p.Currency() {
		return &SaleError{"currency", SaleCurrency}
	}
	once := func(ids []WalletID, at string, known func(WalletID) bool) error {
		seen := map[WalletID]bool{MainWallet: true} // the points are told and asked elsewhere
		for i, id := range ids {
			if seen[id] || !known(id) {
				return &SaleError{fmt.Sprintf("%s[%d].wallet", at, i), SaleWallet}
			}
			seen[id] = true
		}
		return nil
	}
	asked := make([]WalletID, len(in.Sale.Wallets))
	for i := range in.Sale.Wallets {
		if asked[i] = in.Sale.Wallets[i].Wallet; !in.Sale.Wallets[i].valid() {
			return &SaleError{fmt.Sprintf("wallets[%d]", i), SaleRange}
		}
	}
	if err := once(asked, "wallets", func(id WalletID) bool { return p.walletIndex(id) >= 0 }); err != nil || in.Member == nil {
		return err
	}
	told := make([]WalletID, len(in.Member.Wallets))
	for i := range in.Member.Wallets {
		w := &in.Member.Wallets[i]
		if told[i] = w.Wallet; max(w.Available, -w.Available) > maxPoints || max(w.Balance, -w.Balance) > maxStanding {
			return &SaleError{fmt.Sprintf("member.wallets[%d]", i), SaleRange}
		}
	}
	return once(told, "member.wallets", func(WalletID) bool { return true }) // one may be left from an older version
}

// wallets is what the sale does in every wallet beside the points that this store knows.
func (e *earning) wallets() []WalletQuote {
	var all []WalletQuote
	for i := range e.purses[1:] {
		u, lots := &e.purses[i+1], e.lots[i+1]
		if q := (WalletQuote{Wallet: u.id, Money: u.money, Redeem: u.Redemption, Earned: e.earned[i+1], EarnedExpires: soonest(lots), Lots: lots}); u.here(e.at.store) || q.used(&e.in.Sale) {
			all = append(all, q)
		}
	}
	return all
}

// body is the wallets as an entry holds them: those that the sale used, and those of which a cap was told.
func (q *Quote) walletBodies(in *QuoteInput) []WalletBody {
	var all []WalletBody
	for i := range q.Wallets {
		w := &q.Wallets[i]
		b := WalletBody{Wallet: w.Wallet, Asked: in.Sale.askOf(w.Wallet), Redeemed: w.Redeem.Points, Value: w.Redeem.Value, Earned: w.Earned}
		if m := in.Member; m != nil {
			b.Available, b.Held = m.wallet(w.Wallet).Available, m.wallet(w.Wallet).Balance
		}
		if w.used(&in.Sale) || b.Held != 0 {
			all = append(all, b)
		}
	}
	return all
}

// walletMoves takes what wallets pay from their lots, and makes the lots earned in them; made is the lots that the entry
// makes before.
func walletMoves(q *Quote, m *MemberState, head EntryHead, made int) []Movement {
	var moves []Movement
	for i := range q.Wallets {
		w := &q.Wallets[i]
		to := AccountsOf(m.ID, w.Wallet)
		if w.Redeem.Points > 0 {
			state := m.wallet(w.Wallet)
			drawn := drawAtMost(state.Lots, w.Redeem.Points, maxWalletDraws, head.Day, to.Main, to.Redeemed)
			stamp(drawn, state.Lots)
			moves = append(moves, drawn...)
		}
		for _, l := range w.Lots {
			made++
			moves = append(moves, Movement{From: issuedBy(l.Partner, &to, w.Wallet), To: to.Main, Points: l.Points,
				Lot: lotID(head.Store, head.Epoch, head.Seq, made), Expires: l.Expires, Earned: head.Day, Usable: l.Usable})
		}
	}
	return moves
}

// walletBytes is at least what JSON takes for the wallets, their movements and their limits.
func (q *Quote) walletBytes(in *QuoteInput) int {
	const body, movement, finding, named = 240, 250, 160, 13 // without the wallet's id
	n := 0
	for i := range q.Wallets {
		w := &q.Wallets[i]
		id := len(w.Wallet)
		n += body + id + (movement+2*id)*len(w.Lots)
		if in.Sale.askOf(w.Wallet).wanted() {
			n += (finding + id) * (len(w.Redeem.Clamps) + 1)
		}
		if in.Member != nil && w.Redeem.Points > 0 {
			n += (movement + 2*id) * (1 + min(maxWalletDraws, len(in.Member.wallet(w.Wallet).Lots)))
		}
	}
	for i := range q.Why {
		if id := len(q.Why[i].Wallet); id > 0 {
			n += named + id
		}
	}
	return n
}

func (d *digester) wallets(in *QuoteInput, q *Quote) {
	for i := range q.Wallets {
		w := &q.Wallets[i]
		if !w.used(&in.Sale) {
			continue
		}
		d.text("wallet 1")
		d.text(string(w.Wallet))
		d.ask(in.Sale.askOf(w.Wallet))
		d.ints(int64(w.Redeem.Points), w.Redeem.Value, int64(w.Earned), int64(len(w.Lots)))
		for _, l := range w.Lots {
			d.ints(int64(l.Points))
			d.text(l.Expires)
			d.text(l.Usable)
		}
	}
}
