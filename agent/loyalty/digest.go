package loyalty

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// digestOf names what a quote promised: programme, store, day, member, basket and every figure of the outcome. The moment,
// the lane, what is available, and tenders that change no figure are not in it, so that the bill can be paid after it was
// quoted without being quoted again.
func digestOf(in *QuoteInput, q *Quote) string {
	d := digester{buf: make([]byte, 0, 512+128*len(in.Sale.Lines))}
	d.text("quote 1")
	d.text(q.Programme)
	d.text(in.Place.Day)
	d.ints(int64(in.Place.Store))
	if m := in.Member; m != nil {
		d.ints(int64(m.ID))
		d.text(m.Tier)
		d.text(string(m.Medium))
	} else {
		d.ints(0)
	}
	d.ask(in.Sale.Redeem)
	d.lines(in.Sale.Lines)
	d.ints(in.Sale.Rounding, q.Total, int64(q.Redeem.Points), q.Redeem.Value, q.ToPay, int64(q.Earned), int64(len(q.Lots)))
	for _, l := range q.Lots {
		d.ints(int64(l.Points))
		d.text(l.Expires)
	}
	for i := range q.Why {
		if f := &q.Why[i]; f.Applied {
			d.text(f.Rule)
			d.text(f.Code)
			d.ints(int64(f.Points))
		}
	}
	d.more(in, q)
	sum := sha256.Sum256(d.buf)
	return hex.EncodeToString(sum[:])
}

// more is what not every quote has. Each part begins with its own label and is left out when it would be empty, so that the
// names of quotes without it stay as they were.
func (d *digester) more(in *QuoteInput, q *Quote) {
	if len(in.Sale.Shown)+len(in.Sale.Rewards)+len(q.Reductions) > 0 {
		d.offers(in, q)
	}
	d.terms(in.Sale.Shown)
	for _, i := range q.Issues {
		d.text("issue 1")
		d.text(i.Rule)
		d.text(i.Coupon)
		d.ints(i.Count)
		d.text(i.Source)
	}
	for i, a := range in.Sale.Rewards {
		if a.Points > 0 {
			d.text("reward points 1")
			d.ints(int64(i), int64(a.Points))
		}
	}
	for i, l := range q.Lots {
		if l.Usable != "" {
			d.text("usable 1")
			d.ints(int64(i))
			d.text(l.Usable)
		}
	}
	if len(q.Occasions) > 0 {
		d.text("occasions 1")
		d.ints(int64(len(q.Occasions)))
		for _, key := range q.Occasions {
			d.text(key)
		}
	}
	d.giftCards(in, q)
	d.stamps(q.Stamps)
	if len(q.personal) > 0 {
		d.text("personal 1")
		d.ints(int64(len(q.personal)))
		for _, sku := range q.personal {
			d.text(sku)
		}
	}
	if m := in.Member; m != nil && m.Reserved != nil {
		r := m.Reserved
		d.text("reserved 1")
		d.ints(int64(r.Store), int64(r.Epoch), int64(r.Seq), int64(r.Points))
	}
	if q.Advance > 0 {
		d.text("advance 1")
		d.ints(int64(q.Advance))
	}
	d.wallets(in, q)
	d.campaigns(q.Campaigns)
	if t := q.Tier; t != nil && t.Counted != t.Held {
		d.text("tier 1")
		d.text(t.Counted)
	}
}

func (d *digester) ask(a *Ask) {
	switch {
	case a == nil:
		d.ints(0)
	case a.All:
		d.ints(-1)
	case a.Rest:
		d.ints(-2)
	default:
		d.ints(int64(a.Points))
	}
}

func (d *digester) offers(in *QuoteInput, q *Quote) {
	d.text("offers 1")
	d.ints(int64(len(in.Sale.Shown)))
	for _, c := range in.Sale.Shown {
		d.text(c.Coupon)
		d.text(c.Serial)
		d.text(c.ValidFrom)
		d.text(c.ValidTo)
	}
	d.ints(int64(len(in.Sale.Rewards)))
	for _, a := range in.Sale.Rewards {
		d.text(a.Reward)
		d.ints(a.Times, a.Units)
	}
	d.ints(int64(q.RewardPoints), int64(len(q.Reductions)))
	for _, r := range q.Reductions {
		d.text(r.Rule)
		d.text(r.Serial)
		d.ints(r.Amount, int64(r.Points))
	}
}

// terms is what else stands on coupons. How often one was used is not in it: a coupon that still may be used is quoted well.
func (d *digester) terms(shown []ShownCoupon) {
	for i := range shown {
		c := &shown[i]
		if c.Value == 0 && c.Currency == "" && c.Uses == 0 && c.Member == 0 && len(c.Stores) == 0 && c.Source == "" {
			continue
		}
		d.text("coupon 1")
		d.ints(int64(i), c.Value, c.Uses, int64(c.Member), int64(len(c.Stores)))
		for _, s := range c.Stores {
			d.ints(int64(s))
		}
		d.text(c.Currency)
		d.text(c.Source)
	}
}

// digester writes fields so that no two rows of fields give the same bytes: texts by length, integers as varints.
type digester struct{ buf []byte }

func (d *digester) text(s string) {
	d.buf = binary.AppendUvarint(d.buf, uint64(len(s)))
	d.buf = append(d.buf, s...)
}

func (d *digester) ints(ns ...int64) {
	for _, n := range ns {
		d.buf = binary.AppendVarint(d.buf, n)
	}
}

func (d *digester) lines(lines []Line) {
	d.ints(int64(len(lines)))
	for i := range lines {
		l := &lines[i]
		d.text(l.SKU)
		d.text(l.Name)
		d.text(l.Category)
		d.text(l.Brand)
		d.ints(int64(len(l.Labels)))
		for _, t := range l.Labels {
			d.text(t)
		}
		d.ints(l.Quantity, l.Amount, l.Discount, l.Tax)
	}
}
