package loyalty

import (
	"fmt"
	"slices"
)

// AddPayment adds what a later payment of the sale earned: it is taken back with the goods, as what the sale earned is.
func (r *Returnable) AddPayment(e *Entry) error {
	b := e.Payment
	if e.Kind != KindPayment || b == nil || b.Store != r.Store || b.Epoch != r.Epoch || b.Seq != r.Seq {
		return fmt.Errorf("read entry %d for a return: it is no payment of sale %d-%d-%d", e.Seq, r.Store, r.Epoch, r.Seq)
	}
	sale := SaleBody{Wallets: b.Wallets, Shares: b.Shares}
	paid := *e
	paid.Sale = &sale
	shares := b.Shares
	if shares == nil {
		shares = &Shares{}
	}
	main := AccountMain(e.Member)
	r.Earned += b.Earned
	if len(b.Back) > 0 {
		r.addLater(b, shares)
		sale.Shares = nil
	} else {
		for i := range r.Lines {
			r.Lines[i].Earned += shareOf(shares.Earned, i)
		}
	}
	for _, m := range e.Moves {
		if m.To == main && issues(m.From) {
			r.Lots = append(r.Lots, m.Lot)
		}
	}
	r.Partners = addPartners(r.Partners, partnersOf(e.Moves, main))
	for _, w := range walletsOf(&paid) {
		r.addWallet(w)
	}
	return r.check()
}

// addLater keeps what a payment gave on goods of which others had come back.
func (r *Returnable) addLater(b *PaymentBody, shares *Shares) {
	r.later = append(slices.Clip(r.later), laterPart{MainWallet, b.Earned, shares.Earned, b.Back})
	for _, w := range b.Wallets {
		later := laterPart{wallet: w.Wallet, earned: w.Earned, back: b.Back}
		for _, s := range shares.Wallets {
			if s.Wallet == w.Wallet {
				later.lines = s.Earned
			}
		}
		r.later = append(r.later, later)
	}
}

func (r *Returnable) addWallet(w ReturnableWallet) {
	for i := range r.Wallets {
		o := &r.Wallets[i]
		if o.Wallet != w.Wallet {
			continue
		}
		o.Earned += w.Earned
		o.Lots = append(o.Lots, w.Lots...)
		o.Partners = addPartners(o.Partners, w.Partners)
		for len(o.Lines) < len(w.Lines) {
			o.Lines = append(o.Lines, ReturnedPart{})
		}
		for k, l := range w.Lines {
			o.Lines[k].Earned += l.Earned
		}
		return
	}
	r.Wallets = append(r.Wallets, w)
}
