package loyalty

import (
	"fmt"
	"strings"
)

// RequoteReturn judges an uploaded return again from the sale that it names, and compares what follows from the sale and
// the returns before alone: goods, money, points owed and spent points. Which lots the points came from, and how many were
// there to be taken, is what the store saw; of that only the sums are held against each other.
func RequoteReturn(e *Entry, in ReturnInput) (Entry, []Difference, error) {
	if e.Kind != KindReturn || e.Return == nil {
		return Entry{}, nil, fmt.Errorf("requote entry %d: kind %q is no return", e.Seq, e.Kind)
	}
	b := e.Return
	if b.Store != in.Sale.Store || b.Epoch != in.Sale.Epoch || b.Seq != in.Sale.Seq {
		return Entry{}, nil, fmt.Errorf("requote entry %d: it returns sale %d-%d-%d", e.Seq, b.Store, b.Epoch, b.Seq)
	}
	if b.Programme != in.Policy.Programme {
		return Entry{}, nil, fmt.Errorf("requote entry %d: it names programme %.12s, this is %.12s", e.Seq, b.Programme, in.Policy.Programme)
	}
	if !b.Repriced {
		in.Terms = nil // the store did not have them
	}
	in.Lines, in.All, in.Token, in.GiftCards = b.Lines, false, b.Token, b.GiftCards
	head := headOf(e)
	ours, err := Return(in, head)
	if err != nil {
		return Entry{}, nil, fmt.Errorf("requote entry %d: %w", e.Seq, err)
	}
	o, c := ours.Return, comparison{}
	c.text("currency", b.Currency, o.Currency)
	c.figure("member", int64(e.Member), int64(ours.Member))
	c.figure("ref", int64(e.Ref), int64(ours.Ref))
	c.figure("money", b.Money, o.Money)
	c.figure("refund", b.Refund, b.Money-b.Withheld)
	c.figure("owed", int64(b.Owed), int64(o.Owed))
	c.figure("back", int64(b.Back+b.Lapsed), int64(o.Back+o.Lapsed))
	c.figure("taken and short", int64(b.Taken+b.Short), int64(o.Taken+o.Short))
	if in.Policy.Shortage != ShortageWithhold {
		c.figure("withheld", b.Withheld, 0)
	}
	c.walletReturns(b.Wallets, o.Wallets)
	if b.Repriced && !o.Repriced {
		c.text("repriced", "yes", "no")
	}
	c.text("coupons", serials(b.Coupons), serials(o.Coupons))
	c.stampReturns(b.Stamps, o.Stamps)
	c.returned(e, &in, append(giftCardMovesBack(&in, b, ours.Day), stampMovesBack(b.Stamps, e.Member)...))
	return ours, c.found, nil
}

func serials(coupons []CouponBack) string {
	list := make([]string, len(coupons))
	for i, c := range coupons {
		list[i] = c.Serial
	}
	return strings.Join(list, ",")
}

// returned holds the movements of a return against its figures.
func (c *comparison) returned(e *Entry, in *ReturnInput, others []Movement) {
	b := e.Return
	sums := map[Movement]Points{}
	for i, m := range e.Moves {
		c.positive(i, m)
		sums[Movement{From: m.From, To: m.To}] += m.Points
	}
	want := others
	for _, w := range append([]WalletReturn{{Taken: b.Taken, Back: b.Back, Lapsed: b.Lapsed}}, b.Wallets...) {
		at, view := AccountsOf(e.Member, w.Wallet), in.view(w.Wallet)
		for _, p := range view.toPartners(w.Taken) {
			want = append(want, Movement{From: at.Main, To: AccountPartner(p.Partner, w.Wallet), Points: p.Points})
			w.Taken -= p.Points
		}
		want = append(want, Movement{From: at.Main, To: at.Issued, Points: w.Taken},
			Movement{From: at.Redeemed, To: at.Main, Points: w.Back}, Movement{From: at.Redeemed, To: at.Expired, Points: w.Lapsed})
	}
	for _, m := range want {
		pair := Movement{From: m.From, To: m.To}
		c.figure("moves "+m.From+" -> "+m.To, int64(sums[pair]), int64(m.Points))
		delete(sums, pair)
	}
	c.figure("moves of other accounts", int64(len(sums)), 0)
}

// walletReturns compares what follows from the sale alone, as for the points.
func (c *comparison) walletReturns(s, o []WalletReturn) {
	c.figure("wallets", int64(len(s)), int64(len(o)))
	for i := range min(len(s), len(o)) {
		at := fmt.Sprintf("wallets[%d].", i)
		c.text(at+"wallet", string(s[i].Wallet), string(o[i].Wallet))
		c.figure(at+"owed", int64(s[i].Owed), int64(o[i].Owed))
		c.figure(at+"back", int64(s[i].Back+s[i].Lapsed), int64(o[i].Back+o[i].Lapsed))
		c.figure(at+"taken and short", int64(s[i].Taken+s[i].Short), int64(o[i].Taken+o[i].Short))
	}
}

func (c *comparison) positive(i int, m Movement) {
	if m.Points <= 0 {
		c.figure(fmt.Sprintf("moves[%d].points", i), int64(m.Points), 0)
	}
}
