package loyalty

import (
	"errors"
	"fmt"
	"slices"
)

// Terms are those on which a sale was made: the version that judged it, and its entry. With them the goods that a customer
// keeps can be priced again when others come back.
type Terms struct {
	p    *Programme
	sale *Entry
}

// Terms gives the terms of a sale that this version judged.
func (p *Programme) Terms(sale *Entry) (*Terms, error) {
	if sale.Kind != KindSale || sale.Sale == nil || sale.Sale.Programme != p.digest {
		return nil, fmt.Errorf("terms of entry %d: no sale of programme %.12s", sale.Seq, p.digest)
	}
	return &Terms{p, sale}, nil
}

// kept is what the customer would have paid for the goods kept alone, and the coupons that still have an effect on them,
// before points and rewards: these stay with their lines.
func (t *Terms) kept(back []int64) (price int64, coupons []string, err error) {
	in := inputOf(t.sale)
	in.Sale.Lines, in.Sale.Shown = keptLines(in.Sale.Lines, back), t.sale.Sale.used()
	in.Sale.Redeem, in.Sale.Wallets, in.Sale.Rewards, in.Sale.Rounding = nil, nil, nil, 0
	if in.Member != nil {
		in.Member.Reserved, in.Member.Stamps = nil, t.p.noStamps()
	}
	in.GiftCards = slices.Clone(in.GiftCards)
	for i := range in.GiftCards { // what they took off stays with the goods, as what points paid does
		in.GiftCards[i].Off = 0
	}
	in.Sale.Tenders = nil
	for _, tender := range t.sale.Sale.Tenders { // their kinds may be a condition, their sum is another one
		if tender.Serial == "" {
			in.Sale.Tenders = append(in.Sale.Tenders, Tender{Kind: tender.Kind, Amount: 1})
		}
	}
	q, err := t.p.Quote(in)
	var bad *SaleError
	if errors.As(err, &bad) && bad.Code == SaleOverpaid {
		in.Sale.Tenders = nil
		q, err = t.p.Quote(in)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("price what is kept of entry %d: %w", t.sale.Seq, err)
	}
	for _, r := range q.Reductions {
		if r.Serial != "" {
			coupons = append(coupons, r.Serial)
		}
	}
	return q.ToPay, coupons, nil
}

// stillPaid is what points, other wallets and gift cards that lowered the price still pay of the goods kept: in proportion to
// what was spent on them, or where that was no points to the goods.
func (in *ReturnInput) stillPaid(back []int64) int64 {
	s, main := in.Terms.sale.Sale, in.Sale.spent()
	part := func(value, gone, whole int64) int64 {
		if whole == 0 {
			return 0
		}
		f, _ := mulDiv(value, gone, whole) // gone <= whole: within range
		return value - f.whole
	}
	byPoints, byGoods := s.Value, int64(0)
	for _, r := range s.Reductions {
		switch {
		case in.Terms.p.rewardIndex(r.Rule) >= 0 && main > 0:
			byPoints += r.Amount
		case !in.Terms.p.judgesAlone(r.Rule):
			byGoods += r.Amount
		}
	}
	left := part(byPoints, int64(in.parts(back).spent), int64(main)) + part(byGoods, in.Terms.listed(back), sumOf(s.Lines))
	for i := range in.Sale.Wallets {
		w := in.of(&in.Sale.Wallets[i])
		k := slices.IndexFunc(s.Wallets, func(b WalletBody) bool { return b.Wallet == w.wallet })
		left += part(s.Wallets[k].Value, int64(w.parts(back).spent), int64(w.Sale.spent()))
	}
	return left
}

// judgesAlone says whether a reduction follows from the goods and the coupons shown: neither a reward nor a gift card.
func (p *Programme) judgesAlone(rule string) bool {
	return p.couponIndex(rule) >= 0 || slices.ContainsFunc(p.discounts, func(d reduction) bool { return d.id == rule })
}

func sumOf(lines []Line) int64 {
	total := int64(0)
	for i := range lines {
		total += lines[i].Amount
	}
	return total
}

// used is the coupons shown that had an effect.
func (s *SaleBody) used() []ShownCoupon {
	var used []ShownCoupon
	for _, c := range s.Shown {
		if slices.ContainsFunc(s.Reductions, func(r Reduction) bool { return r.Serial == c.Serial }) {
			used = append(used, c)
		}
	}
	return used
}

// keptLines is the lines with what has come back taken off; the odd minor unit stays with what is kept.
func keptLines(lines []Line, back []int64) []Line {
	var kept []Line
	for i, l := range lines {
		left := l.Quantity - back[i]
		if left == 0 {
			continue
		}
		for _, amount := range []*int64{&l.Amount, &l.Discount} {
			part, _ := mulDiv(*amount, back[i], l.Quantity) // back <= quantity: within range
			*amount -= part.whole
		}
		l.Quantity = left
		kept = append(kept, l)
	}
	return kept
}

// listed is what the goods that came back cost before the programme took anything off: no more is refunded for them.
func (t *Terms) listed(back []int64) int64 {
	total := int64(0)
	for i, l := range t.sale.Sale.Lines {
		part, _ := mulDiv(l.Amount, back[i], l.Quantity)
		total += part.whole
	}
	return total
}
